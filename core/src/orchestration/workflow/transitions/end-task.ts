import type { Json } from '../../../shared/json.ts';
import { taskPaths } from '../../../shared/task-path.ts';
import { hasEnded, type RunState, type TaskState } from '../state.ts';
import { hold } from './hold.ts';
import { aboutToChange, addItem, cancelItems, endItem } from './items.ts';
import { setStatus, unlock } from './status.ts';

/** The task is over: its forEach, its origin (for a fallback task), its dependents or the run are told. */
export function end(state: RunState, task: TaskState, status: 'completed' | 'failed' | 'skipped', at: number): void {
  if (hasEnded(task)) return;
  setStatus(state, task, status);
  task.endedAt = at;
  task.retryAt = undefined;
  if (status === 'skipped') task.output = null;
  if (task.index !== undefined) return endItem(state, task, at);
  const planned = state.graph.node(task.id);
  if (planned === undefined) return;
  if (planned.fallbackFor !== undefined) {
    state.frontier.add(planned.fallbackFor);
    return;
  }
  if (status === 'failed') {
    state.failure ??= task.id;
    return;
  }
  cancelItems(state, task, at);
  state.open -= 1;
  for (const id of planned.dependents) {
    const dependent = state.tasks.get(id);
    if (dependent === undefined || hasEnded(dependent)) continue;
    dependent.waitingOn -= 1;
    if (status === 'skipped') dependent.skippedDependencies += 1;
    if (dependent.waitingOn === 0) unlock(state, dependent, at);
  }
}

/** Takes a result of another run over, for a task of the definition or for an item. */
export function adopt(
  state: RunState,
  taskId: string,
  status: 'completed' | 'skipped',
  output: Json | undefined,
  at: number,
): RunState {
  let task = state.tasks.get(taskId);
  if (task === undefined) {
    const item = taskPaths(state.rules).itemOf(taskId);
    const parent = state.tasks.get(item?.list ?? '');
    if (item === undefined || parent?.items === undefined) return state;
    task = addItem(state, parent, parent.items, item.index);
    parent.items.active += 1;
  }
  aboutToChange(state, task);
  task.output = output ?? null;
  hold(state, task, 'output');
  end(state, task, status, at);
  return state;
}
