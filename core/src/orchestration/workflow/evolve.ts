import { TaskGraph } from '../../definition/task-graph.ts';
import { roughSize } from '../../shared/json-size.ts';
import type { RunEvent, RunStarted, TaskAttemptFailed } from './events.ts';
import {
  createTaskState,
  definitionOf,
  hasEnded,
  isTerminal,
  outputOfLeaves,
  type RunState,
  type RunStatus,
  type TaskState,
} from './state.ts';
import { adopt, end } from './transitions/end-task.ts';
import { hold } from './transitions/hold.ts';
import { aboutToChange, expand, expire, itemOutputs } from './transitions/items.ts';
import { keepLastRound, repeat } from './transitions/segment.ts';
import { makeReady, setStatus, unlock } from './transitions/status.ts';

/**
 * Folds one event into the state, which it owns: changes it in place and returns it. Total: an event about an unknown task,
 * or after the end of the run, changes nothing but the revision.
 */
export function evolve(state: RunState, event: RunEvent): RunState {
  state.revision += 1;
  if (isTerminal(state.status)) return state;
  state.updatedAt = event.at;
  if ('commandId' in event && event.commandId !== undefined && event.type !== 'CommandRejected')
    state.commands.add(event.commandId);
  switch (event.type) {
    case 'RunStarted':
      return start(state, event);
    case 'RunPaused':
      state.status = 'paused';
      return state;
    case 'RunResumed':
      state.status = 'running';
      state.parked = undefined;
      return state;
    case 'RunParked':
      state.status = 'parked';
      state.parked = event.error;
      return state;
    case 'RunCompleted':
      // An output that is null is an output.
      state.output = event.output === undefined ? outputOfLeaves(state, state.graph.leaves) : event.output;
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
    case 'TaskExpired':
      return onTask(state, event.taskId, (task) => expire(state, task, event.error));
    case 'TaskReady':
      return onTask(state, event.taskId, (task) => makeReady(state, task, event.at));
    case 'TaskSkipped':
      return onTask(state, event.taskId, (task) => end(state, task, 'skipped', event.at));
    case 'TaskAdopted':
      return adopt(state, event.taskId, event.status, event.output, event.at);
    case 'TaskScheduled':
      return onTask(state, event.taskId, (task) => {
        setStatus(state, task, 'scheduled');
        task.attempt = event.attempt;
        task.agent = event.agent;
        if (event.input !== undefined) {
          task.input = event.input;
          hold(state, task, 'input');
        }
        task.firstScheduledAt ??= event.at;
        task.scheduledAt = event.at;
        task.startedAt = undefined;
        task.retryAt = undefined;
        task.worker = undefined;
      });
    case 'TaskStarted':
      return onTask(state, event.taskId, (task) => {
        setStatus(state, task, 'running');
        task.startedAt = event.at;
        task.worker = event.worker;
      });
    case 'TaskCompleted':
      return onTask(state, event.taskId, (task) => {
        if (event.via === 'items') task.output = itemOutputs(task.items);
        else if (event.via === 'fallback-task')
          task.output = state.tasks.get(fallbackTaskOf(state, task))?.output ?? null;
        else if (event.via === 'last-round') keepLastRound(state, task);
        else {
          task.output = event.output ?? null;
          hold(state, task, 'output');
        }
        task.error = undefined;
        end(state, task, 'completed', event.at);
      });
    case 'TaskRepeated':
      return onTask(state, event.taskId, (task) => repeat(state, task, event));
    case 'TaskAttemptFailed':
      return onTask(state, event.taskId, (task) => attemptFailed(state, task, event));
    case 'TaskFellBack':
      return onTask(state, event.taskId, (task) => {
        task.fallback = event.to.kind;
        task.error = event.error;
        if (event.to.kind === 'agent') {
          task.agent = event.to.agent;
          task.tries = 0;
          task.losses = 0;
          makeReady(state, task, event.at);
        } else {
          // Nothing is left to decide about it until its substitute has ended.
          setStatus(state, task, 'waiting');
          const substitute = state.tasks.get(event.to.task);
          if (substitute !== undefined) unlock(state, substitute, event.at);
        }
      });
    case 'TaskFailed':
      return onTask(state, event.taskId, (task) => {
        task.error = event.error;
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
  state.status = 'running';
  state.runId = event.runId;
  state.definition = event.definition;
  state.definitionHash = event.definitionHash;
  state.rules = event.rules ?? 1;
  state.input = event.input;
  state.traceparent = event.traceparent;
  state.lineage = event.lineage;
  state.startedAt = event.at;
  state.held = roughSize(event.input);
  state.graph = TaskGraph.of(event.definition);
  state.open = state.graph.required;
  for (const task of event.definition.tasks) {
    state.tasks.set(task.id, createTaskState(task.id, task.id, undefined, task.after.length));
  }
  for (const [id, planned] of state.graph.nodes) {
    const task = state.tasks.get(id);
    if (task !== undefined && task.waitingOn === 0 && planned.fallbackFor === undefined) unlock(state, task, event.at);
  }
  return state;
}

/** What has not ended by now is cancelled; fallback tasks that were not needed are skipped when the run did well. */
function close(state: RunState, status: RunStatus, at: number, digest: string): RunState {
  for (const task of state.tasks.values()) {
    if (hasEnded(task)) continue;
    aboutToChange(state, task);
    setStatus(state, task, status === 'completed' ? 'skipped' : 'cancelled');
    task.endedAt = at;
  }
  state.frontier.clear();
  state.status = status;
  state.parked = undefined;
  state.endedAt = at;
  state.stateDigest = digest;
  return state;
}

function attemptFailed(state: RunState, task: TaskState, event: TaskAttemptFailed): void {
  setStatus(state, task, 'waiting');
  task.error = event.error;
  task.retryAt = event.retryAt;
  if (event.lost === true) task.losses += 1;
  else task.tries += 1;
}

function fallbackTaskOf(state: RunState, task: TaskState): string {
  const fallback = definitionOf(state, task)?.fallback;
  return fallback?.kind === 'task' ? fallback.task : '';
}
