import { inside } from '../../../shared/task-path.ts';
import {
  createTaskState,
  dependentsOf,
  hasEnded,
  listOf,
  type RunState,
  rootOf,
  scopeAt,
  siblingOf,
  type TaskState,
} from '../state.ts';
import { forgetNews } from '../team/team.ts';
import { letGo } from './hold.ts';
import { aboutToChange, isDue, isWeighed, readyAgain } from './items.ts';
import { letGoMutex } from './mutex.ts';
import { isFree, removeWithin, standingOf } from './regions.ts';
import { makeReady, setStatus, unlock } from './status.ts';

// How one task begins anew, while what it is in goes on.

/** Whether anything was done of the task in its round, as far as it was not begun again since. */
export const hasBegun = ({ status, scheduledAt }: Pick<TaskState, 'status' | 'scheduledAt'>): boolean =>
  (status !== 'pending' && status !== 'ready') || scheduledAt !== undefined;

export type Kept = Partial<
  Pick<
    TaskState,
    'round' | 'again' | 'againSince' | 'input' | 'handOffs' | 'agent' | 'feedback' | 'previous' | 'undoes' | 'retries'
  >
>;

/** Everything that the task did is forgotten, and what it is in counts it as open. */
export function clear(state: RunState, task: TaskState, kept: Kept): void {
  aboutToChange(state, task);
  const scope = scopeAt(state, task.scope) ?? rootOf(state);
  forgetNews(scope, task);
  const attempt = removeWithin(state, task);
  letGo(state, task);
  letGoMutex(state, task);
  const place = placeAmongItems(state, task);
  if (scope.failure === task.id) scope.failure = undefined;
  else if (hasEnded(task) && isCounted(state, task)) scope.open += 1;
  if (scope.ending === task.id) scope.ending = undefined;
  // It was about to end because of the task.
  const goesOn = scope.failure === undefined && scope.ending === undefined && scope.open > 0;
  if (goesOn && scope.path !== '') state.frontier.delete(scope.path);
  setStatus(state, task, 'pending');
  Object.assign(task, {
    ...createTaskState(task.id, task.definitionId, task.index, 0, task.scope),
    ...kept,
    ...place,
    attempt,
    ignoredAttempt: attempt,
  });
}

interface Again {
  /** Cleared. */
  readonly begun: readonly TaskState[];
  /** Those of them that had passed. */
  readonly passed: readonly TaskState[];
  /** The paths of all that begin again. */
  readonly members: ReadonlySet<string>;
  readonly at: number;
}

/** What each of the tasks waits for is counted anew, and for what comes after them; those that nothing holds up go on. */
export function standAgain(state: RunState, { begun, passed, members, at }: Again): void {
  for (const task of begun) {
    if (task.index !== undefined || task.undoes !== undefined) continue;
    Object.assign(
      task,
      standingOf(state, task, (id) => members.has(inside(task.scope, id))),
    );
  }
  for (const task of passed) recount(state, task, members);
  for (const task of begun) if (state.tasks.get(task.id) === task) goOn(state, task, at);
}

/** What comes after the task, and has not begun, waits for it again. */
function recount(state: RunState, task: TaskState, members: ReadonlySet<string>): void {
  const isMember = (id: string): boolean => members.has(inside(task.scope, id));
  for (const id of task.index === undefined ? dependentsOf(state, task) : []) {
    const dependent = siblingOf(state, task, id);
    if (dependent?.status === 'pending' && !isMember(id)) waitAnew(state, dependent, isMember);
  }
}

/** A join of each that was about to begin need not be, any more. */
function waitAnew(state: RunState, task: TaskState, runsAgain: (id: string) => boolean): void {
  const was = task.arrived;
  Object.assign(task, standingOf(state, task, runsAgain));
  if (was !== undefined && task.arrived === undefined && task.waitingOn > 0) state.frontier.delete(task.id);
}

/** A list counts an item that had ended as one that waits for a place. */
function placeAmongItems(state: RunState, task: TaskState): { readonly idle?: boolean } {
  const list = task.index === undefined ? undefined : listOf(state, task);
  const { items } = list ?? {};
  if (list === undefined || items === undefined) return {};
  if (!hasEnded(task)) return { idle: task.idle };
  items.ended -= 1;
  if (task.status === 'completed') items.completed -= 1;
  // It was about to end because of the item.
  const isEnding = state.frontier.has(list.id) && items.values.length >= items.total;
  const failed = isEnding && items.instances.some((one) => one !== task && one?.status === 'failed');
  const joins = list.arrived !== undefined;
  if (isEnding && !joins && !isDue(state, list, failed)) state.frontier.delete(list.id);
  if (isWeighed(state, list)) state.weighing.add(list.id);
  return { idle: true };
}

/** Whether its block counts the task among those that must end. */
export function isCounted(state: RunState, task: TaskState): boolean {
  const node = state.graph.node(task.definitionId);
  return task.index === undefined && node?.fallbackFor === undefined && node?.undoes === undefined;
}

/** Nothing that the task waits for may be left: then it is ready, or settle's to decide about. */
function goOn(state: RunState, task: TaskState, at: number): void {
  if (task.undoes !== undefined) return makeReady(state, task, at);
  const node = state.graph.node(task.definitionId);
  if (node === undefined) return;
  if (task.index !== undefined) {
    if (state.given?.[task.id] !== undefined) return void state.frontier.add(task.id);
    // One that has its place asks for its mutex at once.
    if (task.idle || node.definition.mutex === undefined) readyAgain(state, task, at);
    else state.frontier.add(task.id);
    return;
  }
  if (node.fallbackFor !== undefined) {
    const origin = state.tasks.get(inside(task.scope, node.fallbackFor));
    if (origin?.fallback === 'task' && !hasEnded(origin)) unlock(state, task, at);
    return;
  }
  if (isFree(task, node.definition)) unlock(state, task, at);
}
