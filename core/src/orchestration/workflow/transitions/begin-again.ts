import { inside, isInside } from '../../../shared/task-path.ts';
import { stoodStill } from '../clock.ts';
import type { RunForked, TasksReset } from '../events.ts';
import {
  createTaskState,
  dependentsOf,
  hasEnded,
  hasPassed,
  listOf,
  type RunState,
  rootOf,
  scopeAt,
  siblingOf,
  type TaskState,
} from '../state.ts';

import { hold, letGo } from './hold.ts';
import { aboutToChange, isDue, isWeighed, readyAgain } from './items.ts';
import { letGoMutex } from './mutex.ts';
import { isFree, removeWithin, standingOf } from './regions.ts';
import { release } from './standing.ts';
import { makeReady, setStatus, unlock } from './status.ts';
import { takeOut } from './undo.ts';

// What becomes of the tasks of another run's history when a run goes on from it.

/** Single tasks begin anew, wherever they are; what they are in goes on. Attempt numbers do, too. */
export function beginAgain(state: RunState, event: TasksReset): RunState {
  const { tasks = [], retries = false, restarted = [], renewed = [], undone = [], since, at } = event;
  state.stoppedAt ??= since;
  // Not of what is copied: that was said of another run.
  if (state.revision > (state.lineage?.revision ?? 0)) state.given = state.lineage?.outcomes;
  const members = new Set([...tasks, ...restarted]);
  forgetDone(state, undone, members);
  const begun: TaskState[] = [];
  const ended: TaskState[] = [];
  const look = (paths: readonly string[], clear: (task: TaskState) => void): void => {
    for (const path of paths) {
      const task = state.tasks.get(path);
      if (task === undefined) continue;
      if (hasPassed(task)) ended.push(task);
      clear(task);
      begun.push(task);
    }
  };
  look(tasks, (task) => {
    const { round, feedback, previous, child, undoes, handOffs } = task;
    // It stays with whom it was handed to, and so does what that one was handed.
    const handed = handOffs === undefined ? {} : { handOffs, agent: handOffs.at(-1)?.to, input: task.input };
    clear(state, task, { round, feedback, previous, undoes, retries: retries ? child : undefined, ...handed });
    if (handed.input !== undefined) hold(state, task, 'input');
  });
  look(restarted, (task) => {
    const node = state.graph.node(task.definitionId);
    const around = state.scopes.get(task.scope)?.round ?? 1;
    const input = state.given?.[task.id] === undefined ? undefined : task.input;
    clear(state, task, { round: node?.repeatedBy === undefined ? around : 1, input });
    if (input !== undefined) hold(state, task, 'input');
  });
  for (const task of begun) {
    if (task.index !== undefined || task.undoes !== undefined) continue;
    Object.assign(
      task,
      standingOf(state, task, (id) => members.has(inside(task.scope, id))),
    );
  }
  for (const task of ended) recount(state, task, members);
  for (const task of begun) if (state.tasks.get(task.id) === task) goOn(state, task, at);
  for (const path of renewed) renew(state, path, at);
  return state;
}

/** What was copied is this run's now, and it begins to decide. */
export function forked(state: RunState, event: RunForked): RunState {
  const { runId, keys = [], at } = event;
  const own = runId === state.runId;
  if (own) state.status = 'running';
  release(state, at);
  if (own) state.startedAt = at;
  state.stoppedBefore = state.stoppedMs;
  if (state.lineage === undefined) return state;
  if (own && state.lineage.as === 'fork') undoNothing(state);
  if (keys.length === 0) return state;
  const renewed = new Set(keys);
  const kept = Object.entries(state.lineage.keys ?? {}).filter(
    ([path]) => !renewed.has(path) && !isInside(path, renewed),
  );
  state.lineage = { ...state.lineage, keys: Object.fromEntries([...kept, ...keys.map((key) => [key, runId])]) };
  return state;
}

/** Whatever was done was done by another run. */
function undoNothing(state: RunState): void {
  for (const { undo } of state.scopes.values()) for (const entry of [...undo]) takeOut(state, entry);
}

type Kept = Partial<
  Pick<TaskState, 'round' | 'input' | 'handOffs' | 'agent' | 'feedback' | 'previous' | 'undoes' | 'retries'>
>;

/** Everything that the task did is forgotten, and what it is in counts it as open. */
function clear(state: RunState, task: TaskState, kept: Kept): void {
  aboutToChange(state, task);
  const scope = scopeAt(state, task.scope) ?? rootOf(state);
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

/** What has been undone since is not to be undone again; what is being undone in tasks that begin anew is of no concern. */
function forgetDone(state: RunState, undone: readonly string[], members: ReadonlySet<string>): void {
  for (const id of undone) {
    const entry = state.undo.find(id);
    if (entry !== undefined) takeOut(state, entry);
  }
  for (const id of [...state.awaited]) {
    const task = state.tasks.get(id);
    if (task?.undoes === undefined || !isInside(task.undoes.taskId, members)) continue;
    setStatus(state, task, 'cancelled');
    state.tasks.delete(id);
  }
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
  if (isEnding && !isDue(state, list, failed)) state.frontier.delete(list.id);
  if (isWeighed(state, list)) state.weighing.add(list.id);
  return { idle: true };
}

/** Whether its block counts the task among those that must end. */
function isCounted(state: RunState, task: TaskState): boolean {
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

/** The time of a block or a list that goes on begins anew. */
function renew(state: RunState, path: string, at: number): void {
  const task = state.tasks.get(path);
  if (task === undefined || hasEnded(task)) return;
  aboutToChange(state, task);
  task.firstScheduledAt = at;
  task.stoppedBefore = stoodStill(state, at);
}
