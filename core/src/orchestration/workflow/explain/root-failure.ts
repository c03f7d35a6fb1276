import { lastFailed } from '../decisions/settle-list.ts';
import { dependenciesOf, insideOf, type RunState, rootOf, siblingOf, type TaskState } from '../state.ts';
import type { RootFailure } from './explanation.ts';

/** What ended the run, is about to, or is being handled: where it came from, apart from what failed because of it. */
export function rootFailureOf(state: RunState): RootFailure | undefined {
  const root = rootOf(state);
  const failed = root.failure ?? root.handling?.taskId;
  if (
    failed !== undefined &&
    (state.status === 'failed' || state.closing !== undefined || root.handling !== undefined)
  ) {
    const found = trace(state, failed);
    if (found !== undefined) return found;
  }
  const { closing } = state;
  const ruling = root.team?.ruling;
  const given = ruling !== undefined && 'error' in ruling ? ruling.error : undefined;
  const error = state.error ?? (closing?.why === 'within' ? undefined : (closing?.error ?? given));
  if (error === undefined || (state.status !== 'failed' && closing === undefined)) return undefined;
  return { taskId: undefined, path: [], error };
}

function trace(state: RunState, failed: string): RootFailure | undefined {
  const path: string[] = [];
  let at = state.tasks.get(failed);
  let last: TaskState | undefined;
  while (at?.error !== undefined) {
    path.push(at.id);
    last = at;
    at = cause(state, at);
  }
  return last?.error === undefined ? undefined : { taskId: last.id, path, error: last.error };
}

/** The task whose failure is that of another: an item, a task of its block, or one that its join would have needed. */
function cause(state: RunState, task: TaskState): TaskState | undefined {
  const code = task.error?.code;
  const failedSo = (other: TaskState | undefined): other is TaskState =>
    other !== undefined && other !== task && other.status === 'failed' && other.error?.code === code;
  if (code === 'REPRISE_JOIN_UNMET')
    return dependenciesOf(state, task)
      .map((id) => siblingOf(state, task, id))
      .findLast((other) => other?.status === 'failed');
  if (code === 'REPRISE_ITEMS_UNMET') return lastFailed(task.items?.instances ?? []);
  if (task.items !== undefined) return task.items.instances.find(failedSo);
  return [...insideOf(state, task)]
    .filter(failedSo)
    .reduce<TaskState | undefined>(
      (first, other) => ((other.endRevision ?? 0) < (first?.endRevision ?? Number.POSITIVE_INFINITY) ? other : first),
      undefined,
    );
}
