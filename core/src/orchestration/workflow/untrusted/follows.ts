import type { Fallback, TaskDefinition } from '../../../definition/definition.ts';
import { taskPaths } from '../../../shared/task-path.ts';
import type { CompensationBegan, RunEvent, ScopeCaught, TaskAdopted, TaskClosing, TaskExpanded } from '../events.ts';
import { hasEnded, isEntered, isInFlight, isPausedBy, type RunState, rootOf, type TaskState } from '../state.ts';
import { neededBy } from '../transitions/end-task.ts';
import { attemptFlaw, flaw, isPassedOver, isUndecided, mayEnd, unfit, unknown } from './flaws.ts';
import {
  cancelledFlaw,
  caughtFlaw,
  closingFlaw,
  enteredFlaw,
  resetFlaw,
  throughFlaw,
  undoFlaw,
} from './follows-blocks.ts';
import { completedFlaw } from './follows-completed.ts';
import type { Flaw } from './shape.ts';

/**
 * Why an event of the right shape cannot come after those that `state` has folded, or nothing. Looks at what a fold would
 * otherwise pass over (a task that is not there, a number that was never given), not at whether a decision was a good one: the
 * digest in the terminal event covers the rest.
 */
export function followsFlaw(state: RunState, event: RunEvent): Flaw | undefined {
  switch (event.type) {
    case 'RunStarted':
      return flaw('type', 'cannot come again: the run has begun');
    case 'RunPaused':
      if (event.by === 'parent' && state.parent === undefined)
        return flaw('data.by', 'is "parent", and the run has none');
      return isPausedBy(state, event.by ?? 'user') ? flaw('type', 'cannot come: the run is paused already') : undefined;
    case 'RunParked':
      return state.status === 'parked' ? flaw('type', 'cannot come: the run is parked already') : undefined;
    case 'RunResumed':
      return isPausedBy(state, event.by ?? 'user') || (event.by === undefined && state.status === 'parked')
        ? undefined
        : flaw('type', 'cannot come: the run is not paused');
    case 'RunCompleted':
      return state.closing?.why === 'cancel' || state.closing?.why === 'limit'
        ? flaw('type', 'cannot come: the run is closing')
        : throughFlaw(state, rootOf(state), event.output);
    case 'RunFailed':
      return event.taskId === undefined || state.tasks.get(event.taskId)?.status === 'failed'
        ? undefined
        : flaw('data.taskId', `is '${event.taskId}', which has not failed`);
    case 'RunCancelled':
    case 'CommandRejected':
      return undefined;
    case 'SignalReceived':
      return state.commands.has(event.commandId)
        ? flaw('data.commandId', `is '${event.commandId}', which took effect before`)
        : undefined;
    case 'CompensationBegan':
      return undoFlaw(state, event);
    case 'ScopeCaught':
      return caughtFlaw(state, event);
    case 'TasksReset':
      return resetFlaw(state, event);
    case 'TaskClosing':
      return closingFlaw(state, event);
    case 'TaskAdopted':
      return adoptedFlaw(state, event);
    default: {
      const task = state.tasks.get(event.taskId);
      const definition = state.graph.node(task?.definitionId ?? '')?.definition;
      if (task === undefined || definition === undefined) return unknown(event.taskId);
      return taskFlaw(state, task, definition, event);
    }
  }
}

type AboutTask = Exclude<
  Extract<RunEvent, { readonly taskId: string }>,
  TaskAdopted | ScopeCaught | CompensationBegan | TaskClosing
>;

