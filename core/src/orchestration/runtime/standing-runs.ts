import type { Clock } from '../../shared/clock.ts';
import { type ErrorData, RepriseError } from '../../shared/errors.ts';
import type { RunHold } from './run-hold.ts';

export interface StandingRunsParts {
  readonly clock: Clock;
  /** After how long a run is looked at again that may move by itself, in ms. */
  readonly againMs: number;
  /** The run stands still: whoever waits for it may want to know. */
  stood(runId: string): void;
  /** Look at the run again. */
  lookAgain(runId: string): void;
}

/**
 * Open runs that this process does not move, and why. Nothing of it is on record: what is, is in the run's state (parked).
 *
 * A *fault* keeps every command out, because the history cannot be read or added to. A *hold* (an agent, a function, a strategy that
 * is not there) keeps tasks from being scheduled, and nothing else. Faults, and holds by a strategy, may pass: the run is looked at
 * again after a while.
 */
export class StandingRuns {
  readonly #parts: StandingRunsParts;
  readonly #faults = new Map<string, RepriseError>();
  readonly #holds = new Map<string, RunHold>();

  constructor(parts: StandingRunsParts) {
    this.#parts = parts;
  }

  /** Why the run does not move here; undefined when nothing is known that holds it. */
  of(runId: string): RunHold | undefined {
    const fault = this.#faults.get(runId);
    if (fault !== undefined) return { reason: 'fault', message: fault.message, details: { code: fault.code } };
    return this.#holds.get(runId);
  }

  faultOf(runId: string): RepriseError | undefined {
    return this.#faults.get(runId);
  }

  fault(runId: string, { code, message }: Pick<ErrorData, 'code' | 'message'>): void {
    const error = new RepriseError('REPRISE_RUN_PARKED', `Run '${runId}' is held here: ${code}: ${message}`);
    this.#faults.set(runId, error);
    this.lookLater(runId);
    this.#parts.stood(runId);
  }

  mended(runId: string): void {
    this.#faults.delete(runId);
  }

  hold(runId: string, hold: RunHold | undefined): void {
    if (hold === undefined) this.#holds.delete(runId);
    else this.#holds.set(runId, hold);
  }

  lookLater(runId: string): void {
    this.#parts.clock.schedule(this.#parts.againMs, () => {
      if (this.#faults.has(runId) || this.#holds.get(runId)?.reason === 'strategy') this.#parts.lookAgain(runId);
    });
  }
}
