import { standInOf } from '../../definition/fallbacks.ts';
import { TaskGraph } from '../../definition/task-graph.ts';
import type { Json } from '../../shared/json.ts';
import { roughSize } from '../../shared/json-size.ts';
import { undoing } from '../../shared/task-path.ts';
import { leavesUnknown } from '../task-chaining/failure.ts';
import { stoodStill } from './clock.ts';
import type {
  RunEvent,
  RunStarted,
  TaskAttemptCompleted,
  TaskAttemptFailed,
  TaskClosing,
  TaskCompleted,
  TasksReset,
} from './events.ts';
import {
  definitionOf,
  hasEnded,
  isEntered,
  isTerminal,
  outputOfLeaves,
  type RunState,
  type RunStatus,
  rootOf,
  siblingOf,
  type TaskState,
} from './state.ts';
import { addTasks } from './transitions/add-tasks.ts';
import { beginAgain, forked } from './transitions/begin-again.ts';
import {
  beginClosing,
  cancel,
  closeWithin,
  isWaiting,
  partsOf,
  stopShort,
  tasksOf,
  wakeClosing,
} from './transitions/close.ts';
import { adopt, end, yieldList } from './transitions/end-task.ts';
import { beginAttempt, enter } from './transitions/enter.ts';
import { goBack } from './transitions/go-back.ts';
import { handOff } from './transitions/hand-off.ts';
import { hold } from './transitions/hold.ts';
import {
  aboutToChange,
  addToList,
  expand,
  expire,
  itemOutputs,
  joinItem,
  leavePlace,
  readyAgain,
} from './transitions/items.ts';
import { link, unlink } from './transitions/links.ts';
import { acquire, asksFor, hasMutex, letGoMutex, mutexName } from './transitions/mutex.ts';
import { prioritise } from './transitions/priority.ts';
import { beginPart, keepLastRound, repeat } from './transitions/regions.ts';
import { caught, reset } from './transitions/scopes.ts';
import { receive, take } from './transitions/signals.ts';
import { park, pause, release, resume } from './transitions/standing.ts';
import { setStatus, unlock } from './transitions/status.ts';
import { beginUndo, noteDone, noteUnknown } from './transitions/undo.ts';

/**
 * Folds one event into the state, which it owns: changes it in place and returns it. Total: an event about an unknown task,
 * or after the end of the run, changes nothing but the revision.
 */
