import type { TaskDefinition } from '../../definition/definition.ts';
import type { ErrorCode } from '../../shared/error-codes.ts';
import { type ErrorData, RepriseError, toErrorData } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { afterFailure } from '../task-chaining/failure.ts';
import { bindCondition, bindInput, scopeOf } from '../task-chaining/input-binding.ts';
import { type Plan, planOf } from '../task-chaining/plan.ts';
import { bindingSource, itemBinding } from './binding-source.ts';
import type { Command, CompleteTask, FailTask, FireTimer, RetryTasks, ScheduleTasks, StartRun } from './commands.ts';
import type { RunEvent, TaskExpanded } from './events.ts';
import { hasEnded, isInFlight, isTerminal, type RunState, type TaskState } from './state.ts';
import { stateDigest } from './state-codec.ts';

/** What decide and settle are handed besides the state: time, chance and limits are arguments. */
export interface DecisionContext {
  readonly now: number;
  /** In [0, 1); a new one for every call. */
  readonly random: () => number;
  /** Characters of JSON that an input may have. */
  readonly maxPayloadChars: number;
}

/** Items, and about how many characters of JSON, one TaskExpanded event carries at most. */
const EXPANSION_ITEMS = 500;
const EXPANSION_CHARS = 256 * 1024;

/**
 * What a command makes of a state. Pure and total: a late, odd or repeated command gives a rejection or nothing, never a
 * throw. What follows from the events by itself is settle's part.
 */
export function decide(state: RunState, command: Command, context: DecisionContext): readonly RunEvent[] {
  if (command.type === 'StartRun') return startRun(state, command, context);
  if (state.status === 'none')
    return [reject(command, 'REPRISE_RUN_NOT_FOUND', `There is no run '${command.runId}'.`, context)];
  if (isTerminal(state.status)) return decideClosed(state, command, context);
  const at = context.now;
  switch (command.type) {
    case 'ScheduleTasks':
      return schedule(state, command, context);
    case 'StartTask': {
      const task = state.tasks.get(command.taskId);
      if (task?.status !== 'scheduled' || task.attempt !== command.attempt) return [];
      return [{ type: 'TaskStarted', at, taskId: task.id, attempt: task.attempt, worker: command.worker }];
    }
    case 'CompleteTask':
      return complete(state, command, context);
    case 'FailTask':
      return fail(state, command, context);
    case 'FireTimer':
      return fireTimer(state, command, context);
    case 'RetryTasks':
      return retryTasks(state, command, context);
    case 'PauseRun':
      if (state.controlCommands.has(command.commandId)) return [];
      if (state.status === 'paused')
        return [reject(command, 'REPRISE_COMMAND_INVALID', 'The run is paused already.', context)];
      return [{ type: 'RunPaused', at, commandId: command.commandId, ...reasonOf(command) }];
    case 'ResumeRun':
      if (state.controlCommands.has(command.commandId)) return [];
      if (state.status === 'running')
        return [reject(command, 'REPRISE_COMMAND_INVALID', 'The run is not paused.', context)];
      return [{ type: 'RunResumed', at, commandId: command.commandId }];
    case 'CancelRun':
      return [
        {
          type: 'RunCancelled',
          at,
          commandId: command.commandId,
          ...reasonOf(command),
          stateDigest: stateDigest(state),
        },
      ];
    default:
      return command satisfies never;
  }
}

const reasonOf = (command: { readonly reason?: string }): { readonly reason?: string } =>
  command.reason === undefined ? {} : { reason: command.reason };

function reject(command: Command, code: ErrorCode, message: string, context: DecisionContext): RunEvent {
  return {
    type: 'CommandRejected',
    at: context.now,
    commandId: command.commandId,
    command: command.type,
    code,
    message,
  };
}

