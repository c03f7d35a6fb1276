import { AMOUNTS, type TaskDefinition } from '../../../definition/definition.ts';
import { type ErrorData, errorData, withCause } from '../../../shared/errors.ts';
import type { Json } from '../../../shared/json.ts';
import { roughSize } from '../../../shared/json-size.ts';
import { afterFailure, isOutcomeUnknown, leavesUnknown } from '../../task-chaining/failure.ts';
import { readingAt } from '../clock.ts';
import type { CompleteTask, FailTask } from '../commands.ts';
import type { RunEvent, Usage } from '../events.ts';
import { type Deadline, deadlineOf } from '../limits.ts';
import { acknowledgedBy } from '../messaging/calls.ts';
import { definitionOf, isInFlight, listOf, type RunState, type TaskState } from '../state.ts';
import type { DecisionContext } from './decision-context.ts';
import { directed, endsWell } from './directives.ts';
import { beyondLimit, conclude, giveUp } from './outcome.ts';

export function complete(state: RunState, command: CompleteTask, context: DecisionContext): readonly RunEvent[] {
  const task = state.tasks.get(command.taskId);
  if (task === undefined) return [];
  if (!isInFlight(task) || task.attempt !== command.attempt) return late(task, command.attempt, 'completed', context);
  const conclusion = { output: command.output, via: 'agent' } as const;
  const done = acknowledgedBy(state, task, command, context);
  // What is to end otherwise has no use for them.
  if (command.directives === undefined || task.closing !== undefined)
    return acknowledging(done, ended(state, task, conclusion, context));
  const wanted = directed(state, task, command, context);
  if ('error' in wanted) return failAttempt(state, task, wanted.error, false, context);
  const { said, first, last, handedOff, ...more } = wanted;
  if (handedOff === true) return [...said, ...done, ...first];
  const events = ended(state, task, { ...conclusion, ...more }, context);
  return endsWell(events)
    ? [...said, ...acknowledging(done, [...first, ...events, ...last])]
    : acknowledging(done, events);
}

/** What the attempt used stands in the event that ends it. */
export function reported(
  events: readonly RunEvent[],
  { taskId, attempt, usage }: Pick<CompleteTask, 'taskId' | 'attempt' | 'usage'>,
): readonly RunEvent[] {
  const used = usage === undefined ? undefined : accepted(usage);
  return used === undefined ? events : withUsage(events, taskId, attempt, used);
}

/** In the event that ends the attempt, at an agent or as a child run. */
export function withUsage(
  events: readonly RunEvent[],
  taskId: string,
  attempt: number,
  used: Usage,
): readonly RunEvent[] {
  const end = events.findIndex((event) => endsAttempt(event, taskId, attempt));
  return events.map((event, index) => (index === end ? ({ ...event, usage: used } as RunEvent) : event));
}

function endsAttempt(event: RunEvent, taskId: string, attempt: number): boolean {
  switch (event.type) {
    case 'TaskCompleted':
      return event.taskId === taskId && event.attempt === attempt && (event.via === 'agent' || event.via === 'child');
    case 'TaskAttemptCompleted':
    case 'TaskAttemptFailed':
    case 'TaskHandedOff':
      return event.taskId === taskId && event.attempt === attempt;
    case 'TaskFailed':
      return event.taskId === taskId;
    case 'TasksReset':
      return event.why === 'repeat' && event.region === taskId && event.attempt === attempt;
    default:
      return false;
  }
}

/** Whatever a worker says: numbers that can be counted. */
function accepted(usage: Usage): Usage | undefined {
  const said = AMOUNTS.flatMap((kind) => {
    const amount = usage[kind];
    return Number.isSafeInteger(amount) && Number(amount) >= 0 ? [[kind, amount] as const] : [];
  });
  return said.length === 0 ? undefined : Object.fromEntries(said);
}

