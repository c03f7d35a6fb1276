import type { Clock, ScheduledCall } from '../../../shared/clock.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import type { BreakerOptions } from './options.ts';

/** How an attempt ended. */
export interface AttemptEnd {
  readonly at: number;
  readonly error?: ErrorData;
  /** What that says of the agent: `well`, it answers; `ill`, it was lost or too slow, or failed in a way that may be over at the next attempt. */
  readonly agent: 'well' | 'ill' | 'unknown';
}

/** The last attempt that failed at an agent. */
export interface AgentFailure {
  /** ms since the Unix epoch. */
  readonly at: number;
  readonly runId: string;
  readonly taskId: string;
  readonly error: ErrorData;
}

/** How an agent stands. `trying`: it has rested, and is handed one attempt, the end of which says whether it is back. */
export interface AgentHealth {
  readonly state: 'ready' | 'rested' | 'trying';
  /** Of `rested`: until when, in ms since the Unix epoch. Of `trying`: when another attempt is let through, should the one under way not have ended. */
  readonly until: number | undefined;
  readonly lastFailure: AgentFailure | undefined;
}

/** What is to be put on record about an agent. Without `rested` it is back. */
export interface AgentNote {
  readonly agent: string;
  readonly rested?: { readonly until: number; readonly failures: number };
}

type Standing =
  /** `row`: the tasks at which it failed, one after another, with nothing between that speaks for it. */
  | { readonly kind: 'ready'; readonly row: readonly string[] }
  | { readonly kind: 'rested'; readonly failures: number; readonly restMs: number; readonly alarmAt: number }
  | {
      readonly kind: 'trying';
      readonly failures: number;
      readonly restMs: number;
      /** Attempts that may still be admitted. */
      readonly passes: number;
      /** Attempts that were let through, and have not ended. */
      readonly trials: readonly string[];
      /** When another is let through. */
      readonly alarmAt?: number;
    };

/** How an agent stood before and after the end of an attempt. */
export interface Turned {
  readonly before: Standing;
  readonly after: Standing;
  readonly note: AgentNote | undefined;
}

export const attemptName = (runId: string, taskId: string, attempt: number): string =>
  JSON.stringify([runId, taskId, attempt]);

/**
 * Rests an agent that fails, and tries it again (ADR 16). A failure of a task that it failed at before in the same row is no further one: a
 * poisoned task is no reason to rest an agent.
 *
 *   ready ──failures of `failures` different tasks in a row──► rested ──rest──► trying ──a trial ended well──► ready
 *                                                                ▲────twice the rest────┘ a trial failed
 *
 * While it is rested nothing is admitted; while it is tried, one attempt, and another each time that the length of the rest has passed without an
 * end of one: what a slow trial holds up is not held up for ever. A trial that says nothing of the agent (its task was cancelled, say) is followed by another.
 */
export class Breaker {
  readonly agent: string;
  readonly #options: BreakerOptions;
  readonly #clock: Clock;
  /** More may be admitted than before. */
  readonly #opened: (agent: string) => void;
  #standing: Standing = { kind: 'ready', row: [] };
  #alarm: ScheduledCall | undefined;
  #lastFailure: AgentFailure | undefined;

  constructor(agent: string, options: BreakerOptions, clock: Clock, opened: (agent: string) => void) {
    this.agent = agent;
    this.#options = options;
    this.#clock = clock;
    this.#opened = opened;
  }

