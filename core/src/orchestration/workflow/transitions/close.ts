import { inside } from '../../../shared/task-path.ts';
import { definitionOf, hasEnded, type RunState, type ScopeState, siblingOf, type TaskState } from '../state.ts';
import { aboutToChange } from './items.ts';
import { setStatus } from './status.ts';

/** Tasks of a block that began: those of its body, and of the handler of a failure that it caught. */
export function* tasksOf(state: RunState, scope: ScopeState): Generator<TaskState> {
  const block = state.graph.block(scope.definitionId);
  const parts = scope.handling === undefined ? [block?.body] : [block?.body, block?.handlers[scope.handling.clause]];
  for (const part of parts) {
    for (const id of part?.ids ?? []) {
      const task = state.tasks.get(inside(scope.path, id));
      if (task !== undefined) yield task;
    }
  }
}

/** What a task has begun and is ended with it: its items, the tasks of its block, the task that stands in for it. */
export function* partsOf(state: RunState, task: TaskState): Generator<TaskState> {
  const { items } = task;
  if (items !== undefined && items.ended < items.total)
    for (const item of items.instances) if (item !== undefined) yield item;
  const scope = state.scopes.get(task.id);
  if (scope !== undefined) yield* tasksOf(state, scope);
  const fallback = definitionOf(state, task)?.fallback;
  if (task.fallback !== 'task' || fallback?.kind !== 'task' || task.index !== undefined) return;
  const substitute = siblingOf(state, task, fallback.task);
  if (substitute !== undefined) yield substitute;
}

/** A task that has ended leaves nothing behind that has not. */
export function closeWithin(state: RunState, task: TaskState, at: number): void {
  if (isBare(state, task)) return;
  for (const part of partsOf(state, task)) cancel(state, part, at);
  forgetScope(state, task.id);
}

/** Whatever of a block has not ended is cancelled; what is closing is let be, because its child runs have to end first. */
export function closeScope(state: RunState, scope: ScopeState, at: number): void {
  for (const task of tasksOf(state, scope)) cancel(state, task, at);
}

export function cancel(state: RunState, task: TaskState, at: number): void {
  if (hasEnded(task)) return;
  aboutToChange(state, task);
  setStatus(state, task, 'cancelled');
  task.endedAt = at;
  task.endRevision = state.revision;
  task.retryAt = undefined;
  task.closing = undefined;
  closeWithin(state, task, at);
}

/**
 * `top` ('' for the run) is to end, and has child runs open: everything else in it is cancelled, those and what they are in are
 * marked, so that they end with it. What was closing by itself now ends with `top`, too.
 */
export function beginClosing(state: RunState, top: string, parts: Iterable<TaskState>, at: number): void {
  for (const part of parts) {
    if (hasEnded(part)) continue;
    if (!awaitsChild(state, part.id)) {
      cancel(state, part, at);
      continue;
    }
    aboutToChange(state, part);
    state.frontier.delete(part.id);
    part.closing = { why: 'within', of: top };
    beginClosing(state, top, partsOf(state, part), at);
  }
}

/** Whether a child run is open in the task, or is the task. */
export function awaitsChild(state: RunState, path: string): boolean {
  if (state.children.size === 0) return false;
  if (path === '' || state.children.has(path)) return true;
  for (const child of state.children) if (isWithin(child, path)) return true;
  return false;
}

/** Whether a path is that of an item of `ancestor`, or of something inside it. */
export const isWithin = (path: string, ancestor: string): boolean =>
  path.startsWith(ancestor) && (path[ancestor.length] === '/' || path[ancestor.length] === '[');

export function forgetScope(state: RunState, path: string): void {
  const scope = state.scopes.get(path);
  if (scope === undefined) return;
  state.scopes.delete(path);
  state.limited.delete(scope);
}

const isBare = (state: RunState, task: TaskState): boolean =>
  task.items === undefined && task.fallback !== 'task' && (state.scopes.size === 1 || !state.scopes.has(task.id));
