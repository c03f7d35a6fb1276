import type { TaskDefinition } from '../../../definition/definition.ts';
import { type ErrorData, errorData, withCause } from '../../../shared/errors.ts';
import type { Json } from '../../../shared/json.ts';
import { bindExpression, limited } from '../../task-chaining/input-binding.ts';
import { taskScope } from '../binding-source.ts';
import { timeOf } from '../clock.ts';
import type { FireTimer, RetryTasks } from '../commands.ts';
import { ending } from '../end-of-run.ts';
import type { RunEvent, RunFailed } from '../events.ts';
import { dueAt, escalationAt, listDeadline, runDeadline, taskDeadline } from '../limits.ts';
import { messagesDue } from '../messaging/due.ts';
import { isOnlyHandingOver, owesOthers } from '../messaging/hand-over.ts';
import { definitionOf, hasEnded, isEntered, isInFlight, type RunState, type TaskState } from '../state.ts';
import { holdsOutstanding, isOutstanding } from '../transitions/close.ts';
import { askedInVain } from './ask-budget.ts';
import { expiredFor, failAttempt, isUnknown } from './attempt-outcome.ts';
import type { DecisionContext } from './decision-context.ts';
import { conclude, giveUp } from './outcome.ts';
import { reject } from './rejection.ts';

export function fireTimer(state: RunState, command: FireTimer, context: DecisionContext): readonly RunEvent[] {
  // What goes on beside the clock of a parked run is looked at again when it is resumed.
  if (state.status === 'parked') return [];
  const { timer } = command;
  const at = context.now;
  const isDue = (due: number | undefined): boolean => due !== undefined && due <= command.at;
  if (timer.kind === 'messages') return messagesDue(state, command.at, context);
  if (timer.kind === 'run') return isDue(timeOf(state, runDeadline(state))) ? runTimedOut(state, at) : [];
  if (timer.kind === 'team') {
    const { team } = state.scopes.get(timer.scope) ?? {};
    return isDue(timeOf(state, team?.wakeAt)) ? [{ type: 'TeamWoken', at, scope: timer.scope }] : [];
  }
  const task = state.tasks.get(timer.taskId);
  const definition = state.graph.node(task?.definitionId ?? '')?.definition;
  if (task === undefined || definition === undefined || hasEnded(task)) return [];
  if (task.closing !== undefined && timer.kind !== 'attempt')
    return timer.kind === 'task' || timer.kind === 'all' ? awaitedTooLong(state, task, timer, isDue, context) : [];
  switch (timer.kind) {
    case 'retry': {
      if (task.status !== 'waiting' || task.attempt !== timer.attempt || !isDue(dueAt(state, task))) return [];
      if (task.asks !== undefined)
        return task.form?.answer === undefined ? askedInVain(state, task, definition, context) : [];
      const expired = expiredFor(state, task);
      if (expired !== undefined) return timeIsUp(state, task, withCause(expired, task.error), context);
      return [{ type: 'TaskReady', at, taskId: task.id, reason: 'retry' }];
    }
    case 'attempt': {
      if (!isInFlight(task) || task.status !== 'running' || task.attempt !== timer.attempt) return [];
      const message = `Attempt ${task.attempt} of '${task.id}' took longer than ${definition.timeouts.attemptMs} ms.`;
      return failAttempt(state, task, errorData('REPRISE_ATTEMPT_TIMEOUT', message), false, context);
    }
    case 'task': {
      if (task.firstScheduledAt !== timer.since || !isDue(timeOf(state, taskDeadline(task, definition)))) return [];
      if (isEntered(task) && task.form?.answer !== undefined) return answered(state, task, task.form.answer, context);
      if (definition.wait?.default !== undefined && isEntered(task))
        return waitedInVain(state, task, definition, context);
      const message = `'${task.id}', retries included, took longer than ${definition.timeouts.taskMs} ms.`;
      const error = withCause(errorData('REPRISE_TASK_TIMEOUT', message), task.error);
      if (task.closing !== undefined) return failAttempt(state, task, error, false, context);
      return timeIsUp(state, task, error, context);
    }
    case 'all': {
      if (task.firstScheduledAt !== timer.since || !isDue(timeOf(state, listDeadline(task, definition)))) return [];
      const message = `The items of '${task.id}' took longer than ${definition.timeouts.allMs} ms in all.`;
      const error = errorData('REPRISE_TASK_TIMEOUT', message);
      return [{ type: 'TaskExpired', at, taskId: task.id, error }, ...givenUpTooLong(state, task, error, context)];
    }
    case 'escalate': {
      if (task.attempt !== timer.attempt || task.form?.step !== timer.step || !isDue(escalationAt(state, task)))
        return [];
      const to = task.form.escalate[timer.step];
      if (to === undefined) return [];
      return [{ type: 'FormAssigned', at, taskId: task.id, attempt: task.attempt, to, step: timer.step + 1 }];
    }
    case 'wake':
      if (!isEntered(task) || task.attempt !== timer.attempt || !isDue(dueAt(state, task))) return [];
      return conclude(state, task, { output: task.input ?? null, via: 'timer', recorded: false }, context);
    default:
      return timer satisfies never;
  }
}