  get health(): AgentHealth {
    const { kind } = this.#standing;
    const until = kind === 'ready' ? undefined : this.#standing.alarmAt;
    return { state: kind, until, lastFailure: this.#lastFailure };
  }

  /** How many attempts may be admitted. */
  get passes(): number {
    const standing = this.#standing;
    if (standing.kind === 'ready') return Number.POSITIVE_INFINITY;
    return standing.kind === 'rested' ? 0 : standing.passes;
  }

  /** An attempt was admitted. */
  taken(): void {
    const standing = this.#standing;
    if (standing.kind === 'trying') this.#become({ ...standing, passes: standing.passes - 1 });
  }

  /** An attempt that was admitted did not begin. */
  unused(): void {
    const standing = this.#standing;
    if (standing.kind === 'trying') this.#become({ ...standing, passes: 1 });
  }

  /** An attempt that was admitted has begun. */
  began(attempt: string): void {
    const standing = this.#standing;
    if (standing.kind !== 'trying') return;
    const alarmAt = this.#clock.now() + standing.restMs;
    this.#become({ ...standing, trials: [...standing.trials, attempt], alarmAt });
  }

  get isTrying(): boolean {
    return this.#standing.kind === 'trying';
  }

  /** It is neither rested nor tried. */
  get isTrusted(): boolean {
    return this.#standing.kind === 'ready';
  }

  /** An attempt is over, and nobody knows what it says of the agent. */
  abandoned(attempt: string): void {
    const standing = this.#standing;
    if (standing.kind !== 'trying' || !standing.trials.includes(attempt)) return;
    this.#become({ ...standing, passes: 1, trials: standing.trials.filter((one) => one !== attempt) });
    this.#opened(this.agent);
  }

  /** An attempt of a task has ended. Undefined when that changes nothing. */
  ended(runId: string, taskId: string, attempt: number, end: AttemptEnd): Turned | undefined {
    const { at, error, agent } = end;
    if (error !== undefined) this.#lastFailure = { at, runId, taskId, error };
    const before = this.#standing;
    if (before.kind === 'rested') return undefined;
    if (before.kind === 'trying') {
      const name = attemptName(runId, taskId, attempt);
      if (agent === 'unknown') this.abandoned(name);
      if (agent === 'unknown' || !before.trials.includes(name)) return undefined;
      return agent === 'ill' ? this.#rest(before, at, before.failures + 1, 2 * before.restMs) : this.#back(before);
    }
    if (agent === 'unknown') return undefined;
    const { row } = before;
    if (agent === 'well') return row.length === 0 ? undefined : this.#turned(before, { kind: 'ready', row: [] });
    const task = JSON.stringify([runId, taskId]);
    if (row.includes(task)) return undefined;
    if (row.length + 1 >= this.#options.failures) return this.#rest(before, at, row.length + 1, this.#options.restMs);
    return this.#turned(before, { kind: 'ready', row: [...row, task] });
  }

  /** What was said in a turn that came to nothing is taken back, unless more was said since. */
  undo({ before, after }: Turned): void {
    if (this.#standing !== after) return;
    this.#become(before);
    this.#opened(this.agent);
  }

  stop(): void {
    this.#alarm?.cancel();
    this.#alarm = undefined;
  }

  #rest(before: Standing, at: number, failures: number, ms: number): Turned {
    const restMs = Math.min(ms, this.#options.maxRestMs);
    const until = at + restMs;
    const after: Standing = { kind: 'rested', failures, restMs, alarmAt: until };
    return this.#turned(before, after, { agent: this.agent, rested: { until, failures } });
  }

  #back(before: Standing): Turned {
    const turned = this.#turned(before, { kind: 'ready', row: [] }, { agent: this.agent });
    this.#opened(this.agent);
    return turned;
  }

  #turned(before: Standing, after: Standing, note?: AgentNote): Turned {
    this.#become(after);
    return { before, after, note };
  }

  #become(standing: Standing): void {
    this.#standing = standing;
    this.stop();
    const at = standing.kind === 'ready' ? undefined : standing.alarmAt;
    if (at === undefined) return;
    this.#alarm = this.#clock.schedule(Math.max(0, at - this.#clock.now()), () => this.#letOneThrough());
  }

  #letOneThrough(): void {
    const standing = this.#standing;
    if (standing.kind === 'ready') return;
    const { failures, restMs } = standing;
    const trials = standing.kind === 'trying' ? standing.trials : [];
    this.#become({ kind: 'trying', failures, restMs, passes: 1, trials });
    this.#opened(this.agent);
  }
}
