import { standInOf } from '../../../definition/fallbacks.ts';
import { inside } from '../../../shared/task-path.ts';
import {
  type Closing,
  definitionOf,
  type RunState,
  type ScopeState,
  siblingOf,
  type TaskState,
  type Undoable,
} from '../state.ts';
import { closingAt } from './closing-top.ts';

// What is to be undone: what was done last comes first. Each of these asks about something that does not complete.

/** Of a task (of the run, for ''): everything that was done in it, in all its rounds, by its items and by what stands in for it. */
export function lastDone(state: RunState, path: string): Undoable | undefined {
  if (!state.graph.hasOutstanding) return undefined;
  const last = state.undo.last(path);
  const substitute = substituteOf(state, path);
  const other = substitute === undefined ? undefined : lastDone(state, substitute.id);
  return last === undefined || (other !== undefined && other.revision > last.revision) ? other : last;
}

/** Of a block: what was done in it since it was entered. What its task did in a round before is that of the block around it. */
export function lastDoneInside(state: RunState, { path, since }: ScopeState): Undoable | undefined {
  const last = state.graph.hasOutstanding ? state.undo.last(path) : undefined;
  return path === '' || (last !== undefined && last.revision > since) ? last : undefined;
}

/** Of a task: what an attempt of it did in this round. */
export function lastAttempted(state: RunState, task: TaskState): Undoable | undefined {
  const last = state.graph.hasOutstanding ? state.undo.last(task.id) : undefined;
  const isOfRound = last?.taskId === task.id && last.round === task.round && isSinceAgain(task, last);
  return isOfRound ? last : undefined;
}

const isSinceAgain = ({ againSince = -1 }: TaskState, { revision }: Undoable): boolean => revision > againSince;

/** While a block closes: what is left of its own, made once nothing is awaited in it. A memo. */
const queues = new WeakMap<Closing, Undoable[]>();

/**
 * Of a block that goes on in spite of a failure, or that an `end` completes: what the tasks did that had not ended well by then. What had is kept,
 * and so is what was done in the rounds before, or before a goto.
 */
export function lastLeft(state: RunState, scope: ScopeState): Undoable | undefined {
  if (!state.graph.hasOutstanding) return undefined;
  const closing = closingAt(state, scope.path);
  if (closing === undefined) return leftIn(state, scope).next().value ?? undefined;
  let queue = queues.get(closing);
  if (queue === undefined) {
    queue = [...leftIn(state, scope)].reverse();
    queues.set(closing, queue);
  }
  while (queue.length > 0) {
    const entry = queue.at(-1);
    if (entry !== undefined && state.undo.homeOf(entry) !== undefined) return entry;
    queue.pop();
  }
  return undefined;
}

function* leftIn(state: RunState, scope: ScopeState): Generator<Undoable, undefined> {
  const by = state.tasks.get(scope.ending ?? scope.failure ?? '')?.endRevision ?? Number.POSITIVE_INFINITY;
  for (const entry of state.undo.all(scope.path)) {
    if (entry.revision <= scope.roundSince) return undefined;
    // The agent that ended the block did well, be it that of an item of a list that is cut short.
    if (entry.taskId === scope.ending) continue;
    const task = partOf(state, scope.path, entry.taskId);
    if (task === undefined || !isSinceAgain(task, entry)) continue;
    if (!hadEndedWell(itemOf(task, entry.taskId), by)) yield entry;
  }
  return undefined;
}

/** The task of the block that a path is, is in or stands in for. */
function partOf(state: RunState, block: string, path: string): TaskState | undefined {
  const [id = ''] = path.slice(block === '' ? 0 : block.length + 1).split(/[/[]/, 1);
  const task = state.tasks.get(inside(block, id));
  const origin = state.graph.node(task?.definitionId ?? '')?.fallbackFor;
  return task === undefined || origin === undefined ? task : (siblingOf(state, task, origin) ?? task);
}

/** Of a list that yielded before all of it had ended, what is kept is told item by item. */
function itemOf(task: TaskState, path: string): TaskState {
  if (task.yieldedAt === undefined) return task;
  const [, index] = /^\[(\d+)\]/.exec(path.slice(task.id.length)) ?? [];
  return task.items?.instances[Number(index)] ?? task;
}

const hadEndedWell = ({ status, endRevision = 0 }: TaskState, by: number): boolean =>
  (status === 'completed' || status === 'skipped') && endRevision < by;

/** The task that stands in for one that has fallen back. */
export function substituteOf(state: RunState, path: string): TaskState | undefined {
  const task = state.tasks.get(path);
  if (task === undefined || task.fallback !== 'task' || task.index !== undefined) return undefined;
  const standIn = standInOf(definitionOf(state, task) ?? {});
  return standIn === undefined ? undefined : siblingOf(state, task, standIn);
}