function taskFlaw(state: RunState, task: TaskState, definition: TaskDefinition, event: AboutTask): Flaw | undefined {
  switch (event.type) {
    case 'TaskReady':
      if (event.mutex !== undefined && definition.mutex === undefined)
        return flaw('data.mutex', `cannot stand beside '${task.id}'`);
      if (event.reason === 'retry' || event.reason === 'manual')
        return task.status === 'waiting' ? undefined : unfit(task);
      if (event.reason !== 'mutex') return decidedFlaw(task, definition, event.reason);
      if (definition.mutex === undefined) return flaw('data.reason', `is mutex, and '${task.id}' asks for none`);
      return task.status === 'pending' ? undefined : unfit(task);
    case 'TaskSkipped':
      if (event.reason === 'case') return notChosenFlaw(state, task, definition);
      if (event.reason === 'condition') return decidedFlaw(task, definition, 'condition');
      return isUndecided(task, definition) ? undefined : unfit(task);
    case 'TaskEntered':
      return enteredFlaw(state, task, definition, event);
    case 'TaskCancelled':
      return cancelledFlaw(state, task, definition, event);
    case 'TaskExpanded':
      if (state.tasks.size + event.total > MAX_TASKS)
        return flaw('data.total', `is ${event.total}: a run from outside may have ${MAX_TASKS} tasks and items`);
      return expandedFlaw(task, definition, event);
    case 'TaskExpired':
      return hasEnded(task) || task.items === undefined || task.items.expired !== undefined ? unfit(task) : undefined;
    case 'TaskScheduled':
      if (state.status !== 'running') return flaw('type', `cannot come: the run is ${state.status}`);
      if (task.status !== 'ready') return unfit(task);
      if (event.attempt !== task.attempt + 1)
        return flaw('data.attempt', `is ${event.attempt}; the next one of '${task.id}' is ${task.attempt + 1}`);
      return event.input === undefined && task.input === undefined ? flaw('data.input', 'is missing') : undefined;
    case 'TaskStarted':
      return task.status === 'scheduled' ? attemptFlaw(task, event.attempt) : unfit(task);
    case 'TaskCompleted':
      return completedFlaw(state, task, definition, event);
    case 'TaskRepeated':
      if (event.via === undefined ? !isInFlight(task) : hasEnded(task)) return unfit(task);
      if (definition.repeat === undefined || definition.repeat.from !== event.from)
        return flaw('data.from', `is not where '${task.id}' repeats from`);
      if (event.round !== task.round + 1 || event.round > definition.repeat.max)
        return flaw('data.round', `is ${event.round} after round ${task.round} of ${definition.repeat.max}`);
      return attemptFlaw(task, event.attempt);
    case 'TaskAttemptFailed':
      return isInFlight(task) || (isEntered(task) && task.child !== undefined)
        ? attemptFlaw(task, event.attempt)
        : unfit(task);
    case 'TaskFellBack':
      if (!mayEnd(task, definition) || task.fallback !== undefined) return unfit(task);
      return standsIn(definition.fallback, event.to) ? undefined : flaw('data.to', 'is not the fallback of the task');
    case 'TaskFailed':
      return hasEnded(task) ? unfit(task) : undefined;
    case 'TaskResultIgnored':
      return event.attempt > task.attempt
        ? flaw('data.attempt', `is ${event.attempt}; '${task.id}' has made ${task.attempt}`)
        : undefined;
    default:
      return event satisfies never;
  }
}

/** Whether it runs was to be decided now: nothing, or no more than the join leaves out, holds it up. */
function decidedFlaw(task: TaskState, definition: TaskDefinition, reason: 'condition' | 'join'): Flaw | undefined {
  const needed = neededBy(definition);
  if (reason === 'join' && (needed === undefined || definition.rest !== 'cancel'))
    return flaw('data.reason', `is join, and '${task.id}' gives nothing up for its own`);
  const isDue = needed === undefined ? task.waitingOn === 0 : task.met >= needed;
  return task.status === 'pending' && isDue ? undefined : unfit(task);
}

function notChosenFlaw(state: RunState, task: TaskState, definition: TaskDefinition): Flaw | undefined {
  if (task.status !== 'pending') return unfit(task);
  return isPassedOver(state, task, definition)
    ? undefined
    : flaw('data.reason', `is case, and no switch has passed over '${task.id}'`);
}

const standsIn = (
  fallback: Fallback | undefined,
  to: { readonly kind: string; readonly agent?: string; readonly task?: string },
) =>
  (fallback?.kind === 'agent' && to.kind === 'agent' && to.agent === fallback.agent) ||
  (fallback?.kind === 'task' && to.kind === 'task' && to.task === fallback.task);

/** Tasks and items that one run from outside may have at once. */
const MAX_TASKS = 1_000_000;

/** The parts of an expansion are one decision: each goes on where the one before ended, and nothing comes between. */
function expandedFlaw(task: TaskState, { forEach }: TaskDefinition, event: TaskExpanded): Flaw | undefined {
  const { items } = task;
  const there = items?.values.length ?? 0;
  if (forEach === undefined || task.index !== undefined)
    return flaw('data.taskId', `is '${task.id}', which has no forEach`);
  if (items === undefined ? task.status !== 'pending' : there >= items.total) return unfit(task);
  if (event.from !== there) return flaw('data.from', `is ${event.from} where ${there} must be`);
  if (items !== undefined && event.total !== items.total)
    return flaw('data.total', `is ${event.total}; the part before said ${items.total}`);
  if (there + event.items.length > event.total)
    return flaw('data.total', `is ${event.total}, but ${there + event.items.length} items are there`);
  if (event.items.length === 0 && event.total > 0) return flaw('data.items', 'is empty');
  return undefined;
}

function adoptedFlaw(state: RunState, event: TaskAdopted): Flaw | undefined {
  const task = state.tasks.get(event.taskId);
  if (task !== undefined) return hasEnded(task) || task.attempt > 0 ? unfit(task) : undefined;
  const item = taskPaths(state.rules).itemOf(event.taskId);
  const items = state.tasks.get(item?.list ?? '')?.items;
  return item !== undefined && items !== undefined && item.index < items.total ? undefined : unknown(event.taskId);
}
