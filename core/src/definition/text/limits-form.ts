import type { Json, JsonObject } from '../../shared/json.ts';
import { type Budget, DEFAULT_RETRY, type RetryPolicy, type TaskTimeouts } from '../definition.ts';
import { defaultMaxDelay } from '../form/read-limits.ts';

/** What is to be written for a policy, or undefined when it is the one that stands for nothing said. */
export function retryForm(retry: RetryPolicy, unsaid: RetryPolicy): Json | undefined {
  const form: Record<string, Json> = {
    ...(retry.maxAttempts !== DEFAULT_RETRY.maxAttempts && { maxAttempts: retry.maxAttempts }),
    ...(retry.initialDelayMs !== DEFAULT_RETRY.initialDelayMs && { initialDelay: durationForm(retry.initialDelayMs) }),
    ...(retry.factor !== DEFAULT_RETRY.factor && { factor: retry.factor }),
    ...(retry.maxDelayMs !== defaultMaxDelay(retry.initialDelayMs) && { maxDelay: durationForm(retry.maxDelayMs) }),
    ...(retry.jitter !== DEFAULT_RETRY.jitter && { jitter: retry.jitter }),
    ...(retry.nonRetryable.length > 0 && { nonRetryable: [...retry.nonRetryable] }),
  };
  const others = Object.keys(form).some((key) => key !== 'maxAttempts');
  if (others) return form;
  return retry.maxAttempts === unsaid.maxAttempts ? undefined : retry.maxAttempts;
}

/** Limits as `{ attempt, task, all, heartbeat }`; the one that a bare duration is of, alone, as such. */
export function timeoutForm(timeouts: TaskTimeouts, bare: 'attemptMs' | 'taskMs'): Json | undefined {
  const { attemptMs, taskMs, allMs, heartbeatMs } = timeouts;
  const [only, ...others] = [attemptMs, taskMs, allMs, heartbeatMs].filter((ms) => ms !== undefined);
  if (only === undefined) return undefined;
  if (others.length === 0 && timeouts[bare] !== undefined) return durationForm(only);
  return {
    ...(attemptMs !== undefined && { attempt: durationForm(attemptMs) }),
    ...(taskMs !== undefined && { task: durationForm(taskMs) }),
    ...(allMs !== undefined && { all: durationForm(allMs) }),
    ...(heartbeatMs !== undefined && { heartbeat: durationForm(heartbeatMs) }),
  };
}

/** A budget as it is written: who is asked for more has a `timeout`. */
export function budgetForm({ onBudget, ...budget }: Budget): Json {
  if (onBudget === undefined) return budget;
  if (onBudget === 'stop' || 'agent' in onBudget) return { ...budget, onBudget };
  const { ask, timeoutMs } = onBudget;
  return { ...budget, onBudget: { ask, ...(timeoutMs !== undefined && { timeout: durationForm(timeoutMs) }) } };
}

/** The name, or `{ name, … }` of one that leads a team. */
export const strategyForm = (name: string, team: JsonObject | undefined): Json =>
  team === undefined ? name : { name, ...team };

/** The largest unit that divides it: "90s", "5m". */
export function durationForm(ms: number): string {
  const units: readonly (readonly [number, string])[] = [
    [3_600_000, 'h'],
    [60_000, 'm'],
    [1000, 's'],
  ];
  const [size, unit] = units.find(([candidate]) => ms > 0 && ms % candidate === 0) ?? [1, 'ms'];
  return `${ms / size}${unit}`;
}
