import { standInOf } from '../../definition/fallbacks.ts';
import { inside, outer } from '../../shared/task-path.ts';
import { definitionOf, dependentsOf, type RunState, siblingOf, type TaskState } from './state.ts';

// What begins again with a task, because what it gives is no more.

/** The tasks that a repeating task runs again, when the task is one of them. */
export function segmentOf(state: RunState, task: TaskState): readonly string[] {
  const repeater = task.index === undefined ? state.graph.node(task.definitionId)?.repeatedBy : undefined;
  if (repeater === undefined) return [];
  const block = outer(task.definitionId)?.block ?? '';
  return (state.graph.node(inside(block, repeater))?.segment ?? []).map((id) => inside(task.scope, id));
}

/** Tasks, and everything after them in their block. */
export function withDownstream(state: RunState, paths: readonly string[]): readonly string[] {
  const found = new Set(paths);
  for (const path of found) {
    const task = state.tasks.get(path);
    if (task === undefined || task.index !== undefined) continue;
    for (const member of segmentOf(state, task)) found.add(member);
    const { fallbackFor } = state.graph.node(task.definitionId) ?? {};
    for (const id of dependentsOf(state, task)) found.add(inside(task.scope, id));
    if (fallbackFor !== undefined) found.add(inside(task.scope, fallbackFor));
    const substitute = begunSubstitute(state, task);
    if (substitute !== undefined) found.add(substitute);
  }
  return [...found].filter((path) => state.tasks.has(path));
}

/** The task that stands, or stood, in for one. */
export function begunSubstitute(state: RunState, task: TaskState | undefined): string | undefined {
  if (task === undefined || task.index !== undefined) return undefined;
  const standIn = standInOf(definitionOf(state, task) ?? {});
  const substitute = standIn === undefined ? undefined : siblingOf(state, task, standIn);
  if (substitute === undefined) return undefined;
  return substitute.status === 'pending' && task.fallback !== 'task' ? undefined : substitute.id;
}
