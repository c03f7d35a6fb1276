import { inside } from '../../../shared/task-path.ts';
import {
  definitionOf,
  hasEnded,
  isInFlight,
  type RunState,
  type ScopeState,
  siblingOf,
  type TaskState,
  type Undoable,
} from '../state.ts';
import { aboutToChange } from './items.ts';
import { setStatus } from './status.ts';
import { noteUnknown } from './undo.ts';

/** Tasks of a block that began: those of its body, of the handler of a failure that it caught, and those that were added. */
export function* tasksOf(state: RunState, scope: ScopeState): Generator<TaskState> {
  const block = state.graph.block(scope.definitionId);
  const parts = scope.handling === undefined ? [block?.body] : [block?.body, block?.handlers[scope.handling.clause]];
  for (const part of parts) {
    for (const id of part?.ids ?? []) {
      const task = state.tasks.get(inside(scope.path, id));
      if (task !== undefined) yield task;
    }
  }
  for (const id of state.graph.addedTo(scope.path)) {
    const task = state.tasks.get(inside(scope.path, id));
    if (task !== undefined) yield task;
  }
}

/** What a task has begun and is ended with it: its items, the tasks of its block, the task that stands in for it. */
export function* partsOf(state: RunState, task: TaskState): Generator<TaskState> {
  const { items } = task;
  if (items !== undefined && items.ended < items.total)
    for (const item of items.instances) if (item !== undefined) yield item;
  const scope = state.scopes.get(task.id);
  if (scope !== undefined) yield* tasksOf(state, scope);
  const substitute = substituteOf(state, task.id);
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
  if (isInFlight(task) && definitionOf(state, task)?.compensate !== undefined) task.unknown = true;
  noteUnknown(state, task);
  setStatus(state, task, 'cancelled');
  task.endedAt = at;
  task.endRevision = state.revision;
  task.retryAt = undefined;
  task.closing = undefined;
  closeWithin(state, task, at);
}

/**
 * `top` ('' for the run) is to end, and something is outstanding in it: everything else in it is cancelled, what is outstanding and what that is
 * in are marked, so that they end with it. What was closing by itself now ends with `top`, too.
 */
export function beginClosing(state: RunState, top: string, parts: Iterable<TaskState>, at: number): void {
  for (const part of parts) {
    if (hasEnded(part)) continue;
    if (!isOutstanding(state, part.id)) {
      cancel(state, part, at);
      continue;
    }
    aboutToChange(state, part);
    state.frontier.delete(part.id);
    part.closing = { why: 'within', of: top };
    beginClosing(state, top, partsOf(state, part), at);
  }
}

/** Whether something in a task (in the run, for '') has to be waited for, or undone, unless it completes. */
export const isOutstanding = (state: RunState, path: string): boolean =>
  isWaiting(state, path) || undoableIn(state, path) !== undefined;

/** Whether something is awaited in the task or in what stands in for it, or is the task. */
export function isWaiting(state: RunState, path: string): boolean {
  if (state.awaited.size === 0) return false;
  if (path === '' || state.awaited.has(path)) return true;
  for (const awaited of state.awaited) if (isWithin(awaited, path)) return true;
  const substitute = substituteOf(state, path);
  return substitute !== undefined && isWaiting(state, substitute.id);
}

/** The task that stands in for one that has fallen back. */
function substituteOf(state: RunState, path: string): TaskState | undefined {
  const task = state.tasks.get(path);
  if (task === undefined || task.fallback !== 'task' || task.index !== undefined) return undefined;
  const fallback = definitionOf(state, task)?.fallback;
  return fallback?.kind === 'task' ? siblingOf(state, task, fallback.task) : undefined;
}

/**
 * What is to be undone next in a task, of blocks that are open: what was done last. `own`: that of the block itself, too; else only that of
 * blocks in it, which do not complete with it.
 */
export function undoableIn(state: RunState, path: string, own = true): Undoable | undefined {
  if (!state.graph.hasOutstanding) return undefined;
  let last: Undoable | undefined;
  for (const scope of state.scopes.values()) {
    const isIn = scope.path === path ? own : path === '' || isWithin(scope.path, path);
    const entry = isIn ? scope.undo.at(-1) : undefined;
    if (entry !== undefined && (last === undefined || entry.revision > last.revision)) last = entry;
  }
  const substitute = substituteOf(state, path);
  const other = substitute === undefined ? undefined : undoableIn(state, substitute.id);
  return other !== undefined && (last === undefined || other.revision > last.revision) ? other : last;
}

/** Something that a closing task waited for has come to an end. */
export function wakeClosing(state: RunState, part: TaskState): void {
  const { closing } = part;
  const top = closing?.why === 'within' ? closing.of : part.id;
  if (top !== '' && !isWaiting(state, top)) state.frontier.add(top);
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