/** Workers and timers that come late get silence; people get an answer. */
function decideClosed(state: RunState, command: Command, context: DecisionContext): readonly RunEvent[] {
  switch (command.type) {
    case 'PauseRun':
    case 'ResumeRun':
    case 'RetryTasks':
      return [reject(command, 'REPRISE_RUN_CLOSED', `The run has ${state.status} already.`, context)];
    case 'CancelRun':
      if (state.status === 'cancelled') return [];
      return [reject(command, 'REPRISE_RUN_CLOSED', `The run has ${state.status} already.`, context)];
    default:
      return [];
  }
}

function startRun(state: RunState, command: StartRun, context: DecisionContext): readonly RunEvent[] {
  if (state.status !== 'none') {
    if (state.startCommandId === command.commandId) return [];
    return [reject(command, 'REPRISE_RUN_EXISTS', `The run '${command.runId}' exists already.`, context)];
  }
  const at = context.now;
  const events: RunEvent[] = [
    {
      type: 'RunStarted',
      at,
      runId: command.runId,
      commandId: command.commandId,
      definition: command.definition,
      definitionHash: command.definitionHash,
      input: command.input,
      ...(command.lineage === undefined ? {} : { lineage: command.lineage }),
    },
  ];
  for (const adopted of command.adopted ?? []) {
    if (adopted.status === 'expanded') events.push(...expansionOf(adopted.taskId, adopted.items, at));
    else events.push({ type: 'TaskAdopted', at, ...adopted });
  }
  return events;
}

/** The items of a forEach task as events of bounded size. */
export function expansionOf(taskId: string, items: readonly Json[], at: number): readonly TaskExpanded[] {
  const events: TaskExpanded[] = [];
  let part: Json[] = [];
  let chars = 0;
  for (const [index, item] of items.entries()) {
    part.push(item);
    chars += JSON.stringify(item).length;
    const last = index === items.length - 1;
    if (!last && part.length < EXPANSION_ITEMS && chars < EXPANSION_CHARS) continue;
    events.push({ type: 'TaskExpanded', at, taskId, from: index + 1 - part.length, items: part, total: items.length });
    part = [];
    chars = 0;
  }
  return events.length > 0 ? events : [{ type: 'TaskExpanded', at, taskId, from: 0, items: [], total: 0 }];
}

function schedule(state: RunState, command: ScheduleTasks, context: DecisionContext): readonly RunEvent[] {
  if (state.status !== 'running') return [];
  const plan = planOf(state.definition);
  const events: RunEvent[] = [];
  const chosen = new Set<string>();
  let slots = state.definition.concurrency - state.inFlight;
  for (const { taskId, agent } of command.assignments) {
    const task = state.tasks.get(taskId);
    if (slots <= 0 || task?.status !== 'ready' || chosen.has(taskId)) continue;
    chosen.add(taskId);
    const definition = plan.tasks.get(task.definitionId)?.definition;
    if (definition === undefined) continue;
    const scheduled = scheduleTask(state, plan, task, definition, agent, context);
    if (scheduled[0]?.type === 'TaskScheduled') slots -= 1;
    events.push(...scheduled);
  }
  return events;
}

function scheduleTask(
  state: RunState,
  plan: Plan,
  task: TaskState,
  definition: TaskDefinition,
  agent: string,
  context: DecisionContext,
): readonly RunEvent[] {
  const at = context.now;
  const attempt = task.attempt + 1;
  const base = { type: 'TaskScheduled', at, taskId: task.id, attempt, agent } as const;
  const events: RunEvent[] = [];
  if (task.input !== undefined) {
    events.push(base);
  } else {
    const bound = inputOf(state, plan, task, context);
    if (!bound.ok) return [{ type: 'TaskFailed', at, taskId: task.id, error: bound.error }];
    events.push({ ...base, input: bound.value });
  }
  // At-most-once: that the attempt began is durable before any agent can be called.
  if (definition.delivery === 'at-most-once') {
    events.push({ type: 'TaskStarted', at, taskId: task.id, attempt, worker: 'at-most-once' });
  }
  return events;
}

