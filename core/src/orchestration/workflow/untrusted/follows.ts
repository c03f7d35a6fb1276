import type { Fallback, TaskDefinition } from '../../../definition/definition.ts';
import { taskPaths, undoing } from '../../../shared/task-path.ts';
import type {
  CompensationBegan,
  RunCompleted,
  RunEvent,
  ScopeCaught,
  TaskAdopted,
  TaskClosing,
  TaskCompleted,
  TaskEntered,
  TaskExpanded,
  TasksReset,
  Via,
} from '../events.ts';
import {
  hasEnded,
  isAgentTask,
  isEntered,
  isInFlight,
  type RunState,
  rootOf,
  scopeAt,
  siblingOf,
  type TaskState,
} from '../state.ts';
import { isOutstanding } from '../transitions/close.ts';
import { neededBy } from '../transitions/end-task.ts';
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
      return state.status === 'paused' ? flaw('type', 'cannot come: the run is paused already') : undefined;
    case 'RunParked':
      return state.status === 'parked' ? flaw('type', 'cannot come: the run is parked already') : undefined;
    case 'RunResumed':
      return state.status === 'running' ? flaw('type', 'cannot come: the run is not paused') : undefined;
    case 'RunCompleted':
      return endedFlaw(state, event);
    case 'RunFailed':
      return event.taskId === undefined || state.tasks.get(event.taskId)?.status === 'failed'
        ? undefined
        : flaw('data.taskId', `is '${event.taskId}', which has not failed`);
    case 'RunCancelled':
    case 'CommandRejected':
    case 'SignalReceived':
      return undefined;
    case 'CompensationBegan': {
      const undo = state.scopes.get(event.scope)?.undo ?? [];
      const known = undo.some(({ taskId, attempt }) => undoing(taskId, attempt) === event.taskId);
      return known ? undefined : flaw('data.taskId', `is '${event.taskId}', and there is nothing of it to undo`);
    }
    case 'ScopeCaught':
    case 'TasksReset':
      return blockFlaw(state, event);
    case 'TaskClosing': {
      const { taskId } = event;
      const task = state.tasks.get(taskId);
      if (taskId !== '' && task === undefined) return unknown(taskId);
      if (task !== undefined && hasEnded(task)) return unfit(task);
      return isOutstanding(state, taskId) ? undefined : flaw('type', 'cannot come: nothing is outstanding there');
    }
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

const flaw = (field: string, problem: string): Flaw => ({ field, problem });
const unknown = (taskId: string): Flaw => flaw('data.taskId', `is '${taskId}', which the run does not have`);
const unfit = (task: TaskState): Flaw => flaw('type', `cannot come: '${task.id}' is ${task.status}`);

