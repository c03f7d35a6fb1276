import { blocksAround } from '../../../shared/task-path.ts';
import { stopAsking } from '../budget-questions.ts';
import { leaveMail, leaveTask } from '../messaging/leave.ts';
import { settleAttempt } from '../metering.ts';
import { limitedScopeOf, priorityOf, wantedBy } from '../ready-tasks.ts';
import {
  definitionOf,
  dependenciesOf,
  hasEnded,
  isAgentTask,
  isEntered,
  isInFlight,
  isListening,
  type RunState,
  siblingOf,
  type TaskState,
  type TaskStatus,
} from '../state.ts';
import { noteTurn, placeOf, takesTurn, turnsFor } from '../turns.ts';
import { letGoMutex } from './mutex.ts';
import { stopWaiting } from './signals.ts';

/** Nothing that the task comes after holds it up any more: it is ready, or settle has to decide about it. */
export function unlock(state: RunState, task: TaskState, at: number): void {
  const definition = definitionOf(state, task);
  if (definition === undefined) return;
  const { join, when, while: milestone, forEach, rest, mutex } = definition;
  const allSkipped = task.skippedDependencies > 0 && task.skippedDependencies === dependenciesOf(state, task).length;
  const isGiven = state.given?.[task.id] !== undefined;
  const isAsked = when !== undefined || milestone !== undefined;
  if (
    isGiven ||
    allSkipped ||
    isAsked ||
    forEach !== undefined ||
    rest === 'cancel' ||
    join === 'each' ||
    mutex !== undefined
  )
    state.frontier.add(task.id);
  else makeReady(state, task, at);
}

/** Puts the task into the queue, behind those that are ready already, or before them (`first`); one that no agent performs is settle's to enter. */
export function makeReady(state: RunState, task: TaskState, at: number, first = false): void {
  setStatus(state, task, 'ready');
  task.readySince = at;
  task.retryAt = undefined;
  state.tickets += 1;
  task.ticket = first ? -state.tickets : state.tickets;
  if (!state.entering.has(task.id)) enqueue(state, task);
}

/** A ready task waits for the strategy, or for its turn, by its ticket. */
export function enqueue(state: RunState, task: TaskState): void {
  const { id: taskId, ticket } = task;
  const priority = priorityOf(state, task);
  const turns = turnsFor(state, task);
  if (turns !== undefined) return turns.queue.add({ taskId, priority, place: placeOf(state, task), ticket });
  const queue = limitedScopeOf(state, task)?.ready ?? state.ready;
  queue.add(wantedBy(state, task), taskId, priority, ticket);
}

/** Every change of a task's status goes through here: it keeps the counts, and settles what the frontier waited for. */
export function setStatus(state: RunState, task: TaskState, status: TaskStatus): void {
  if (task.asks !== undefined) stopAsking(state, task);
  if (task.status === 'ready') {
    if (!leaveEntering(state, task)) state.readyCount -= 1;
  } else if (isInFlight(task)) {
    if (!isListening(state, task)) countInFlight(state, task, -1);
    if (status !== 'running' && status !== 'scheduled') {
      leaveMail(state, task);
      settleAttempt(state, task, undefined);
    }
  } else if (task.status === 'running') {
    stopWaiting(state, task);
    leaveMail(state, task);
    settleAttempt(state, task, undefined);
  }
  task.status = status;
  if (status === 'ready') {
    becomeReady(state, task);
  } else if (isInFlight(task) && !isListening(state, task)) {
    countInFlight(state, task, 1);
  }
  if (state.mail !== undefined && (hasEnded(task) || status === 'pending')) leaveTask(state, state.mail, task);
  state.frontier.delete(task.id);
  noteTurn(state, task);
  noteAwaited(state, task);
  if (task.mutex !== undefined && hasEnded(task)) letGoMutex(state, task);
  if (state.graph.hasMilestones) noteWatched(state, task);
}

/** What no agent performs is settle's to begin. */
export function becomeReady(state: RunState, task: TaskState): void {
  if (isAgentTask(state, task)) state.readyCount += 1;
  else if (state.sequences.size > 0 && takesTurn(state, task)) childrenOf(state, task).add(task.id);
  else state.entering.add(task.id);
}

/** Where a task waits that no agent performs, and is ready. */
const childrenOf = (state: RunState, task: TaskState): Set<string> => turnsFor(state, task)?.children ?? state.entering;

const leaveEntering = (state: RunState, task: TaskState): boolean =>
  state.entering.delete(task.id) ||
  (state.sequences.size > 0 && turnsFor(state, task)?.children.delete(task.id) === true);

/** Whoever may go on only as long as the task is where it was is to be asked again. */
function noteWatched(state: RunState, task: TaskState): void {
  if (hasEnded(task)) state.milestones.delete(task.id);
  const node = task.index === undefined ? state.graph.node(task.definitionId) : undefined;
  if (node === undefined) return;
  for (const id of state.graph.watchersOf(task.id, node)) {
    const watcher = siblingOf(state, task, id);
    if (watcher !== undefined && !hasEnded(watcher)) state.milestones.add(watcher.id);
  }
}

/** Keeps the list of what is waited for. */
export function noteAwaited(state: RunState, task: TaskState): void {
  if (!state.graph.hasOutstanding) return;
  if (isAwaited(state, task)) state.awaited.add(task.id, task.undoes?.taskId);
  else state.awaited.delete(task.id);
}

function isAwaited(state: RunState, task: TaskState): boolean {
  if (task.undoes !== undefined) return !hasEnded(task);
  if (task.child !== undefined && isEntered(task)) return true;
  // What is closing by itself ends after its attempt, whether that can be undone or not.
  return isInFlight(task) && (task.closing !== undefined || definitionOf(state, task)?.compensate !== undefined);
}

/** An attempt at an agent begins or ends: it counts for every block around it. */
export function countInFlight(state: RunState, task: TaskState, change: 1 | -1): void {
  state.inFlight += change;
  if (task.scope === '') return;
  for (const at of blocksAround(task.scope)) {
    const scope = state.scopes.get(at);
    if (scope !== undefined) scope.inFlight += change;
  }
}