export function evolve(state: RunState, event: RunEvent): RunState {
  state.revision += 1;
  if (state.leftOver.length > 0) state.leftOver.length = 0;
  if (isTerminal(state.status)) return state;
  state.updatedAt = event.at;
  if ('commandId' in event && event.commandId !== undefined && event.type !== 'CommandRejected')
    state.commands.add(event.commandId);
  switch (event.type) {
    case 'RunStarted':
      return start(state, event);
    case 'RunPaused':
      return pause(state, event);
    case 'RunResumed':
      return resume(state, event);
    case 'RunParked':
      return park(state, event);
    case 'RunCompleted':
      // An output that is null is an output.
      state.output =
        event.output === undefined ? outputOfLeaves(state, '', state.graph.root.body.leaves) : event.output;
      return close(state, 'completed', event.at, event.stateDigest);
    case 'RunFailed':
      state.error = event.error;
      return close(state, 'failed', event.at, event.stateDigest);
    case 'RunCancelled':
      state.cancelReason = event.reason;
      return close(state, 'cancelled', event.at, event.stateDigest);
    case 'CommandRejected':
      return state;
    case 'TaskExpanded':
      return onTask(state, event.taskId, (task) => expand(state, task, event));
    case 'ItemsAdded':
      return onTask(state, event.taskId, (task) => addToList(state, task, event));
    case 'ItemJoined':
      return onTask(state, event.taskId, (task) => joinItem(state, task, event));
    case 'TaskYielded':
      return onTask(state, event.taskId, (task) => yieldList(state, task, event));
    case 'TaskExpired':
      return onTask(state, event.taskId, (task) => expire(state, task, event.error));
    case 'TaskReady':
      return onTask(state, event.taskId, (task) => {
        state.frontier.delete(task.id);
        const { mutex, across } = event;
        if (across !== undefined) task.askedAt = event.at;
        if (mutex === undefined || acquire(state, task, mutexName(mutex, across))) readyAgain(state, task, event.at);
      });
    case 'MutexGranted':
      return onTask(state, event.taskId, (task) => {
        if (task.mutex === undefined || !asksFor(state, task, task.mutex)) return;
        task.granted = true;
        readyAgain(state, task, event.at);
      });
    case 'TaskEntered':
      return onTask(state, event.taskId, (task) => enter(state, task, event));
    case 'TaskCancelled':
      return onTask(state, event.taskId, (task) => cancelled(state, task, event.at));
    case 'TaskClosing':
      return closing(state, event);
    case 'SignalReceived':
      return receive(state, event);
    case 'FormAnswered':
      return onTask(state, event.taskId, (task) => {
        if (task.form === undefined || !isEntered(task)) return;
        task.form.answer = { value: event.answer };
        state.frontier.add(task.id);
      });
    case 'FormAssigned':
      return onTask(state, event.taskId, (task) => {
        if (task.form === undefined) return;
        task.form.assignee = event.to;
        if (event.step !== undefined) task.form.step = event.step;
      });
    case 'ScopeCaught':
      return caught(state, event);
    case 'CompensationBegan':
      return beginUndo(state, event);
    case 'RunForked':
      return forked(state, event);
    case 'TasksAdded':
      return addTasks(state, event);
    case 'TasksLinked':
      return onTask(state, event.taskId, (task) => link(state, task, event.after, event.at));
    case 'TasksUnlinked':
      return onTask(state, event.taskId, (task) => unlink(state, task, event.after, event.at));
    case 'TaskPrioritySet':
      return onTask(state, event.taskId, (task) => prioritise(state, task, event.priority));
    case 'TasksReset':
      if (event.why === 'fork') return beginAgain(state, event);
      if (event.why === 'goto') return goBack(state, event);
      if (event.why === 'repeat') return onTask(state, event.region, (task) => repeated(state, task, event));
      return reset(state, event);
    case 'TaskSkipped':
      return onTask(state, event.taskId, (task) => end(state, task, 'skipped', event.at));
    case 'TaskAdopted':
      return adopt(state, event.taskId, event.status, event.output, event.at);
    case 'TaskScheduled':
      return onTask(state, event.taskId, (task) => {
        // What counts as in flight has an agent.
        task.agent = event.agent;
        setStatus(state, task, 'scheduled');
        beginAttempt(state, task, event);
        task.startedAt = undefined;
        task.worker = undefined;
      });
    case 'TaskStarted':
      return onTask(state, event.taskId, (task) => {
        setStatus(state, task, 'running');
        task.startedAt = event.at;
        task.worker = event.worker;
      });
    case 'TaskCompleted':
      return onTask(state, event.taskId, (task) => completed(state, task, event));
    case 'TaskRepeated':
      return onTask(state, event.taskId, (task) =>
        repeat(state, task, { round: event.round, feedback: event.output, at: event.at }),
      );
    case 'TaskAttemptCompleted':
      return onTask(state, event.taskId, (task) => attemptCompleted(state, task, event));
    case 'TaskAttemptFailed':
      return onTask(state, event.taskId, (task) => attemptFailed(state, task, event));
    case 'TaskHandedOff':
      return onTask(state, event.taskId, (task) => handOff(state, task, event));
    case 'TaskFellBack':
      return onTask(state, event.taskId, (task) => {
        if (state.rules > 2) closeWithin(state, task, event.at);
        setStatus(state, task, 'waiting');
        task.closing = undefined;
        // It is another that makes the next attempt: what the one before did remains to be undone.
        task.unknown = false;
        if (task.fallback !== undefined) task.passed += 1;
        task.fallback = event.to.kind;
        task.error = event.error;
        if (event.to.kind === 'agent') {
          task.agent = event.to.agent;
          task.tries = 0;
          task.losses = 0;
          // It may have been waiting for its mutex, and goes on doing so.
          if (hasMutex(state, task)) readyAgain(state, task, event.at);
          else setStatus(state, task, 'pending');
        } else {
          letGoMutex(state, task);
          // Nothing is left to decide about it until its substitute has ended.
          const substitute = siblingOf(state, task, event.to.task);
          if (substitute !== undefined) unlock(state, substitute, event.at);
        }
      });
    case 'TaskFailed':
      return onTask(state, event.taskId, (task) => {
        task.error = event.error;
        task.unknown = false;
        end(state, task, 'failed', event.at);
      });
    case 'TaskResultIgnored':
      return onTask(state, event.taskId, (task) => {
        task.ignoredAttempt = event.attempt;
      });
    default:
      return event satisfies never;
  }
}

