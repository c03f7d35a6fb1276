import type { StoreOwnership } from '../../event-store/storage.ts';
import type { Clock } from '../../shared/clock.ts';

/** `driver`: this process carries runs out. `client`: another one does; commands given here reach it through the store. */
export type Role = 'driver' | 'client';

export interface DriverElectionParts {
  /** Undefined: nobody else can drive. */
  readonly ownership: StoreOwnership | undefined;
  readonly clock: Clock;
  /** Begins to drive. When it rejects, it has not begun, and may be tried again. */
  drive(): Promise<unknown>;
  /** This process could not take the driving over, and tries again. */
  failed(error: unknown): void;
}

/** How often a process that waits for the store's owner to end looks whether it has, in ms. */
const POLL_MS = 250;

/**
 * Which process drives the runs of a store: the one that owns it.
 *
 *   new ──begin()──► client ──the store is free, drive()──► driver
 *                      └──stop()──► stopped ◄──stop()────────┘
 */
export class DriverElection {
  readonly #parts: DriverElectionParts;
  #role: Role | 'stopped' | 'new' = 'new';
  #takeover: Promise<void> | undefined;
  #release: (() => Promise<void>) | undefined;

  constructor(parts: DriverElectionParts) {
    this.#parts = parts;
  }

  get role(): Role | 'stopped' | 'new' {
    return this.#role;
  }

  begin(): void {
    this.#role = 'client';
  }

  /** Drives, if nobody else does; else as soon as nobody does any more. Rejects when driving cannot begin. */
  async stand(): Promise<void> {
    if (!(await this.#tryToDrive())) this.#wait();
  }

  stop(): void {
    this.#role = 'stopped';
  }

  /** A takeover that is under way, when there is one. Does not reject. */
  get takeover(): Promise<void> | undefined {
    return this.#takeover;
  }

  /** Gives the store to whoever wants it. */
  release(): Promise<void> | undefined {
    return this.#release?.();
  }

  /** False when another process owns the store. When it rejects, this process owns it no more. */
  async #tryToDrive(): Promise<boolean> {
    const { ownership } = this.#parts;
    const release = await ownership?.acquire();
    if (ownership !== undefined && release === undefined) return false;
    if (this.#role !== 'client') {
      // Stopped meanwhile.
      await release?.();
      return true;
    }
    this.#release = release;
    this.#role = 'driver';
    try {
      await this.#parts.drive();
    } catch (error) {
      if (this.role === 'driver') this.#role = 'client';
      this.#release = undefined;
      await release?.();
      throw error;
    }
    return true;
  }

  #wait(): void {
    this.#parts.clock.schedule(POLL_MS, () => {
      if (this.#role === 'client') this.#takeover = this.#takeOver();
    });
  }

  /** Does not reject: what keeps this process from driving now may be gone at the next try. */
  async #takeOver(): Promise<void> {
    try {
      if (await this.#tryToDrive()) return;
    } catch (error) {
      this.#parts.failed(error);
    }
    if (this.#role === 'client') this.#wait();
  }
}
