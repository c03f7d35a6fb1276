/** Names one attempt of one task of one run. */
export const attemptKey = (runId: string, taskId: string, attempt: number): string => `${runId}/${taskId}/${attempt}`;

/** The key that an agent's effects outside are made idempotent by: the same for all attempts of a task in one round. */
export const idempotencyKey = (runId: string, taskId: string, round: number): string =>
  round === 1 ? `${runId}/${taskId}` : `${runId}/${taskId}/r${round}`;

/** The part of a run's trace that an attempt is. */
export const attemptPart = (taskId: string, attempt: number): string => `${taskId}/${attempt}`;