/** What the attempt had taken is done with, unless what it gave was not accepted. */
const acknowledging = (done: readonly RunEvent[], events: readonly RunEvent[]): readonly RunEvent[] =>
  done.length > 0 && events[0]?.type !== 'TaskAttemptFailed' && events.at(-1)?.type !== 'TaskFailed'
    ? [...done, ...events]
    : events;

/** An attempt, or the child run that it was, ended well. When its task is to end otherwise, what it did is put on record, to be undone. */
export function ended(
  state: RunState,
  task: TaskState,
  conclusion: { readonly output: Json; readonly via: 'agent' | 'child'; readonly ends?: Json; readonly final?: true },
  context: DecisionContext,
): readonly RunEvent[] {
  if (task.closing === undefined || task.closing.why === 'within') return conclude(state, task, conclusion, context);
  const { output } = conclusion;
  const base = { at: context.now, taskId: task.id, attempt: task.attempt };
  const error = beyondLimit(state, `the output of '${task.id}'`, roughSize(output), context);
  return [
    error === undefined
      ? { type: 'TaskAttemptCompleted', ...base, output }
      : { type: 'TaskAttemptFailed', ...base, error },
  ];
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

export function fail(state: RunState, command: FailTask, context: DecisionContext): readonly RunEvent[] {
  const task = state.tasks.get(command.taskId);
  if (task === undefined) return [];
  if (!isInFlight(task) || task.attempt !== command.attempt) return late(task, command.attempt, 'failed', context);
  // It may have failed for that very reason: it can do nothing with messages any more.
  if (state.mail?.attempts.get(task.id)?.past.includes(command.worker ?? '') === true) return [];
  return failAttempt(state, task, command.error, command.lost === true, context);
}

/** Whether an open attempt that ends with `error` has an effect that cannot be known, and may not be made again. */
export const isUnknown = (definition: TaskDefinition, error: ErrorData): boolean =>
  definition.delivery === 'at-most-once' && isOutcomeUnknown(error);

export function failAttempt(
  state: RunState,
  task: TaskState,
  error: ErrorData,
  lost: boolean,
  context: DecisionContext,
): readonly RunEvent[] {
  const definition = definitionOf(state, task);
  if (definition === undefined) return [];
  const next = afterFailure(definition, {
    error,
    lost,
    tries: task.tries + (lost ? 0 : 1),
    losses: task.losses + (lost ? 1 : 0),
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
  // It was only waited for: nobody needs another attempt. What closes by itself ends once what this may have done is undone.
  if (task.closing?.why === 'within') return [failed, { type: 'TaskCancelled', at, taskId: task.id, reason: 'closed' }];
  if (task.closing !== undefined) return [failed];
  const leaves = definition.compensate !== undefined && leavesUnknown({ error, lost });
  const expired = expiredFor(state, task);
  if (next.kind === 'give-up' || expired !== undefined) {
    const last = expired === undefined ? error : withCause(expired, error);
    return [
      failed,
      ...giveUp(state, task, definition, { error: last, unknown: isUnknown(definition, error), leaves }, context),
    ];
  }
  const retryAt = at + next.delayMs;
  const reading = readingAt(state, at);
  const deadline = deadlineOf(state, task, definition);
  if (deadline === undefined || reading + next.delayMs <= deadline.at) return [{ ...failed, retryAt }];
  const late = withCause(errorData(deadline.code, tooLate(task, deadline, next.delayMs, reading)), error);
  return [failed, ...giveUp(state, task, definition, { error: late, leaves }, context)];
}

/** Why an item may not be tried again: the time of its list is up, and settle has yet to come to it. */
export const expiredFor = (state: RunState, task: TaskState): ErrorData | undefined =>
  task.index === undefined || task.fallback !== undefined ? undefined : listOf(state, task)?.items?.expired;

const tooLate = (task: TaskState, { limit, at: end }: Deadline, delayMs: number, reading: number): string =>
  `'${task.id}' has no time for another attempt: it would begin in ${delayMs} ms, and ${limit} ends in ${Math.max(0, end - reading)} ms.`;