function onTask(state: RunState, taskId: string, change: (task: TaskState) => void): RunState {
  const task = state.tasks.get(taskId);
  if (task === undefined) return state;
  aboutToChange(state, task);
  change(task);
  return state;
}

function start(state: RunState, event: RunStarted): RunState {
  state.status = event.lineage?.as === undefined ? 'running' : 'forking';
  state.runId = event.runId;
  state.definition = event.definition;
  state.definitionHash = event.definitionHash;
  state.rules = event.rules ?? 1;
  state.input = event.input;
  state.inputFrom = event.inputFrom;
  state.traceparent = event.traceparent;
  state.tenant = event.tenant;
  state.labels = event.labels;
  state.lineage = event.lineage;
  state.startedAt = event.at;
  state.held = roughSize(event.input);
  state.parent = event.parent;
  state.graph = TaskGraph.of(event.definition);
  const root = rootOf(state);
  root.round = 1;
  beginPart(state, root, state.graph.root.body, event.at);
  return state;
}

function completed(state: RunState, task: TaskState, event: TaskCompleted): void {
  const { via } = event;
  // What a list that yielded gives was said then.
  if (via === 'items') task.output = task.yieldedAt === undefined ? itemOutputs(task.items) : task.output;
  else if (via === 'fallback-task') task.output = siblingOf(state, task, fallbackTaskOf(state, task))?.output ?? null;
  else if (via === 'last-round') keepLastRound(state, task);
  else if (via === 'signal') task.output = take(state, task.signal, event.signal);
  else if (via === 'form') task.output = task.form?.answer?.value ?? null;
  else if (event.output !== undefined) task.output = event.output;
  else if (via === 'override') task.output = givenIn(task);
  else if (via === 'scope') task.output = leavesOf(state, task);
  else task.output = via === 'timer' || via === 'switch' ? (task.input ?? null) : null;
  task.carriesOutput = event.output !== undefined;
  // Any other is made of what other tasks hold.
  if (event.output !== undefined || via === 'signal' || via === 'form' || via === 'override')
    hold(state, task, 'output');
  if (event.ends !== undefined) {
    task.ends = event.ends;
    hold(state, task, 'ends');
  }
  if (event.case !== undefined) task.chosen = event.case;
  task.error = undefined;
  if (task.form !== undefined) task.form.answer = undefined;
  if (via === 'override') overridden(state, task, event.attempt);
  else if (via === 'agent' || via === 'child' || via === 'scope') noteDone(state, task);
  task.unknown = false;
  end(state, task, 'completed', event.at);
  const scope = via === 'end' || event.ends !== undefined ? state.scopes.get(task.scope) : undefined;
  if (scope === undefined) return;
  scope.ending ??= task.id;
  if (scope.path !== '') state.frontier.add(scope.path);
}

/** What a closing task was said to give. */
const givenIn = ({ closing }: TaskState): Json =>
  closing === undefined || closing.why === 'within' ? null : (closing.output ?? null);

/** What was said counts as an attempt, and as done, unless the attempt before it was awaited and completed: then that is to be undone, if anything is. */
function overridden(state: RunState, task: TaskState, attempt: number): void {
  const done = task.scheduledAt === undefined ? undefined : state.undo.find(undoing(task.id, task.attempt));
  task.attempt = attempt;
  if (done?.outcome !== 'completed') noteDone(state, task);
}

