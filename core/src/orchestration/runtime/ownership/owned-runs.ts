import type { Ownership, OwnershipChange } from '../../../event-store/ownership.ts';
import type { Clock } from '../../../shared/clock.ts';

/** After how long open runs are looked for again that could not be found, in ms. */
const AGAIN_MS = 1000;

export interface OwnedRunsParts {
  readonly clock: Clock;
  readonly ownership: Pick<Ownership, 'owns'>;
  /** Sets the open runs moving that `takes` says are to be taken up. Resolves to how many there were. */
  recover(takes: (runId: string) => boolean): Promise<number>;
  /** Nothing that is known of the run here holds any more. */
  letGo(runId: string): void;
  failed(error: unknown): void;
}

/**
 * The open runs that this process drives. One that falls to it is taken up: read, and what is outstanding derived. One that falls to another
 * process is let go of: nothing more is decided for it here, and what is under way is that process's to judge.
 *
 *   elsewhere ──gained, takeUp()──► driven ──lost──► elsewhere
 *   (none) ──carries effects out for the first time──► driven ──ended──► (none)
 */
export class OwnedRuns {
  readonly #parts: OwnedRunsParts;
  readonly #driven = new Set<string>();
  #recovery: Promise<unknown> = Promise.resolve();

  constructor(parts: OwnedRunsParts) {
    this.#parts = parts;
  }

  has(runId: string): boolean {
    return this.#driven.has(runId);
  }

  /** The run is driven from here. */
  add(runId: string): void {
    this.#driven.add(runId);
  }

  /** The run has ended. */
  delete(runId: string): void {
    this.#driven.delete(runId);
  }

  /** Takes up every open run that is owned and not driven yet, after whatever take-up is under way. Rejects when the open runs cannot be found. */
  takeUp(): Promise<number> {
    const takes = (runId: string): boolean => {
      if (!this.#parts.ownership.owns(runId) || this.#driven.has(runId)) return false;
      this.#driven.add(runId);
      return true;
    };
    const recovery = this.#recovery.catch(() => undefined).then(() => this.#parts.recover(takes));
    this.#recovery = recovery;
    return recovery;
  }

  changed({ gained, lost }: OwnershipChange): void {
    if (lost) {
      for (const runId of [...this.#driven]) {
        if (this.#parts.ownership.owns(runId)) continue;
        this.#driven.delete(runId);
        this.#parts.letGo(runId);
      }
    }
    if (gained) this.#takeUpLater();
  }

  /** Nothing is driven from here any more. */
  clear(): void {
    this.#driven.clear();
  }

  /** Until it succeeds: nobody else would take them up. */
  #takeUpLater(): void {
    this.takeUp().catch((error: unknown) => {
      this.#parts.failed(error);
      this.#parts.clock.schedule(AGAIN_MS, () => this.#takeUpLater());
    });
  }
}