/** A form that somebody has answered gives the answer, which was in time, however late it is looked at. */
export const answered = (
  state: RunState,
  task: TaskState,
  { value }: { readonly value: Json },
  context: DecisionContext,
): readonly RunEvent[] => conclude(state, task, { output: value, via: 'form', recorded: false }, context);

/** What is closing has no limit of its own any more; attempts that are waited for have. */
function awaitedTooLong(
  state: RunState,
  task: TaskState,
  { kind, since }: { readonly kind: 'task' | 'all'; readonly since: number },
  isDue: (due: number | undefined) => boolean,
  context: DecisionContext,
): readonly RunEvent[] {
  const definition = definitionOf(state, task);
  if (definition === undefined || task.firstScheduledAt !== since) return [];
  const isList = kind === 'all';
  if (!isDue(timeOf(state, isList ? listDeadline(task, definition) : taskDeadline(task, definition)))) return [];
  const error = errorData('REPRISE_TASK_TIMEOUT', `The time of '${task.id}' was up while it was waited for.`);
  const open = isList ? (task.items?.instances ?? []) : [task];
  return open.flatMap((one) =>
    one === undefined || !isInFlight(one) ? [] : failAttempt(state, one, error, false, context),
  );
}

/** Attempts of items that their list has given up keep the limit of the list. */
const givenUpTooLong = (
  state: RunState,
  { items }: TaskState,
  error: ErrorData,
  context: DecisionContext,
): readonly RunEvent[] =>
  (items?.instances ?? []).flatMap((item) =>
    item?.closing === undefined || !isInFlight(item) ? [] : failAttempt(state, item, error, false, context),
  );

/** The time of a wait is up, and it says what to go on with then. */
function waitedInVain(
  state: RunState,
  task: TaskState,
  definition: TaskDefinition,
  context: DecisionContext,
): readonly RunEvent[] {
  const expression = definition.wait?.default;
  if (expression === undefined) return [];
  const bound = bindExpression(expression, taskScope(state, task), `task '${task.id}', wait.default`);
  const output = limited(bound, `default of '${task.id}'`, context.maxPayloadChars);
  if (!output.ok) return giveUp(state, task, definition, { error: output.error }, context);
  return conclude(state, task, { output: output.value, via: 'default' }, context);
}

/** The time of a task, or of an item, is up: what is open is closed, and the fallback stands in if there is one. */
export function timeIsUp(
  state: RunState,
  task: TaskState,
  error: ErrorData,
  context: DecisionContext,
): readonly RunEvent[] {
  const definition = definitionOf(state, task);
  if (definition === undefined) return [];
  const open = isInFlight(task);
  const leaves = open && definition.compensate !== undefined;
  const failure = { error, unknown: open && isUnknown(definition, error), leaves };
  // An attempt is not waited for here: it is its time that is up.
  if (!open && holdsOutstanding(state, task))
    return [{ type: 'TaskClosing', at: context.now, taskId: task.id, why: 'limit', error }];
  const closed = { type: 'TaskAttemptFailed', at: context.now, taskId: task.id, attempt: task.attempt, error } as const;
  return [...(open ? [closed] : []), ...giveUp(state, task, definition, failure, context)];
}

function runTimedOut(state: RunState, at: number): readonly RunEvent[] {
  if (state.closing !== undefined || isOnlyHandingOver(state)) return [];
  const message = `The run took longer than ${state.definition.timeoutMs} ms.`;
  const last = lastFailed(state);
  const error = withCause(errorData('REPRISE_RUN_TIMEOUT', message), last?.error);
  const where = last === undefined ? {} : { details: { taskId: last.id } };
  const whole = { ...error, ...where };
  if (isOutstanding(state, '') || owesOthers(state))
    return [{ type: 'TaskClosing', at, taskId: '', why: 'limit', error: whole }];
  return ending<RunFailed>(state, { type: 'RunFailed', at, error: whole });
}

/** Of the tasks that have not ended, the one whose last attempt failed last. */
function lastFailed(state: RunState): TaskState | undefined {
  let last: TaskState | undefined;
  for (const task of state.tasks.values()) {
    if (hasEnded(task) || task.error === undefined) continue;
    if (last === undefined || (task.scheduledAt ?? 0) >= (last.scheduledAt ?? 0)) last = task;
  }
  return last;
}

export function retryTasks(state: RunState, command: RetryTasks, context: DecisionContext): readonly RunEvent[] {
  const waits = (task: TaskState): boolean => task.status === 'waiting' && task.retryAt !== undefined;
  const events: RunEvent[] = [];
  for (const task of state.tasks.values()) {
    if (!waits(task) || (command.taskId !== undefined && task.id !== command.taskId)) continue;
    events.push({
      type: 'TaskReady',
      at: context.now,
      taskId: task.id,
      reason: 'manual',
      commandId: command.commandId,
    });
  }
  if (events.length > 0) return events;
  const what =
    command.taskId === undefined ? 'No task of the run' : `'${command.taskId}' does not wait, and no such task`;
  return [reject(command, 'REPRISE_COMMAND_INVALID', `${what} waits for a retry.`, context)];
}