const leavesOf = (state: RunState, task: TaskState): Json =>
  outputOfLeaves(state, task.id, state.graph.block(task.definitionId)?.body.leaves ?? []);

/** What the repeating task did in the round that ended was done. */
function repeated(state: RunState, task: TaskState, event: TasksReset): void {
  if (event.via === undefined) {
    const { output } = task;
    task.output = event.feedback;
    noteDone(state, task);
    task.output = output;
  }
  repeat(state, task, event);
}

/** A join that does not need it ended it, or it is one of the child runs that something waited for. */
function cancelled(state: RunState, task: TaskState, at: number): void {
  const { closing } = task;
  if (closing?.why !== 'within') return end(state, task, 'cancelled', at);
  cancel(state, task, at);
  task.closing = closing;
  wakeClosing(state, task);
  task.closing = undefined;
}

function closing(state: RunState, event: TaskClosing): RunState {
  const { taskId, why, error, commandId, reason, by, compensate, output, at } = event;
  const how = {
    why,
    ...(error === undefined ? {} : { error }),
    ...(commandId === undefined ? {} : { commandId }),
    ...(reason === undefined ? {} : { reason }),
    ...(by === undefined ? {} : { by }),
    ...(compensate === undefined ? {} : { compensate }),
    ...(output === undefined ? {} : { output }),
  };
  if (taskId === '') {
    state.closing = how;
    // A pause does not hold up what a cancellation has to do first.
    if (why === 'cancel') release(state, at);
    beginClosing(state, '', tasksOf(state, rootOf(state)), at);
    state.frontier.clear();
    state.milestones.clear();
    return state;
  }
  return onTask(state, taskId, (task) => {
    state.frontier.delete(taskId);
    state.milestones.delete(taskId);
    task.closing = how;
    stopShort(state, task);
    beginClosing(state, taskId, partsOf(state, task), at);
    if (!isWaiting(state, taskId)) state.frontier.add(taskId);
  });
}

/** What has not ended by now is cancelled; fallback tasks that were not needed are skipped when the run did well. */
function close(state: RunState, status: RunStatus, at: number, digest: string): RunState {
  for (const task of state.tasks.values()) {
    if (hasEnded(task)) continue;
    aboutToChange(state, task);
    const began = task.status !== 'pending' && task.status !== 'ready';
    setStatus(state, task, status === 'completed' && !began ? 'skipped' : 'cancelled');
    task.endedAt = at;
    task.endRevision = state.revision;
  }
  state.frontier.clear();
  state.milestones.clear();
  state.weighing.clear();
  const root = rootOf(state);
  state.scopes.clear();
  state.scopes.set('', root);
  state.limited.clear();
  state.signals.clear();
  state.mutexes.clear();
  state.mutexWaits.clear();
  state.shared.clear();
  state.closing = undefined;
  state.status = status;
  state.parked = undefined;
  state.endedAt = at;
  state.stateDigest = digest;
  return state;
}

/** What the attempt did is done, and its task does not complete with it. */
function attemptCompleted(state: RunState, task: TaskState, event: TaskAttemptCompleted): void {
  setStatus(state, task, 'waiting');
  noteDone(state, task, event.output);
  goOnClosing(state, task);
}

/** What was only waited for: the task ends now, once what it did is undone. */
function goOnClosing(state: RunState, task: TaskState): void {
  if (task.closing !== undefined && task.closing.why !== 'within') wakeClosing(state, task);
}

function attemptFailed(state: RunState, task: TaskState, event: TaskAttemptFailed): void {
  setStatus(state, task, 'waiting');
  task.error = event.error;
  task.retryAt = event.retryAt;
  task.stoppedBeforeWait = stoodStill(state, event.at);
  if (leavesUnknown(event)) noteUnknown(state, task);
  if (event.lost === true) task.losses += 1;
  else task.tries += 1;
  if (task.index !== undefined && event.retryAt !== undefined) leavePlace(state, task, event.at);
  goOnClosing(state, task);
}

function fallbackTaskOf(state: RunState, task: TaskState): string {
  return standInOf(definitionOf(state, task) ?? {}) ?? '';
}
