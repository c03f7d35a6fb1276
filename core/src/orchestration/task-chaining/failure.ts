import type { RetryPolicy, TaskDefinition } from '../../definition/definition.ts';
import type { ErrorData } from '../../shared/errors.ts';

/** What follows a failed attempt. */
export type AfterFailure =
  | { readonly kind: 'retry'; readonly delayMs: number }
  /** The fallback stands in, if there is one; else the task fails. */
  | { readonly kind: 'give-up' };

export interface FailedAttempt {
  readonly error: ErrorData;
  /** Attempts in this round and with this agent that count, this one included. */
  readonly tries: number;
  /** Attempts in this round whose worker was lost, this one included when it was. */
  readonly losses: number;
  readonly lost: boolean;
  /** In [0, 1). */
  readonly random: number;
}

/** Errors after which it is not known what the agent has done, or is still doing. */
const UNKNOWN_OUTCOME: ReadonlySet<string> = new Set([
  'REPRISE_OUTCOME_UNKNOWN',
  'REPRISE_ATTEMPT_TIMEOUT',
  'REPRISE_HEARTBEAT_TIMEOUT',
  'REPRISE_TASK_TIMEOUT',
]);

export const isOutcomeUnknown = ({ code }: ErrorData): boolean => UNKNOWN_OUTCOME.has(code);

/** Whether an attempt that failed may have had its effect all the same; so, too, when the run did not take what it gave. */
export const leavesUnknown = ({ error, lost }: { readonly error: ErrorData; readonly lost?: boolean }): boolean =>
  lost === true || isOutcomeUnknown(error) || NOT_TAKEN.has(error.code);

/** The agent did what it was to do, and something else was wrong. */
const NOT_TAKEN: ReadonlySet<string> = new Set(['REPRISE_RUN_TOO_LARGE', 'REPRISE_DIRECTIVE_REFUSED']);

/** An attempt may be lost to a dying worker this often before the task counts as what kills it. */
export const MAX_LOSSES = 100;

/** Delay before the attempt that follows `tries` failed ones, in ms: exponential, jittered, then capped. */
export function retryDelay(policy: RetryPolicy, tries: number, random: number): number {
  if (policy.initialDelayMs === 0) return 0; // 0 times a power that overflows is no number.
  const delay = Math.min(policy.maxDelayMs, policy.initialDelayMs * policy.factor ** (tries - 1));
  const jittered = Math.round(delay * (1 + policy.jitter * (2 * random - 1)));
  return Math.min(policy.maxDelayMs, Math.max(0, jittered));
}

/**
 * Decides between another attempt and giving up. At-most-once tasks are never tried again. An error that says how long to wait
 * (`retryAfterMs`) is waited for, beyond the cap of the policy, too.
 */
export function afterFailure(task: TaskDefinition, failed: FailedAttempt): AfterFailure {
  const repeatable = task.delivery === 'at-least-once';
  if (failed.lost && repeatable && failed.losses < MAX_LOSSES) return { kind: 'retry', delayMs: 0 };
  const worthwhile = failed.error.retryable && !task.retry.nonRetryable.includes(failed.error.code);
  if (!failed.lost && repeatable && worthwhile && failed.tries < task.retry.maxAttempts) {
    const delayMs = retryDelay(task.retry, failed.tries, failed.random);
    return { kind: 'retry', delayMs: Math.max(delayMs, failed.error.retryAfterMs ?? 0) };
  }
  return { kind: 'give-up' };
}
