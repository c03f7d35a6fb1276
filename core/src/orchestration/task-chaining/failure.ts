import type { Fallback, RetryPolicy, TaskDefinition } from '../../definition/definition.ts';
import type { ErrorData } from '../../shared/errors.ts';

/** What follows a failed attempt. */
export type AfterFailure =
  | { readonly kind: 'retry'; readonly delayMs: number }
  | { readonly kind: 'fallback'; readonly fallback: Fallback }
  | { readonly kind: 'fail' };

export interface FailedAttempt {
  readonly error: ErrorData;
  /** Attempts in this round and with this agent that count, this one included. */
  readonly tries: number;
  /** Attempts in this round whose worker was lost, this one included when it was. */
  readonly losses: number;
  readonly lost: boolean;
  /** A fallback is in use already; there is no second one. */
  readonly fellBack: boolean;
  /** In [0, 1). */
  readonly random: number;
}

/** An attempt may be lost to a dying worker this often before the task counts as what kills it. */
export const MAX_LOSSES = 100;

/** Delay before the attempt that follows `tries` failed ones, in ms: exponential, capped, then jittered. */
export function retryDelay(policy: RetryPolicy, tries: number, random: number): number {
  if (policy.initialDelayMs === 0) return 0; // 0 times a power that overflows is no number.
  const delay = Math.min(policy.maxDelayMs, policy.initialDelayMs * policy.factor ** (tries - 1));
  return Math.max(0, Math.round(delay * (1 + policy.jitter * (2 * random - 1))));
}

/** Decides between another attempt, the fallback, and failure. At-most-once tasks are never tried again. */
export function afterFailure(task: TaskDefinition, failed: FailedAttempt): AfterFailure {
  const repeatable = task.delivery === 'at-least-once';
  if (failed.lost && repeatable && failed.losses < MAX_LOSSES) return { kind: 'retry', delayMs: 0 };
  const worthwhile = failed.error.retryable && !task.retry.nonRetryable.includes(failed.error.code);
  if (!failed.lost && repeatable && worthwhile && failed.tries < task.retry.maxAttempts) {
    return { kind: 'retry', delayMs: retryDelay(task.retry, failed.tries, failed.random) };
  }
  if (task.fallback !== undefined && !failed.fellBack) return { kind: 'fallback', fallback: task.fallback };
  return { kind: 'fail' };
}
