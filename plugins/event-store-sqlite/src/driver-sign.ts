import { readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { type DriverSign, type ScheduledCall, systemClock } from '@reprise/core/plugin';

/** How often a driver shows a sign of life, in ms. */
const SIGN_MS = 1000;

export const signPath = (storePath: string): string => `${storePath}-driver`;

/**
 * The sign of life of the process that owns a store: a file beside it which says who that is, and whose time of change is renewed every
 * second, from the main loop. It is no lock and nothing is decided by it; a process that ends badly leaves it behind.
 *
 *   none ──begin()──► shown ──end()──► none
 *                       └──leave()──► left as it is: it may be another's by now
 */
export class LifeSign {
  readonly #path: string;
  #call: ScheduledCall | undefined;
  #since = 0;

  constructor(storePath: string) {
    this.#path = signPath(storePath);
  }

  begin(): void {
    this.#since = systemClock.now();
    this.#write({});
  }

  /** It says from now on that its process begins nothing new. */
  drain(): void {
    if (this.#call === undefined) return;
    this.#call.cancel();
    this.#write({ draining: true });
  }

  #write(more: Pick<DriverSign, 'draining'>): void {
    const text = JSON.stringify({ pid: process.pid, host: hostname(), since: this.#since, ...more });
    this.#show(() => writeFileSync(this.#path, text));
    this.#renewLater(text);
  }

  end(): void {
    if (this.#call === undefined) return;
    this.leave();
    try {
      rmSync(this.#path, { force: true });
    } catch {
      // What cannot be removed grows old by itself, and says nothing of a store that nobody owns.
    }
  }

  leave(): void {
    this.#call?.cancel();
    this.#call = undefined;
  }

  #renewLater(text: string): void {
    this.#call = systemClock.schedule(SIGN_MS, () => {
      this.#show(() => {
        const now = systemClock.now() / 1000;
        if (isThere(this.#path)) utimesSync(this.#path, now, now);
        else writeFileSync(this.#path, text);
      });
      this.#renewLater(text);
    });
  }

  /** One that cannot be renewed would be taken for that of a process that is stuck: none at all says nothing. */
  #show(write: () => void): void {
    try {
      write();
    } catch {
      try {
        rmSync(this.#path, { force: true });
      } catch {
        // Nor can it be removed: the folder cannot be written at all, and the store says so by itself.
      }
    }
  }
}

/** The sign beside a store that somebody owns; without members when there is none that can be read. */
export function readSign(storePath: string): DriverSign {
  const path = signPath(storePath);
  try {
    const { mtimeMs } = statSync(path);
    const { pid, host, since, draining } = JSON.parse(readFileSync(path, 'utf8')) as {
      readonly [key: string]: unknown;
    };
    if (!Number.isSafeInteger(pid) || typeof host !== 'string' || typeof since !== 'number') return {};
    const silentMs = Math.max(0, systemClock.now() - mtimeMs);
    return { pid: pid as number, host, since, silentMs, ...(draining === true ? { draining } : {}) };
  } catch {
    return {}; // Of an older build, or just being written.
  }
}

const isThere = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;
