import type { Clock, ScheduledCall } from '../../shared/clock.ts';

/**
 * Runs of this process that were not read when it took them up, because there is nothing to be done for them before some time. Whatever comes for one before that
 * reads it, as it does any other.
 */
export class SleepingRuns {
  readonly #clock: Clock;
  readonly #wake: (runId: string) => void;
  /** Undefined for those that nothing wakes but what comes. */
  readonly #runs = new Map<string, ScheduledCall | undefined>();

  constructor(clock: Clock, wake: (runId: string) => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  /** `until`: ms since the Unix epoch; null: for ever. */
  add(runId: string, until: number | null): void {
    this.delete(runId);
    const wake = (): void => {
      this.#runs.delete(runId);
      this.#wake(runId);
    };
    this.#runs.set(runId, until === null ? undefined : this.#clock.schedule(until - this.#clock.now(), wake));
  }

  /** It was read, or is no longer this process's: what is to be done for it is known, or somebody else's. */
  delete(runId: string): void {
    this.#runs.get(runId)?.cancel();
    this.#runs.delete(runId);
  }

  clear(): void {
    for (const runId of [...this.#runs.keys()]) this.delete(runId);
  }
}
