import { isInside } from '../../../shared/task-path.ts';
import { carryOver } from '../allotments.ts';
import { askAnew } from '../budget-questions.ts';
import { stoodStill } from '../clock.ts';
import type { RunForked, TasksReset } from '../events.ts';
import { hasEnded, hasPassed, type RunState, type ScopeState, type TaskState } from '../state.ts';
import { reopenTeams } from '../team/fold.ts';
import { clear, isCounted, standAgain } from './anew.ts';
import { tasksOf } from './close.ts';
import { hold, letGo } from './hold.ts';
import { aboutToChange } from './items.ts';
import { leaveOthers } from './mail.ts';
import { letGoMutex, loseGrants } from './mutex.ts';
import { removeWithin } from './regions.ts';
import { release } from './standing.ts';
import { makeReady, setStatus } from './status.ts';
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
  for (const scope of state.scopes.values())
    if (isHandledNoMore(state, scope, new Set(restarted))) dropHandler(state, scope);
  const begun: TaskState[] = [];
  const passed: TaskState[] = [];
  const look = (paths: readonly string[], clear: (task: TaskState) => void): void => {
    for (const path of paths) {
      const task = state.tasks.get(path);
      if (task === undefined) continue;
      if (hasPassed(task)) passed.push(task);
      clear(task);
      begun.push(task);
    }
  };
  look(tasks, (task) => {
    const { round, again, againSince, feedback, previous, child, undoes, handOffs } = task;
    // It stays with whom it was handed to, and so does what that one was handed.
    const handed = handOffs === undefined ? {} : { handOffs, agent: handOffs.at(-1)?.to, input: task.input };
    const kept = { round, again, againSince, feedback, previous, undoes, retries: retries ? child : undefined };
    // With its idempotency key it has those of what it said, unless both are new (forked).
    const said = state.mail?.keys.get(task.id);
    clear(state, task, { ...kept, ...handed });
    if (said !== undefined) state.mail?.keys.set(task.id, said);
    if (handed.input !== undefined) hold(state, task, 'input');
  });
  look(restarted, (task) => {
    const node = state.graph.node(task.definitionId);
    const around = state.scopes.get(task.scope)?.round ?? 1;
    const input = state.given?.[task.id] === undefined ? undefined : task.input;
    clear(state, task, { round: node?.repeatedBy === undefined ? around : 1, input });
    if (input !== undefined) hold(state, task, 'input');
  });
  standAgain(state, { begun, passed, members, at });
  for (const path of renewed) renew(state, path, at);
  return state;
}

/** What was copied is this run's now, and it begins to decide. */
export function forked(state: RunState, event: RunForked): RunState {
  const { runId, keys = [], at } = event;
  const own = runId === state.runId;
  if (own) state.status = 'running';
  leaveOthers(state);
  askAnew(state);
  if (event.mutexes === 'anew') loseGrants(state, at);
  // Who was about to fail for a no needs the budget still.
  for (const task of [...state.tasks.values()]) if (task.asks?.outcome === 'refused') makeReady(state, task, at, true);
  release(state, at);
  reopenTeams(state);
  if (own) {
    state.startedAt = at;
    carryOver(state);
  }
  state.stoppedBefore = state.stoppedMs;
  if (state.lineage === undefined) return state;
  if (event.as === 'fork' || (own && state.lineage.as === 'fork')) undoNothing(state);
  if (keys.length === 0) return state;
  const renewed = new Set(keys);
  for (const path of state.mail?.keys.keys() ?? [])
    if (renewed.has(path) || isInside(path, renewed)) state.mail?.keys.delete(path);
  const kept = Object.entries(state.lineage.keys ?? {}).filter(
    ([path]) => !renewed.has(path) && !isInside(path, renewed),
  );
  state.lineage = { ...state.lineage, keys: Object.fromEntries([...kept, ...keys.map((key) => [key, runId])]) };
  return state;
}

/** Whether a block had caught a failure, and what it failed for is done again: then there is nothing to handle. */
export const isHandledNoMore = (state: RunState, scope: ScopeState, restarted: ReadonlySet<string>): boolean =>
  scope.handling !== undefined &&
  state.rules >= 4 &&
  [...tasksOf(state, scope)].some((task) => restarted.has(task.id) && !isOfHandler(state, task));

export const isOfHandler = (state: RunState, task: TaskState): boolean =>
  state.graph.node(task.definitionId)?.clause !== undefined;

/** What handles a failure is forgotten; the block goes on with its own tasks, all of which have ended. */
function dropHandler(state: RunState, scope: ScopeState): void {
  for (const task of [...tasksOf(state, scope)]) {
    if (!isOfHandler(state, task)) continue;
    scope.floor = Math.max(scope.floor, removeWithin(state, task));
    letGo(state, task);
    letGoMutex(state, task);
    setStatus(state, task, 'cancelled');
    state.tasks.delete(task.id);
  }
  scope.handling = undefined;
  scope.failure = undefined;
  scope.open = 0;
  for (const task of tasksOf(state, scope)) if (!hasEnded(task) && isCounted(state, task)) scope.open += 1;
}

/** Whatever was done was done by another run. */
function undoNothing(state: RunState): void {
  for (const { undo } of state.scopes.values()) for (const entry of [...undo]) takeOut(state, entry);
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

/** The time of a block or a list that goes on begins anew. */
function renew(state: RunState, path: string, at: number): void {
  const task = state.tasks.get(path);
  if (task === undefined || hasEnded(task)) return;
  aboutToChange(state, task);
  task.firstScheduledAt = at;
  task.stoppedBefore = stoodStill(state, at);
}
