import { inside } from '../../../shared/task-path.ts';
import { leaveBlock } from '../messaging/leave.ts';
import {
  definitionOf,
  hasEnded,
  isInFlight,
  isThrough,
  type RunState,
  type ScopeState,
  type TaskState,
} from '../state.ts';
import { forgetTeam } from '../team/fold.ts';
import { aboutToChange } from './items.ts';
import { hasMutex, letGoMutex } from './mutex.ts';
import { noteAwaited, setStatus } from './status.ts';
import { handOver, noteUnknown } from './undo.ts';
import { lastDone, lastDoneInside, substituteOf } from './undoable.ts';

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
  if (items !== undefined && !isThrough(items)) for (const item of items.instances) if (item !== undefined) yield item;
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
  if (isInFlight(task)) noteUnknown(state, task);
  task.unknown = false;
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
    if (!holdsOutstanding(state, part)) {
      cancel(state, part, at);
      continue;
    }
    aboutToChange(state, part);
    state.frontier.delete(part.id);
    part.closing = { why: 'within', of: top };
    beginClosing(state, top, partsOf(state, part), at);
  }
}

/** A task that is to end before its time does nothing more by itself. An attempt that is under way is awaited, whatever it is. */
export function stopShort(state: RunState, task: TaskState): void {
  if (isInFlight(task)) return noteAwaited(state, task);
  task.retryAt = undefined;
  if (!hasMutex(state, task)) letGoMutex(state, task);
  if (task.status === 'pending' || task.status === 'ready') setStatus(state, task, 'waiting');
}

/** Whether something in a task (in the run, for '') has to be waited for, or undone, unless it completes. */
export const isOutstanding = (state: RunState, path: string): boolean =>
  isWaiting(state, path) || lastDone(state, path) !== undefined;

/** Whether something in what a task has under way is awaited, or to be undone. What it did in earlier rounds is that of its block. */
export function holdsOutstanding(state: RunState, task: TaskState): boolean {
  if (isWaiting(state, task.id)) return true;
  const scope = state.scopes.get(task.id);
  if (scope !== undefined) return lastDoneInside(state, scope) !== undefined;
  if (task.items !== undefined && !isThrough(task.items))
    return definitionOf(state, task)?.scope !== undefined && state.undo.last(task.id) !== undefined;
  const substitute = substituteOf(state, task.id);
  return substitute !== undefined && !hasEnded(substitute) && holdsOutstanding(state, substitute);
}

/** Whether something is awaited in the task or in what stands in for it, or is the task. */
export function isWaiting(state: RunState, path: string): boolean {
  if (state.awaited.size === 0) return false;
  if (state.awaited.hasWithin(path)) return true;
  const substitute = substituteOf(state, path);
  return substitute !== undefined && isWaiting(state, substitute.id);
}

/** Something that a closing task waited for has come to an end. */
export function wakeClosing(state: RunState, part: TaskState): void {
  const { closing } = part;
  const top = closing?.why === 'within' ? closing.of : part.id;
  if (top !== '' && !isWaiting(state, top)) state.frontier.add(top);
}

export function forgetScope(state: RunState, path: string): void {
  const scope = state.scopes.get(path);
  if (scope === undefined) return;
  handOver(state, scope, state.tasks.get(path)?.scope ?? '');
  leaveBlock(state, path);
  state.scopes.delete(path);
  state.limited.delete(scope);
  state.regions.delete(path);
  state.sequences.delete(scope);
  forgetTeam(state, scope);
  state.budgets.delete(scope.path);
}

const isBare = (state: RunState, task: TaskState): boolean =>
  task.items === undefined && task.fallback !== 'task' && (state.scopes.size === 1 || !state.scopes.has(task.id));
