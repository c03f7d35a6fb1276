import type { RunState, TaskState } from '../workflow/state.ts';

/** Names one attempt of one task of one run. */
export const attemptKey = (runId: string, taskId: string, attempt: number): string => `${runId}/${taskId}/${attempt}`;

/**
 * The key that an agent's effects outside are made idempotent by: the same for all attempts of a task in one round. The path of the task, with
 * `~round` behind each part that is in a later round than the first.
 */
export function idempotencyKey(state: RunState, task: TaskState): string {
  const { runId, rules } = state;
  if (rules < 3) return task.round === 1 ? `${runId}/${task.id}` : `${runId}/${task.id}/r${task.round}`;
  let path = '';
  for (let at: TaskState | undefined = task; at !== undefined; at = state.tasks.get(at.scope)) {
    const segment = at.scope === '' ? at.id : at.id.slice(at.scope.length + 1);
    path = `/${segment}${at.round > 1 ? `~${at.round}` : ''}${path}`;
    if (at.scope === '') break;
  }
  return `${runId}${path}`;
}

/** The part of a run's trace that an attempt is. */
export const attemptPart = (taskId: string, attempt: number): string => `${taskId}/${attempt}`;
