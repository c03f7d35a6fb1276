import type { Clock, HealthCheck, ScheduledCall } from '@reprise/core';
import { isoTime } from '../output/text.ts';
import type { Answer } from './liveness.ts';

/** How often the parts are asked, in ms: an answer is this old at most, and 2 s more while a store does not answer. */
const EVERY_MS = 500;
/** Of a text in an answer. */
const MOST_CHARS = 300;

interface Known {
  readonly ok: boolean;
  readonly detail: string;
  /** Since when it is as it is, in ms since the Unix epoch. */
  readonly since: number;
}

export interface ReadinessParts {
  readonly look: () => Promise<readonly HealthCheck[]> | readonly HealthCheck[];
  readonly clock: Clock;
}

/** Whether this process is to be given work: what its parts said last, and since when they say so. Who asks often costs the store nothing. */
export class Readiness {
  readonly #parts: ReadinessParts;
  readonly #known = new Map<string, Known>();
  #next: ScheduledCall | undefined;
  #closed = false;

  constructor(parts: ReadinessParts) {
    this.#parts = parts;
    this.#note({ name: 'start', ok: false, detail: 'starting' });
    void this.#watch();
  }

  /** The process has started: from the next look on it is ready when its parts are. */
  async started(): Promise<void> {
    await this.#look();
    this.#note({ name: 'start', ok: true, detail: 'started' });
  }

  /** From now on it is not ready, whatever its parts say. */
  drain(): void {
    this.#note({ name: 'draining', ok: false, detail: 'stops: takes nothing new' });
  }

  answer(): Answer {
    const checks = [...this.#known].map(([name, { ok, detail, since }]) => ({
      name,
      ok,
      since: isoTime(since),
      detail: detail.slice(0, MOST_CHARS),
    }));
    const ok = checks.every((check) => check.ok);
    return { ok, body: { status: ok ? 'ready' : 'not-ready', checks } };
  }

  close(): void {
    this.#closed = true;
    this.#next?.cancel();
  }

  #note({ name, ok, detail }: { readonly name: string; readonly ok: boolean; readonly detail: string }): void {
    const before = this.#known.get(name);
    // A drain is not taken back.
    if (name === 'draining' && before?.ok === false) return;
    this.#known.set(name, { ok, detail, since: before?.ok === ok ? before.since : this.#parts.clock.now() });
  }

  async #watch(): Promise<void> {
    await this.#look();
    if (this.#closed) return;
    this.#next = this.#parts.clock.schedule(EVERY_MS, () => void this.#watch());
  }

  /** Does not reject. */
  async #look(): Promise<void> {
    try {
      for (const check of await this.#parts.look()) this.#note(check);
      if (this.#known.has('look')) this.#note({ name: 'look', ok: true, detail: 'the parts answer' });
    } catch (error) {
      this.#note({ name: 'look', ok: false, detail: String(error) });
    }
  }
}
