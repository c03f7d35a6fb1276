import type { Clock } from '../../shared/clock.ts';
import { type ErrorData, RepriseError } from '../../shared/errors.ts';
import type { RunHold } from './run-hold.ts';

export interface StandingRunsParts {
  readonly clock: Clock;
  /** After how long a run is looked at again that may move by itself, in ms. */
  readonly againMs: number;
  /** The run stands still: whoever waits for it may want to know. */
  stood(runId: string): void;
  /** Look at the run again, from its history. */
  lookAgain(runId: string): void;
  /** Ask its strategy again. */
  wake(runId: string): void;
}

/**
 * Open runs that this process does not move, and why. Nothing of it is on record: what is, is in the run's state (parked).
 *
 * A *fault* keeps every command out, because the history cannot be read or added to. A *hold* (an agent, a function, a strategy that
 * is not there) keeps tasks from being scheduled, and nothing else. Faults, and holds by a strategy, may pass: the run is looked at
 * again after a while. A run with tasks that nobody takes is looked at again when an agent appears.
 */
export class StandingRuns {
  readonly #parts: StandingRunsParts;
  readonly #faults = new Map<string, RepriseError>();
  readonly #holds = new Map<string, RunHold>();
  /** Runs with ready tasks that were given to nobody. */
  readonly #wanting = new Set<string>();
  /** Runs that are looked at again after a while: each once, however often it is said. */
  readonly #later = new Set<string>();
  /** Of those, the ones that are not held, because something of them is under way. */
  readonly #moving = new Set<string>();

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
    this.#wanting.delete(runId);
    if (hold === undefined) this.#holds.delete(runId);
    else this.#holds.set(runId, hold);
  }

  lookWhenAgentsAppear(runId: string): void {
    this.#wanting.add(runId);
  }

  agentsAppeared(): void {
    for (const runId of this.#wanting) this.#parts.wake(runId);
    this.#wanting.clear();
  }

  forget(runId: string): void {
    this.#faults.delete(runId);
    this.#holds.delete(runId);
    this.#wanting.delete(runId);
    this.#moving.delete(runId);
  }

  /** `moves`: the run is not held. Something of it is under way, which may take long. */
  lookLater(runId: string, moves = false): void {
    if (moves) this.#moving.add(runId);
    if (this.#later.has(runId)) return;
    this.#later.add(runId);
    this.#parts.clock.schedule(this.#parts.againMs, () => {
      this.#later.delete(runId);
      const moved = this.#moving.delete(runId);
      if (this.#faults.has(runId) || this.#holds.get(runId)?.reason === 'strategy') this.#parts.lookAgain(runId);
      else if (moved) this.#parts.wake(runId);
    });
  }
}