function inputOf(state: RunState, plan: Plan, task: TaskState, context: DecisionContext) {
  const origin = plan.tasks.get(task.definitionId)?.fallbackFor;
  const failed = origin === undefined ? undefined : state.tasks.get(origin);
  if (failed !== undefined && plan.tasks.get(task.definitionId)?.definition.input === undefined) {
    const error = failed.error === undefined ? null : { code: failed.error.code, message: failed.error.message };
    return { ok: true, value: { input: failed.input ?? null, error } } as const;
  }
  const source = bindingSource(state);
  const item = itemBinding(state, task);
  const scope = () => scopeOf(plan, source, task.definitionId, task.round, item);
  return bindInput(plan, source, task.definitionId, scope, context.maxPayloadChars, item);
}

function complete(state: RunState, command: CompleteTask, context: DecisionContext): readonly RunEvent[] {
  const task = state.tasks.get(command.taskId);
  if (task === undefined) return [];
  if (!isInFlight(task) || task.attempt !== command.attempt) return late(task, command.attempt, 'completed', context);
  const at = context.now;
  const base = { at, taskId: task.id, attempt: task.attempt, output: command.output };
  const plan = planOf(state.definition);
  const repeat = plan.tasks.get(task.id)?.definition.repeat;
  if (repeat === undefined) return [{ type: 'TaskCompleted', ...base, via: 'agent' }];
  const scope = { ...scopeOf(plan, bindingSource(state), task.id, task.round), output: command.output };
  const until = bindCondition(repeat.until, scope, `task '${task.id}', repeat.until`);
  if (!until.ok) return [{ type: 'TaskFailed', at, taskId: task.id, error: until.error }];
  if (until.value) return [{ type: 'TaskCompleted', ...base, via: 'agent' }];
  if (task.round < repeat.max) return [{ type: 'TaskRepeated', ...base, from: repeat.from, round: task.round + 1 }];
  if (repeat.onExhausted === 'accept') return [{ type: 'TaskCompleted', ...base, via: 'agent' }];
  const message = `The condition of the repeat of '${task.id}' did not hold within ${repeat.max} rounds.`;
  const error = toErrorData(new RepriseError('REPRISE_REPEAT_EXHAUSTED', message), 'REPRISE_REPEAT_EXHAUSTED');
  return [{ type: 'TaskFailed', at, taskId: task.id, error }];
}

/** A result for an attempt that is closed: a repeat of the one that was applied is nothing, any other is put on record once. */
function late(
  task: TaskState,
  attempt: number,
  outcome: 'completed' | 'failed',
  context: DecisionContext,
): readonly RunEvent[] {
  const applied = task.attempt === attempt && outcome === (task.status === 'completed' ? 'completed' : 'failed');
  if (applied || task.ignoredAttempt >= attempt || attempt > task.attempt) return [];
  return [{ type: 'TaskResultIgnored', at: context.now, taskId: task.id, attempt, outcome }];
}

function fail(state: RunState, command: FailTask, context: DecisionContext): readonly RunEvent[] {
  const task = state.tasks.get(command.taskId);
  if (task === undefined) return [];
  if (!isInFlight(task) || task.attempt !== command.attempt) return late(task, command.attempt, 'failed', context);
  return failAttempt(state, task, command.error, command.lost === true, context);
}

function failAttempt(
  state: RunState,
  task: TaskState,
  error: ErrorData,
  lost: boolean,
  context: DecisionContext,
): readonly RunEvent[] {
  const definition = planOf(state.definition).tasks.get(task.definitionId)?.definition;
  if (definition === undefined) return [];
  const next = afterFailure(definition, {
    error,
    lost,
    tries: task.tries + (lost ? 0 : 1),
    losses: task.losses + (lost ? 1 : 0),
    fellBack: task.fallback !== undefined,
    random: context.random(),
  });
  const at = context.now;
  const failed = {
    type: 'TaskAttemptFailed',
    at,
    taskId: task.id,
    attempt: task.attempt,
    error,
    ...(lost ? { lost } : {}),
  } as const;
  if (next.kind === 'retry') return [{ ...failed, retryAt: at + next.delayMs }];
  return [failed, ...giveUp(task, definition, error, at)];
}