function taskFlaw(state: RunState, task: TaskState, definition: TaskDefinition, event: AboutTask): Flaw | undefined {
  switch (event.type) {
    case 'TaskReady': {
      const decides = event.reason !== 'retry' && event.reason !== 'manual';
      if (event.mutex !== undefined && definition.mutex === undefined)
        return flaw('data.mutex', `cannot stand beside '${task.id}'`);
      const waits = decides ? isUndecided(task, definition) : task.status === 'waiting';
      return waits ? undefined : unfit(task);
    }
    case 'TaskSkipped':
      return isUndecided(task, definition) || event.reason === 'case' ? pendingFlaw(task) : unfit(task);
    case 'TaskEntered':
      return enteredFlaw(state, task, definition, event);
    case 'TaskCancelled':
      return hasEnded(task) ? unfit(task) : undefined;
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

/** Enough dependencies have ended, and whether it runs was not decided yet. */
const isUndecided = (task: TaskState, definition: TaskDefinition): boolean =>
  task.status === 'pending' && (task.waitingOn === 0 || neededBy(definition) !== undefined);

/** It has begun, or would have: its condition or its input may have failed. */
const mayEnd = (task: TaskState, definition: TaskDefinition): boolean =>
  !hasEnded(task) && (task.status !== 'pending' || isUndecided(task, definition));

const pendingFlaw = (task: TaskState): Flaw | undefined => (task.status === 'pending' ? undefined : unfit(task));

/** The run is through, or an `end` has ended it, or a handler. */
function endedFlaw(state: RunState, event: RunCompleted): Flaw | undefined {
  const { open, ending, handling } = rootOf(state);
  if (open === 0 || ending !== undefined) {
    const recorded = ending !== undefined || handling !== undefined;
    return recorded && event.output === undefined ? flaw('data.output', 'is missing') : undefined;
  }
  return flaw('type', `cannot come: ${open} tasks have not ended`);
}

function blockFlaw(state: RunState, event: ScopeCaught | TasksReset): Flaw | undefined {
  const path = event.type === 'ScopeCaught' ? event.scope : event.region;
  if (event.type === 'TasksReset' && event.why === 'repeat') {
    const task = state.tasks.get(path);
    const repeat = state.graph.node(task?.definitionId ?? '')?.definition.repeat;
    if (task === undefined || repeat === undefined) return unknown(path);
    if (hasEnded(task)) return unfit(task);
    return event.round === task.round + 1 && event.round <= repeat.max
      ? attemptFlaw(task, event.attempt ?? 0)
      : flaw('data.round', `is ${event.round} after round ${task.round} of ${repeat.max}`);
  }
  const scope = scopeAt(state, path);
  const block = state.graph.block(scope?.definitionId ?? '');
  if (scope === undefined || block === undefined) return flaw('data', `names '${path}', which is no block under way`);
  if (event.type === 'ScopeCaught') {
    if (scope.failure !== event.taskId)
      return flaw('data.taskId', `is '${event.taskId}', which has not failed the block`);
    return block.definition.catch?.[event.clause] === undefined
      ? flaw('data.clause', `is ${event.clause}, and there is no such catch`)
      : undefined;
  }
  if (event.round !== scope.round + 1) return flaw('data.round', `is ${event.round} after round ${scope.round}`);
  if (event.why === 'catch')
    return scope.handling === undefined ? flaw('data.why', 'is catch, and nothing was caught') : undefined;
  return block.definition.loop === undefined || scope.open > 0
    ? flaw('data.why', 'is loop, and no round has ended')
    : undefined;
}

function enteredFlaw(
  state: RunState,
  task: TaskState,
  definition: TaskDefinition,
  event: TaskEntered,
): Flaw | undefined {
  if (task.status !== 'ready' || isAgentTask(state, task)) return unfit(task);
  if (event.attempt !== task.attempt + 1)
    return flaw('data.attempt', `is ${event.attempt}; the next one of '${task.id}' is ${task.attempt + 1}`);
  const needs = { until: definition.sleep, signal: definition.wait, child: definition.workflow };
  for (const [field, performer] of Object.entries(needs) as ['until' | 'signal' | 'child', unknown][]) {
    if ((event[field] === undefined) !== (performer === undefined))
      return flaw(`data.${field}`, performer === undefined ? `cannot stand beside '${task.id}'` : 'is missing');
  }
  return undefined;
}

const attemptFlaw = (task: TaskState, attempt: number): Flaw | undefined =>
  attempt === task.attempt
    ? undefined
    : flaw('data.attempt', `is ${attempt}; the last one of '${task.id}' is ${task.attempt}`);

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

/** Whether a completion carries its output. */
const OUTPUTS: Readonly<Record<Via, 'with' | 'without' | 'either'>> = {
  agent: 'with',
  items: 'without',
  'fallback-value': 'with',
  'fallback-task': 'without',
  'last-round': 'without',
  value: 'with',
  switch: 'either',
  timer: 'without',
  signal: 'without',
  default: 'with',
  child: 'with',
  scope: 'either',
  end: 'with',
};

/** What ends tasks of one performer only. */
const SINGLE: Readonly<Partial<Record<Via, (task: TaskState, definition: TaskDefinition) => boolean>>> = {
  value: (_, { set }) => set !== undefined,
  switch: (_, definition) => definition.switch !== undefined,
  timer: (task) => task.wakeAt !== undefined,
  signal: (task) => task.signal !== undefined,
  default: (_, { wait }) => wait?.default !== undefined,
  child: (task) => task.child !== undefined,
  scope: (_, { scope }) => scope !== undefined,
  end: (_, { end }) => end !== undefined,
};

function completedFlaw(
  state: RunState,
  task: TaskState,
  definition: TaskDefinition,
  event: TaskCompleted,
): Flaw | undefined {
  const { fallback } = definition;
  const outputs = OUTPUTS[event.via];
  if (outputs === 'with' && event.output === undefined) return flaw('data.output', 'is missing');
  if (outputs === 'without' && event.output !== undefined)
    return flaw('data.output', `cannot stand beside via "${event.via}"`);
  if (SINGLE[event.via]?.(task, definition) === false) return flaw('data.via', `does not fit '${task.id}'`);
  switch (event.via) {
    case 'agent':
      if (!isInFlight(task)) return unfit(task);
      break;
    case 'items': {
      if (hasEnded(task) || task.items === undefined) return unfit(task);
      const left = task.items.total - task.items.ended;
      if (left > 0) return flaw('type', `cannot come: ${left} items of '${task.id}' have not ended`);
      break;
    }
    case 'fallback-value':
      if (!mayEnd(task, definition)) return unfit(task);
      if (fallback?.kind !== 'value') return flaw('data.via', `is not the fallback of '${task.id}'`);
      break;
    case 'last-round':
      if (!isUndecided(task, definition) || task.round < 2) return unfit(task);
      break;
    case 'fallback-task': {
      const substitute = fallback?.kind === 'task' ? siblingOf(state, task, fallback.task) : undefined;
      if (hasEnded(task) || task.fallback !== 'task' || substitute === undefined) return unfit(task);
      if (!hasEnded(substitute)) return flaw('type', `cannot come: '${substitute.id}' has not ended`);
      break;
    }
    case 'value':
    case 'switch':
    case 'end':
      return task.status === 'ready' ? attemptFlaw(task, event.attempt) : unfit(task);
    case 'signal': {
      if (!isEntered(task)) return unfit(task);
      const kept = state.signals.get(task.signal ?? '') ?? [];
      return kept.some(({ id }) => id === event.signal)
        ? attemptFlaw(task, event.attempt)
        : flaw('data.signal', `is '${event.signal ?? ''}', which did not come`);
    }
    case 'timer':
    case 'default':
    case 'child':
    case 'scope':
      if (!isEntered(task)) return unfit(task);
      break;
    default:
      return event.via satisfies never;
  }
  return attemptFlaw(task, event.attempt);
}

function adoptedFlaw(state: RunState, event: TaskAdopted): Flaw | undefined {
  const task = state.tasks.get(event.taskId);
  if (task !== undefined) return hasEnded(task) || task.attempt > 0 ? unfit(task) : undefined;
  const item = taskPaths(state.rules).itemOf(event.taskId);
  const items = state.tasks.get(item?.list ?? '')?.items;
  return item !== undefined && items !== undefined && item.index < items.total ? undefined : unknown(event.taskId);
}
