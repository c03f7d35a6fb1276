import type { ErrorData } from '../../shared/errors.ts';
import { RepriseError } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import type { HistoryEntry } from '../reading/run-reader.ts';
import type { RunExplanation } from '../workflow/explain/explanation.ts';
import type { RunView } from '../workflow/run-view.ts';
import type { RunHold } from './run-hold.ts';

/** How a run ended. */
export type RunOutcome<Output = Json> =
  | { readonly status: 'completed'; readonly output: Output }
  | { readonly status: 'failed'; readonly error: ErrorData }
  | { readonly status: 'cancelled'; readonly reason: string | undefined };

/** A run that is open and does not move: parked, on record, or held by this process (see RunHold). */
export type RunStuck =
  | { readonly status: 'parked'; readonly error: ErrorData }
  | { readonly status: 'held'; readonly hold: RunHold };

export interface OutcomeOptions {
  /** Resolve with `parked` or `held` when the run does not move, too. Default: wait until it does, and ends. */
  readonly orStuck?: boolean;
}

export interface SignalOptions {
  /** Makes the signal idempotent: the same id again changes nothing. Default: unique. */
  readonly requestId?: string;
}

export interface CancelOptions {
  /**
   * End at once: nothing that is outstanding is waited for, and nothing undone. Default: child runs end first, attempts that would have to be
   * undone are awaited, and what was done is undone.
   */
  readonly force?: boolean;
}

/** What a handle needs of the orchestrator. */
export interface RunControl {
  outcome(runId: string, options: OutcomeOptions): Promise<RunOutcome | RunStuck>;
  cancel(runId: string, reason: string | undefined, options: CancelOptions): Promise<void>;
  pause(runId: string, reason?: string): Promise<void>;
  resume(runId: string): Promise<void>;
  signal(runId: string, signal: string, data: unknown, options: SignalOptions): Promise<void>;
  state(runId: string, at?: number): Promise<RunView>;
  explain(runId: string): Promise<RunExplanation>;
  follow(runId: string, signal?: AbortSignal): AsyncGenerator<HistoryEntry, void, undefined>;
}

/** One run, to wait for and to steer. */
export class RunHandle<Output = Json> {
  readonly id: string;
  readonly #control: RunControl;

  constructor(id: string, control: RunControl) {
    this.id = id;
    this.#control = control;
  }

  /** Waits for the end, however the run ends; with `orStuck`, also until it is parked or held. */
  outcome(options?: { readonly orStuck?: false }): Promise<RunOutcome<Output>>;
  outcome(options: OutcomeOptions): Promise<RunOutcome<Output> | RunStuck>;
  outcome(options: OutcomeOptions = {}): Promise<RunOutcome<Output> | RunStuck> {
    return this.#control.outcome(this.id, options) as Promise<RunOutcome<Output> | RunStuck>;
  }

  /** Waits for the end. Rejects with REPRISE_TASK_FAILED, REPRISE_RUN_TIMEOUT or REPRISE_RUN_CLOSED unless the run completes. */
  async result(): Promise<Output> {
    const outcome = await this.outcome();
    if (outcome.status === 'completed') return outcome.output;
    if (outcome.status === 'cancelled') {
      const why = outcome.reason === undefined ? '' : `: ${outcome.reason}`;
      throw new RepriseError('REPRISE_RUN_CLOSED', `Run '${this.id}' was cancelled${why}.`);
    }
    const code = outcome.error.code === 'REPRISE_RUN_TIMEOUT' ? 'REPRISE_RUN_TIMEOUT' : 'REPRISE_TASK_FAILED';
    throw new RepriseError(code, `Run '${this.id}' failed. ${outcome.error.message}`, {
      details: { error: outcome.error as unknown as Json },
    });
  }

  /**
   * Ends the run; agents that work for it get their AbortSignal. Resolves once that is durable: the end itself comes later when something
   * has to be awaited or undone first. With `force`, a run that is closing already ends, too.
   */
  cancel(reason?: string, options: CancelOptions = {}): Promise<void> {
    return this.#control.cancel(this.id, reason, options);
  }

  /** Schedules nothing more until resume(); attempts under way go on. */
  pause(reason?: string): Promise<void> {
    return this.#control.pause(this.id, reason);
  }

  resume(): Promise<void> {
    return this.#control.resume(this.id);
  }

  /**
   * Sends a signal, with plain JSON: the task that has waited longest for that name takes it, else it is kept until one does. Resolves
   * once it is durable.
   */
  signal(signal: string, data: unknown = null, options: SignalOptions = {}): Promise<void> {
    return this.#control.signal(this.id, signal, data, options);
  }

  /** Folded from the history, up to revision `at`. */
  state(at?: number): Promise<RunView> {
    return this.#control.state(this.id, at);
  }

  /**
   * Why the run does not end, or why it ended: task by task, and as a whole. From its history, and from what this process knows: the agents
   * that are registered here, and what holds the run here. Another process may have others.
   */
  explain(): Promise<RunExplanation> {
    return this.#control.explain(this.id);
  }

  /** The history so far, then every event as it is appended, to the end of the run. */
  follow(signal?: AbortSignal): AsyncGenerator<HistoryEntry, void, undefined> {
    return this.#control.follow(this.id, signal);
  }
}