/** No attempt is left: the fallback stands in, or the task fails. */
function giveUp(task: TaskState, definition: TaskDefinition, error: ErrorData, at: number): readonly RunEvent[] {
  const { fallback } = definition;
  if (fallback === undefined || task.fallback !== undefined)
    return [{ type: 'TaskFailed', at, taskId: task.id, error }];
  if (fallback.kind === 'value') {
    return [
      {
        type: 'TaskCompleted',
        at,
        taskId: task.id,
        attempt: task.attempt,
        via: 'fallback-value',
        output: fallback.value,
      },
    ];
  }
  return [{ type: 'TaskFellBack', at, taskId: task.id, to: fallback, error }];
}

function fireTimer(state: RunState, command: FireTimer, context: DecisionContext): readonly RunEvent[] {
  const { timer } = command;
  const at = context.now;
  if (timer.kind === 'run') {
    const message = `The run took longer than ${state.definition.timeoutMs} ms.`;
    const error = toErrorData(new RepriseError('REPRISE_RUN_TIMEOUT', message), 'REPRISE_RUN_TIMEOUT');
    return [{ type: 'RunFailed', at, error, stateDigest: stateDigest(state) }];
  }
  const task = state.tasks.get(timer.taskId);
  const definition = planOf(state.definition).tasks.get(task?.definitionId ?? '')?.definition;
  if (task === undefined || definition === undefined || hasEnded(task)) return [];
  switch (timer.kind) {
    case 'retry':
      if (task.status !== 'waiting' || task.attempt !== timer.attempt || task.retryAt === undefined) return [];
      return [{ type: 'TaskReady', at, taskId: task.id, reason: 'retry' }];
    case 'attempt': {
      if (task.status !== 'running' || task.attempt !== timer.attempt) return [];
      const message = `Attempt ${task.attempt} of '${task.id}' took longer than ${definition.timeouts.attemptMs} ms.`;
      const error = toErrorData(new RepriseError('REPRISE_ATTEMPT_TIMEOUT', message), 'REPRISE_ATTEMPT_TIMEOUT');
      return failAttempt(state, task, error, false, context);
    }
    case 'task': {
      if (task.round !== timer.round || task.status === 'pending') return [];
      const message = `'${task.id}', retries included, took longer than ${definition.timeouts.taskMs} ms.`;
      const error = toErrorData(new RepriseError('REPRISE_TASK_TIMEOUT', message), 'REPRISE_TASK_TIMEOUT');
      return giveUpAtTimeout(task, definition, error, at);
    }
    default:
      return timer satisfies never;
  }
}

/** The time of the whole task is used up, so only a value can still stand in. */
function giveUpAtTimeout(
  task: TaskState,
  definition: TaskDefinition,
  error: ErrorData,
  at: number,
): readonly RunEvent[] {
  const failed: readonly RunEvent[] = isInFlight(task)
    ? [{ type: 'TaskAttemptFailed', at, taskId: task.id, attempt: task.attempt, error }]
    : [];
  if (definition.fallback?.kind === 'value') return [...failed, ...giveUp(task, definition, error, at)];
  return [...failed, { type: 'TaskFailed', at, taskId: task.id, error }];
}

function retryTasks(state: RunState, command: RetryTasks, context: DecisionContext): readonly RunEvent[] {
  const waits = (task: TaskState): boolean => task.status === 'waiting' && task.retryAt !== undefined;
  const events: RunEvent[] = [];
  for (const task of state.tasks.values()) {
    if (!waits(task) || (command.taskId !== undefined && task.id !== command.taskId)) continue;
    events.push({ type: 'TaskReady', at: context.now, taskId: task.id, reason: 'manual' });
  }
  if (events.length > 0) return events;
  const what =
    command.taskId === undefined ? 'No task of the run' : `'${command.taskId}' does not wait, and no such task`;
  return [reject(command, 'REPRISE_COMMAND_INVALID', `${what} waits for a retry.`, context)];
}
