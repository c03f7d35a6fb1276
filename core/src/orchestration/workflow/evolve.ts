import type { Json } from '../../shared/json.ts';
import { itemId, planOf } from '../task-chaining/plan.ts';
import type { RunEvent, RunStarted, TaskAttemptFailed, TaskExpanded, TaskRepeated } from './events.ts';
import {
  createTaskState,
  hasEnded,
  isInFlight,
  isTerminal,
  outputOfLeaves,
  type RunState,
  type RunStatus,
  type TaskState,
  type TaskStatus,
} from './state.ts';

/**
 * Folds one event into the state, which it owns: changes it in place and returns it. Total: an event about an unknown task,
 * or after the end of the run, changes nothing but the revision.
 */
export function evolve(state: RunState, event: RunEvent): RunState {
  state.revision += 1;
  if (isTerminal(state.status)) return state;
  state.updatedAt = event.at;
  switch (event.type) {
    case 'RunStarted':
      return start(state, event);
    case 'RunPaused':
      state.status = 'paused';
      state.controlCommands.add(event.commandId);
      return state;
    case 'RunResumed':
      state.status = 'running';
      state.controlCommands.add(event.commandId);
      return state;
    case 'RunCompleted':
      state.output = event.output ?? outputOfLeaves(state, planOf(state.definition).leaves);
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
        if (event.input !== undefined) task.input = event.input;
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
        if (event.via === 'items') task.output = itemOutputs(state, task);
        else if (event.via === 'fallback-task')
          task.output = state.tasks.get(fallbackTaskOf(state, task))?.output ?? null;
        else task.output = event.output ?? null;
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
        if (event.to.kind === 'agent') {
          task.agent = event.to.agent;
          task.tries = 0;
          task.losses = 0;
          makeReady(state, task, event.at);
        } else {
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
  if (task !== undefined) change(task);
  return state;
}

function start(state: RunState, event: RunStarted): RunState {
  state.status = 'running';
  state.runId = event.runId;
  state.startCommandId = event.commandId;
  state.definition = event.definition;
  state.definitionHash = event.definitionHash;
  state.input = event.input;
  state.lineage = event.lineage;
  state.startedAt = event.at;
  const plan = planOf(event.definition);
  state.open = plan.required;
  for (const task of event.definition.tasks) {
    state.tasks.set(task.id, createTaskState(task.id, task.id, undefined, task.after.length));
  }
  for (const [id, planned] of plan.tasks) {
    const task = state.tasks.get(id);
    if (task !== undefined && task.waitingOn === 0 && planned.fallbackFor === undefined) unlock(state, task, event.at);
  }
  return state;
}

/** What has not ended by now is cancelled; fallback tasks that were not needed are skipped when the run did well. */
function close(state: RunState, status: RunStatus, at: number, digest: string): RunState {
  for (const task of state.tasks.values()) {
    if (hasEnded(task)) continue;
    setStatus(state, task, status === 'completed' ? 'skipped' : 'cancelled');
    task.endedAt = at;
  }
  state.frontier.clear();
  state.status = status;
  state.endedAt = at;
  state.stateDigest = digest;
  return state;
}

/** All dependencies of the task have ended: it is ready, or settle has to decide about it. */
function unlock(state: RunState, task: TaskState, at: number): void {
  const definition = planOf(state.definition).tasks.get(task.definitionId)?.definition;
  if (definition === undefined) return;
  const allSkipped = definition.after.length > 0 && task.skippedDependencies === definition.after.length;
  if (allSkipped || definition.when !== undefined || definition.forEach !== undefined) state.frontier.add(task.id);
  else makeReady(state, task, at);
}

function makeReady(state: RunState, task: TaskState, at: number): void {
  setStatus(state, task, 'ready');
  task.readySince = at;
  task.retryAt = undefined;
  state.tickets += 1;
  task.ticket = state.tickets;
  const priority = planOf(state.definition).tasks.get(task.definitionId)?.definition.priority ?? 0;
  state.ready.add(task.id, priority, task.ticket);
}

function setStatus(state: RunState, task: TaskState, status: TaskStatus): void {
  if (task.status === 'ready') state.readyCount -= 1;
  else if (isInFlight(task)) state.inFlight -= 1;
  task.status = status;
  if (status === 'ready') state.readyCount += 1;
  else if (isInFlight(task)) state.inFlight += 1;
  state.frontier.delete(task.id);
}

function end(state: RunState, task: TaskState, status: 'completed' | 'failed' | 'skipped', at: number): void {
  if (hasEnded(task)) return;
  setStatus(state, task, status);
  task.endedAt = at;
  task.retryAt = undefined;
  if (status === 'skipped') task.output = null;
  if (task.index !== undefined) return endItem(state, task, at);
  const planned = planOf(state.definition).tasks.get(task.id);
  if (planned === undefined) return;
  if (planned.fallbackFor !== undefined) {
    state.frontier.add(planned.fallbackFor);
    return;
  }
  if (status === 'failed') {
    state.failure ??= task.id;
    return;
  }
  cancelItems(state, task, at);
  state.open -= 1;
  for (const id of planned.dependents) {
    const dependent = state.tasks.get(id);
    if (dependent === undefined || hasEnded(dependent)) continue;
    dependent.waitingOn -= 1;
    if (status === 'skipped') dependent.skippedDependencies += 1;
    if (dependent.waitingOn === 0) unlock(state, dependent, at);
  }
}

function endItem(state: RunState, item: TaskState, at: number): void {
  const parent = state.tasks.get(item.definitionId);
  if (parent?.items === undefined) return;
  const forEach = planOf(state.definition).tasks.get(parent.id)?.definition.forEach;
  parent.items.active -= 1;
  parent.items.ended += 1;
  const failed = item.status === 'failed' && forEach?.onItemFailure !== 'continue';
  if (failed || parent.items.ended === parent.items.total) state.frontier.add(parent.id);
  else releaseItems(state, parent, at);
}

/** A parent that ended early (a value stood in for it) leaves no item behind. */
function cancelItems(state: RunState, parent: TaskState, at: number): void {
  if (parent.items === undefined || parent.items.ended === parent.items.total) return;
  for (let index = 0; index < parent.items.total; index += 1) {
    const item = state.tasks.get(itemId(parent.id, index));
    if (item === undefined || hasEnded(item)) continue;
    setStatus(state, item, 'cancelled');
    item.endedAt = at;
  }
}

function expand(state: RunState, parent: TaskState, event: TaskExpanded): void {
  parent.items ??= { values: [], total: event.total, cursor: 0, active: 0, ended: 0 };
  for (const item of event.items) parent.items.values.push(item);
  parent.firstScheduledAt ??= event.at;
  setStatus(state, parent, 'running');
  if (parent.items.values.length < event.total) return;
  if (event.total === 0) state.frontier.add(parent.id);
  else releaseItems(state, parent, event.at);
}

function releaseItems(state: RunState, parent: TaskState, at: number): void {
  const items = parent.items;
  const forEach = planOf(state.definition).tasks.get(parent.id)?.definition.forEach;
  if (items === undefined || forEach === undefined) return;
  while (items.active < forEach.concurrency && items.cursor < items.total) {
    const index = items.cursor;
    items.cursor += 1;
    const id = itemId(parent.id, index);
    if (state.tasks.has(id)) continue;
    items.active += 1;
    const item = createTaskState(id, parent.id, index, 0);
    item.round = parent.round;
    state.tasks.set(id, item);
    makeReady(state, item, at);
  }
}

function itemOutputs(state: RunState, parent: TaskState): Json[] {
  const outputs: Json[] = [];
  const total = parent.items?.total ?? 0;
  for (let index = 0; index < total; index += 1) {
    outputs.push(state.tasks.get(itemId(parent.id, index))?.output ?? null);
  }
  return outputs;
}

function adopt(
  state: RunState,
  taskId: string,
  status: 'completed' | 'skipped',
  output: Json | undefined,
  at: number,
): RunState {
  let task = state.tasks.get(taskId);
  if (task === undefined) {
    const dot = taskId.indexOf('.');
    const parent = state.tasks.get(taskId.slice(0, dot));
    if (parent?.items === undefined) return state;
    task = createTaskState(taskId, parent.id, Number(taskId.slice(dot + 1)), 0);
    state.tasks.set(taskId, task);
    parent.items.active += 1;
  }
  task.output = output ?? null;
  end(state, task, status, at);
  return state;
}

function attemptFailed(state: RunState, task: TaskState, event: TaskAttemptFailed): void {
  setStatus(state, task, 'waiting');
  task.error = event.error;
  task.retryAt = event.retryAt;
  if (event.lost === true) task.losses += 1;
  else task.tries += 1;
}

/** Resets the segment for another round; attempt numbers go on, so that an attempt is never counted twice. */
function repeat(state: RunState, repeater: TaskState, event: TaskRepeated): void {
  const plan = planOf(state.definition);
  const segment = plan.tasks.get(repeater.id)?.segment ?? [];
  const members = new Set(segment);
  for (const id of segment) {
    const task = state.tasks.get(id);
    const planned = plan.tasks.get(id);
    if (task === undefined || planned === undefined) continue;
    for (let index = 0; index < (task.items?.total ?? 0); index += 1) state.tasks.delete(itemId(id, index));
    if (hasEnded(task) && planned.fallbackFor === undefined) state.open += 1;
    setStatus(state, task, 'pending');
    const inside = planned.definition.after.filter((dependency) => members.has(dependency));
    Object.assign(task, {
      ...createTaskState(id, id, undefined, inside.length),
      round: event.round,
      attempt: task.attempt,
      ignoredAttempt: task.ignoredAttempt,
      skippedDependencies: planned.definition.after.filter(
        (dependency) => !members.has(dependency) && state.tasks.get(dependency)?.status === 'skipped',
      ).length,
    });
  }
  repeater.feedback = event.output;
  for (const id of segment) {
    const task = state.tasks.get(id);
    if (task !== undefined && task.waitingOn === 0 && plan.tasks.get(id)?.fallbackFor === undefined)
      unlock(state, task, event.at);
  }
}

function fallbackTaskOf(state: RunState, task: TaskState): string {
  const fallback = planOf(state.definition).tasks.get(task.definitionId)?.definition.fallback;
  return fallback?.kind === 'task' ? fallback.task : '';
}
