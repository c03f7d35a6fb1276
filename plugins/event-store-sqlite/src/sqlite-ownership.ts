import {
  type DriverSign,
  type Ownership,
  type OwnershipChange,
  OwnershipListeners,
  type ScheduledCall,
  systemClock,
} from '@reprise/core/plugin';
import { LifeSign, readSign } from './driver-sign.ts';
import { isOwned } from './owner-probe.ts';
import { translated } from './store-error.ts';

/** How often a process that waits for the lock looks whether it is free, in ms. */
const POLL_MS = 250;

type Release = () => void;

/**
 * Ownership of all runs of a store, or of none: whoever has the lock has them.
 *
 *   idle ──start()──► waiting ──the lock is free──► owning ──lose()──► lost
 *    ▲                   │ stop()                     │ stop()
 *    └───────────────────┴────────────────────────────┘
 *
 * A lock that cannot even be asked for is asked for again, and that is told; a start() that meets it rejects.
 */
export class SqliteOwnership implements Ownership {
  readonly #path: string;
  readonly #acquire: () => Promise<Release | undefined>;
  readonly #sign: LifeSign;
  readonly #listeners = new OwnershipListeners();
  #competing = false;
  #owns = false;
  #release: Release | undefined;
  #attempt: Promise<void> | undefined;
  #poll: ScheduledCall | undefined;
  /** What the last try failed with, so that it is told once. */
  #trouble: string | undefined;

  /** `acquire` resolves to a release function; undefined when another process has the lock. */
  constructor(path: string, acquire: () => Promise<Release | undefined>) {
    this.#path = path;
    this.#acquire = acquire;
    this.#sign = new LifeSign(path);
  }

  async start(): Promise<void> {
    if (this.#competing) return;
    this.#competing = true;
    try {
      await this.#attempt?.catch(() => undefined); // of a start() that was stopped, and was told
      if (this.#competing && !this.#owns) await this.#try();
    } catch (error) {
      this.#competing = false;
      throw error;
    }
    if (this.#competing && !this.#owns) this.#tryLater();
  }

  owns(): boolean {
    return this.#owns;
  }

  onChange(listener: (change: OwnershipChange) => void): () => void {
    return this.#listeners.add(listener);
  }

  drain(): void {
    this.#sign.drain();
  }

  /** Competes no longer, and keeps what it has. */
  withdraw(): void {
    this.#competing = false;
    this.#poll?.cancel();
  }

  async stop(): Promise<void> {
    this.withdraw();
    const owned = this.#owns;
    this.#owns = false;
    await this.#attempt?.catch(() => undefined); // its start() was told
    this.#sign.end();
    this.#release?.();
    this.#release = undefined;
    if (owned) this.#listeners.tell({ gained: false, lost: true });
  }

  /** The store, or its lock, is another's now. */
  lose(): void {
    this.withdraw();
    this.#sign.leave();
    this.#release = undefined;
    if (!this.#owns) return;
    this.#owns = false;
    this.#listeners.tell({ gained: false, lost: true });
  }

  async drivers(): Promise<readonly DriverSign[]> {
    return driversOf(this.#path);
  }

  #try(): Promise<void> {
    this.#attempt = this.#tryOnce().finally(() => {
      this.#attempt = undefined;
    });
    return this.#attempt;
  }

  async #tryOnce(): Promise<void> {
    const release = await this.#acquire();
    if (release === undefined) return;
    this.#release = release;
    if (!this.#competing) return; // stop() waits for this, and gives it back
    this.#sign.begin();
    this.#owns = true;
    this.#listeners.tell({ gained: true, lost: false });
  }

  #tryLater(): void {
    this.#poll = systemClock.schedule(POLL_MS, () => {
      void this.#tryAgain();
    });
  }

  /** Does not reject. */
  async #tryAgain(): Promise<void> {
    try {
      await this.#try();
      this.#trouble = undefined;
    } catch (error) {
      const trouble = String(error);
      if (trouble !== this.#trouble && this.#competing) this.#listeners.tell({ gained: false, lost: false, error });
      this.#trouble = trouble;
    }
    if (this.#competing && !this.#owns) this.#tryLater();
  }
}

/** Whoever only reads owns nothing and takes part in nothing, but can tell who drives. */
export const readersOwnership = (path: string): Ownership => ({
  start: async () => undefined,
  owns: () => false,
  onChange: () => () => undefined,
  stop: async () => undefined,
  drivers: async () => driversOf(path),
});

const driversOf = (path: string): readonly DriverSign[] =>
  translated(path, () => (isOwned(path) ? [readSign(path)] : []));
