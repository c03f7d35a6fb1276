import { AMOUNTS, type Fallback, type TaskDefinition } from '../../../definition/definition.ts';
import { fallbacksOf } from '../../../definition/fallbacks.ts';
import { blocksAround, taskPaths } from '../../../shared/task-path.ts';
import { beyondForChild } from '../allotments.ts';
import { whoIsAsked } from '../budget-questions.ts';
import { amountText, cheaperFor, limitOf, type UsedUp, useOf } from '../budgets.ts';
import { additionProblem, MAX_TASKS_OF_RUN } from '../decisions/add-tasks.ts';
import { answerProblem, isOpenForm } from '../decisions/forms.ts';
import { permissionsOf } from '../decisions/permissions.ts';
import { MAX_HAND_OFFS } from '../directives.ts';
import { isEnd } from '../end-of-run.ts';
import type {
  BudgetAsked,
  CompensationBegan,
  FormAnswered,
  FormAssigned,
  RunEvent,
  ScopeCaught,
  TaskAdopted,
  TaskClosing,
  TaskHandedOff,
  TaskPrioritySet,
  TaskScheduled,
  TasksAdded,
  TasksLinked,
  TasksUnlinked,
} from '../events.ts';
import { beyond, reservationOf, saidFor } from '../metering.ts';
import { wantedBy } from '../ready-tasks.ts';
import {
  definitionOf,
  hasEnded,
  isEntered,
  isInFlight,
  isPausedBy,
  type RunState,
  rootOf,
  type TaskState,
} from '../state.ts';
import { neededBy } from '../transitions/end-task.ts';
import { asksFor, heldUpBy, ungranted } from '../transitions/mutex.ts';
import { attemptFlaw, flaw, isPassedOver, isUndecided, mayEnd, unfit, unknown } from './flaws.ts';
import {
  attemptCompletedFlaw,
  cancelledFlaw,
  caughtFlaw,
  closingFlaw,
  enteredFlaw,
  resetFlaw,
  throughFlaw,
  undoFlaw,
  usageFlaw,
} from './follows-blocks.ts';
import { completedFlaw } from './follows-completed.ts';
import { expandedFlaw, joinedFlaw, moreItemsFlaw, yieldedFlaw } from './follows-lists.ts';
import { mailFlaw } from './follows-mail.ts';
import { changeFlaw, skippedFlaw } from './follows-outside.ts';
import { inputFlaw } from './follows-sources.ts';
import { teamFlaw } from './follows-team.ts';
import type { Flaw } from './shape.ts';

/**
 * Why an event of the right shape cannot come after those that `state` has folded, or nothing. Looks at what a fold would
 * otherwise pass over (a task that is not there, a number that was never given), not at whether a decision was a good one: the
 * digest in the terminal event covers the rest.
 */
export function followsFlaw(state: RunState, event: RunEvent): Flaw | undefined {
  if (state.status === 'forking') return copiedFlaw(state, event);
  switch (event.type) {
    case 'RunForked':
      return flaw('type', 'cannot come: the run does not go on from another one, or has begun to');
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
    case 'AgentRested':
      return event.until > event.at
        ? undefined
        : flaw('data.until', `is ${event.until}, which is not later than the event`);
    case 'RunCancelled':
    case 'CommandRejected':
    case 'CommandNoted':
    case 'AgentBack':
      return undefined;
    case 'SignalReceived':
      return state.commands.has(event.commandId)
        ? flaw('data.commandId', `is '${event.commandId}', which took effect before`)
        : undefined;
    case 'CompensationBegan':
      return undoFlaw(state, event);
    case 'ScopeCaught':
      return caughtFlaw(state, event);
    case 'TasksAdded':
      return addedFlaw(state, event);
    case 'DecisionMade':
    case 'DecisionRefused':
    case 'TeamWoken':
      return teamFlaw(state, event);
    case 'BudgetReached':
      return state.usedUp.some(
        ({ scope, kind, agent }) => scope === event.scope && kind === event.budget && agent === event.agent,
      )
        ? undefined
        : flaw(
            'data.budget',
            `is ${event.budget}, and what '${event.scope}' may spend of that was not spent just before`,
          );
    case 'BudgetRaised':
    case 'TasksLinked':
    case 'TasksUnlinked':
    case 'TaskPrioritySet':
      return changeFlaw(state, event);
    case 'MessageSent':
    case 'MessageReceived':
    case 'MessagesHandedOver':
    case 'HandOverAwaited':
    case 'MessageHandedOn':
    case 'MailboxSubscribed':
    case 'MailboxUnsubscribed':
    case 'MessageAwaited':
    case 'MessageDelivered':
    case 'MessageTaken':
    case 'MessageMissed':
    case 'MessageAcknowledged':
    case 'MessageRejected':
    case 'MessageExpired':
    case 'MessageDeadLettered':
    case 'MessagesClosed':
    case 'ConversationExpired':
    case 'DeadLetterEdited':
    case 'DeadLettersRedriven':
    case 'DeadLettersDiscarded':
      return mailFlaw(state, event);
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
  | TaskAdopted
  | ScopeCaught
  | CompensationBegan
  | TaskClosing
  | TasksLinked
  | TasksUnlinked
  | TaskPrioritySet
  | Extract<RunEvent, { readonly type: `Message${string}` | `Mailbox${string}` | 'HandOverAwaited' }>
>;

/** Counts are never exceeded. */
const budgetFlaw = (state: RunState, task: TaskState): Flaw | undefined =>
  usedUpFlaw(beyondForChild(state, task)?.used);

/** A cheaper agent is given what is ready, where the budget of a block around says so. (Whether there was nothing left depends on what agents declare.) */
function cheaperFlaw(
  state: RunState,
  task: TaskState,
  { budget = '', agent, attempt, ...more }: TaskHandedOff,
): Flaw | undefined {
  if (task.status !== 'ready') return unfit(task);
  const isAround = budget === '' || [...blocksAround(task.scope)].includes(budget);
  if (!isAround || cheaperFor(state, budget) !== agent || wantedBy(state, task).agent === agent)
    return flaw('data.budget', `is '${budget}', which gives '${task.id}' to no '${agent}'`);
  for (const field of ['input', 'output', 'decidedBy', 'usage'] as const)
    if (more[field] !== undefined) return flaw(`data.${field}`, 'cannot stand beside a budget');
  if ((task.handOffs?.length ?? 0) >= MAX_HAND_OFFS)
    return flaw('type', `cannot come: '${task.id}' was handed off ${MAX_HAND_OFFS} times`);
  return attemptFlaw(task, attempt);
}

/** The budget of a block around says that somebody is asked, and who; nobody is yet. (Whether there was nothing left depends on what agents declare.) */
function askedFlawOf(state: RunState, task: TaskState, event: BudgetAsked): Flaw | undefined {
  const { scope, budget: kind, agent, limit, spent, reserved = 0, assignee, until, attempt, at } = event;
  if (task.status !== 'ready') return unfit(task);
  const used: UsedUp = { scope, kind, limit, spent, ...(agent === undefined ? {} : { agent }) };
  const isAround = scope === '' || [...blocksAround(task.scope)].includes(scope);
  const asked = isAround ? whoIsAsked(state, used) : undefined;
  if (asked === undefined || asked.ask !== assignee)
    return flaw('data.assignee', `is '${assignee}', whom '${scope}' does not ask for more ${kind}`);
  if ((asked.timeoutMs === undefined ? undefined : at + asked.timeoutMs) !== until)
    return flaw('data.until', 'is not when the time is up');
  const of = state.budgets.get(scope);
  if (of === undefined || limitOf(state, of, kind, agent) !== limit)
    return flaw('data.limit', `is ${limit}, which is not what '${scope}' may spend`);
  const use = useOf(of, kind, agent);
  if (use.spent !== spent) return flaw('data.spent', `is ${spent}, and ${use.spent} are`);
  if (use.reserved !== reserved) return flaw('data.reserved', `is ${reserved}, and ${use.reserved} are`);
  return attemptFlaw(task, attempt);
}

/** Nothing begins in what has to be granted its mutex again. */
function heldUpFlaw(state: RunState, task: TaskState): Flaw | undefined {
  const by = heldUpBy(task, ungranted(state));
  return by === undefined ? undefined : flaw('type', `cannot come: '${by}' asks for its mutex`);
}

/** What an attempt may use is reserved, and fits. (What agents declare is in no history.) */
function admittedFlaw(state: RunState, task: TaskState, { agent, reserved }: TaskScheduled): Flaw | undefined {
  if (state.budgets.size === 0 && reserved === undefined) return undefined;
  const known = reservationOf(state, task, agent, undefined);
  if ((known === undefined) !== (reserved === undefined))
    return flaw('data.reserved', known === undefined ? 'cannot stand here: nothing around is metered' : 'is missing');
  const said = saidFor(state, task);
  for (const kind of AMOUNTS) {
    if (known?.[kind] !== undefined && reserved?.[kind] === undefined)
      return flaw(`data.reserved.${kind}`, 'is missing');
    if (said?.[kind] !== undefined && reserved?.[kind] !== known?.[kind])
      return flaw(`data.reserved.${kind}`, `is not what '${task.id}' may use at most`);
  }
  return usedUpFlaw(beyond(state, task, { agent, reserved })?.used);
}

const usedUpFlaw = (over: UsedUp | undefined): Flaw | undefined =>
  over === undefined
    ? undefined
    : flaw('type', `cannot come: the budget of ${amountText(over.kind, over.limit)} of '${over.scope}' is used up`);

function taskFlaw(state: RunState, task: TaskState, definition: TaskDefinition, event: AboutTask): Flaw | undefined {
  const strange = 'usage' in event ? usageFlaw(task, event.usage) : undefined;
  if (strange !== undefined) return strange;
  switch (event.type) {
    case 'TaskReady':
      if (task.closing !== undefined) return flaw('type', `cannot come: '${task.id}' is closing`);
      if (event.mutex !== undefined && definition.mutex === undefined)
        return flaw('data.mutex', `cannot stand beside '${task.id}'`);
      if (event.across !== undefined && (event.mutex === undefined || event.across !== definition.mutex?.across))
        return flaw('data.across', `cannot stand beside '${task.id}'`);
      if (event.reason === 'budget') return task.asks?.outcome === 'raised' ? undefined : unfit(task);
      if (event.reason === 'retry' || event.reason === 'manual')
        return task.status === 'waiting' && task.asks === undefined ? undefined : unfit(task);
      if (event.reason !== 'mutex') return decidedFlaw(task, definition, event.reason);
      if (definition.mutex === undefined) return flaw('data.reason', `is mutex, and '${task.id}' asks for none`);
      return task.status === 'pending' ? undefined : unfit(task);
    case 'MutexGranted':
      return task.mutex !== undefined && asksFor(state, task, task.mutex) && task.closing === undefined
        ? undefined
        : flaw('type', `cannot come: '${task.id}' asks for no mutex of several runs`);
    case 'TaskSkipped':
      if (event.reason === 'manual') return skippedFlaw(state, task, event);
      if (event.commandId !== undefined) return flaw('data.commandId', `cannot stand beside reason "${event.reason}"`);
      if (event.reason === 'case') return notChosenFlaw(state, task, definition);
      if (event.reason === 'condition' || event.reason === 'while') return askedFlaw(task, definition, event.reason);
      return isUndecided(task, definition) ? undefined : unfit(task);
    case 'TaskEntered':
      return (
        heldUpFlaw(state, task) ??
        (event.child === undefined ? undefined : budgetFlaw(state, task)) ??
        enteredFlaw(state, task, definition, event)
      );
    case 'TaskCancelled':
      return cancelledFlaw(state, task, definition, event);
    case 'TaskExpanded':
      if (state.tasks.size + event.total > MAX_TASKS_OF_RUN)
        return flaw('data.total', `is ${event.total}: a run from outside may have ${MAX_TASKS_OF_RUN} tasks and items`);
      return expandedFlaw(state, task, definition, event);
    case 'ItemsAdded':
      return moreItemsFlaw(state, task, event);
    case 'ItemJoined':
      return joinedFlaw(task, definition, event);
    case 'TaskYielded':
      return yieldedFlaw(state, task, definition, event);
    case 'FormAnswered':
      return formFlaw(state, task, event) ?? answerFlaw(state, task, event);
    case 'FormAssigned':
      return formFlaw(state, task, event) ?? stepFlaw(task, event);
    case 'BudgetAsked':
      return askedFlawOf(state, task, event);
    case 'TaskExpired':
      if (task.asks !== undefined) return isOpenForm(task) && task.asks.until !== undefined ? undefined : unfit(task);
      return hasEnded(task) || task.items === undefined || task.items.expired !== undefined ? unfit(task) : undefined;
    case 'TaskScheduled':
      if (state.status !== 'running') return flaw('type', `cannot come: the run is ${state.status}`);
      if (task.status !== 'ready') return unfit(task);
      if (event.attempt !== task.attempt + 1)
        return flaw('data.attempt', `is ${event.attempt}; the next one of '${task.id}' is ${task.attempt + 1}`);
      return heldUpFlaw(state, task) ?? admittedFlaw(state, task, event) ?? inputFlaw(state, task, event);
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
    case 'TaskAttemptCompleted':
      return attemptCompletedFlaw(task, definition, event.attempt);
    case 'TaskAttemptFailed':
      return isInFlight(task) || (isEntered(task) && task.child !== undefined)
        ? attemptFlaw(task, event.attempt)
        : unfit(task);
    case 'TaskHandedOff':
      if (event.budget !== undefined) return cheaperFlaw(state, task, event);
      if (event.decidedBy !== undefined)
        return task.status === 'ready' && state.teams.has(task.scope) ? attemptFlaw(task, event.attempt) : unfit(task);
      if (!isInFlight(task) || task.closing !== undefined) return unfit(task);
      if (definition.may?.includes('handOff') !== true)
        return flaw('type', `cannot come: the agent of '${task.id}' may not hand it off`);
      if ((task.handOffs?.length ?? 0) >= MAX_HAND_OFFS)
        return flaw('type', `cannot come: '${task.id}' was handed off ${MAX_HAND_OFFS} times`);
      if ((event.output === undefined) !== (definition.compensate === undefined))
        return flaw('data.output', event.output === undefined ? 'is missing' : `cannot stand beside '${task.id}'`);
      return attemptFlaw(task, event.attempt);
    case 'TaskFellBack':
      if (!mayEnd(task, definition) || task.fallback === 'task') return unfit(task);
      return standsIn(fallbacksOf(definition)[task.fallback === undefined ? 0 : task.passed + 1], event.to)
        ? undefined
        : flaw('data.to', 'is not the fallback of the task');
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

/** It is open, and the command is a new one. */
function formFlaw(state: RunState, task: TaskState, event: FormAnswered | FormAssigned): Flaw | undefined {
  if (!isOpenForm(task))
    return task.form === undefined ? flaw('type', `cannot come: '${task.id}' is no form`) : unfit(task);
  if (event.commandId !== undefined && state.commands.has(event.commandId))
    return flaw('data.commandId', `is '${event.commandId}', which took effect before`);
  return attemptFlaw(task, event.attempt);
}

function answerFlaw(state: RunState, task: TaskState, { answer }: FormAnswered): Flaw | undefined {
  const problem = answerProblem(state, task, answer);
  return problem === undefined ? undefined : flaw('data.answer', `does not fit the form of '${task.id}': ${problem}`);
}

/** An escalation goes to the next one; anything else was said by a command. */
function stepFlaw({ id, form }: TaskState, { step, to, commandId, by }: FormAssigned): Flaw | undefined {
  if (step === undefined) return commandId === undefined ? flaw('data.commandId', 'is missing') : undefined;
  if (commandId !== undefined || by !== undefined) return flaw('data.step', 'cannot stand beside a command');
  if (step !== (form?.step ?? 0) + 1) return flaw('data.step', `is ${step} after ${form?.step ?? 0} of '${id}'`);
  return to === form?.escalate[step - 1] ? undefined : flaw('data.to', `is not who '${id}' goes to next`);
}

/**
 * The history of another run, which need not fit the definition of this one: that may have been mended since. What does not fit is passed over by the
 * fold. What closes it is of this run.
 */
function copiedFlaw(state: RunState, event: RunEvent): Flaw | undefined {
  const { revision = 0 } = state.lineage ?? {};
  if (event.type === 'RunCancelled') return undefined;
  const copied = state.revision < revision;
  if (copied && (event.type === 'RunStarted' || isEnd(event)))
    return flaw('type', `cannot come: the history up to revision ${revision} is that of another run`);
  if (event.type === 'TaskExpanded' && state.tasks.size + event.total > MAX_TASKS_OF_RUN)
    return flaw('data.total', `is ${event.total}: a run from outside may have ${MAX_TASKS_OF_RUN} tasks and items`);
  if (event.type === 'ItemsAdded' && state.tasks.size + event.items.length > MAX_TASKS_OF_RUN)
    return flaw('data.items', `are too many: a run from outside may have ${MAX_TASKS_OF_RUN} tasks and items`);
  if (copied) return event.type === 'RunForked' && event.runId === state.runId ? early() : undefined;
  if (state.revision === revision && (event.type !== 'TasksReset' || event.why !== 'fork'))
    return flaw('type', 'cannot come: behind what was copied it is said first what is done again');
  if (!CLOSING_A_FORK.has(event.type)) return flaw('type', 'cannot come before RunForked');
  if (event.type === 'BudgetRaised') return changeFlaw(state, event);
  if (event.type !== 'RunForked') return undefined;
  if (event.as === 'fork' && state.lineage?.as !== 'fork') return flaw('data.as', 'is fork, and the run is a retry');
  return event.runId === state.runId ? undefined : flaw('data.runId', 'is not this run');
}

const early = (): Flaw => flaw('type', 'cannot come before the whole history is there');

/** What is decided when the history is there. */
const CLOSING_A_FORK: ReadonlySet<RunEvent['type']> = new Set<RunEvent['type']>([
  ...([
    'TasksReset',
    'TaskCompleted',
    'TaskAttemptCompleted',
    'TaskAttemptFailed',
    'TaskFailed',
    'TaskFellBack',
    'TaskClosing',
    'TaskCancelled',
  ] as const),
  ...(['CompensationBegan', 'TaskAdopted', 'SignalReceived', 'BudgetRaised', 'RunForked'] as const),
]);

/** Whether it runs was to be decided now: nothing, or no more than the join leaves out, holds it up. */
function decidedFlaw(task: TaskState, definition: TaskDefinition, reason: 'condition' | 'join'): Flaw | undefined {
  const needed = neededBy(definition);
  if (reason === 'join' && (needed === undefined || definition.rest !== 'cancel'))
    return flaw('data.reason', `is join, and '${task.id}' gives nothing up for its own`);
  const isDue = needed === undefined ? task.waitingOn === 0 || task.arrived !== undefined : task.met >= needed;
  return task.status === 'pending' && isDue ? undefined : unfit(task);
}

/** It was asked when nothing else held it up; and its `while` again, while it waited for its mutex. */
function askedFlaw(task: TaskState, definition: TaskDefinition, reason: 'condition' | 'while'): Flaw | undefined {
  if (reason === 'while' && definition.while === undefined)
    return flaw('data.reason', `is while, and '${task.id}' has none`);
  return reason === 'while' && task.mutex !== undefined && task.status === 'pending'
    ? undefined
    : decidedFlaw(task, definition, 'condition');
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

function addedFlaw(state: RunState, event: TasksAdded): Flaw | undefined {
  if (state.commands.has(event.commandId))
    return flaw('data.commandId', `is '${event.commandId}', which took effect before`);
  const { spawnedBy } = event;
  const task = state.tasks.get(spawnedBy?.taskId ?? '');
  if (spawnedBy !== undefined) {
    if (task === undefined) return unknown(spawnedBy.taskId);
    if (!isInFlight(task) || task.scope !== event.scope) return unfit(task);
    if (!permissionsOf(state, task).includes('spawn'))
      return flaw('data.spawnedBy', `is '${task.id}', whose agent may add no tasks`);
    const wrong = attemptFlaw(task, spawnedBy.attempt);
    if (wrong !== undefined) return wrong;
  }
  const found = additionProblem(state, event);
  return found === undefined ? undefined : flaw('data', `could not be added: ${found.message}`);
}

function adoptedFlaw(state: RunState, event: TaskAdopted): Flaw | undefined {
  const task = state.tasks.get(event.taskId);
  const isGiven = state.given?.[event.taskId] !== undefined;
  if (task !== undefined) {
    if (hasEnded(task) || (task.attempt > 0 && !isGiven)) return unfit(task);
    const mayCount = isGiven && state.lineage?.as === 'retry' && definitionOf(state, task)?.compensate !== undefined;
    if (event.attempt === undefined || (mayCount && event.attempt === task.attempt + 1)) return undefined;
    return flaw('data.attempt', `is ${event.attempt}, and '${task.id}' does not count as done in that`);
  }
  const item = taskPaths(state.rules).itemOf(event.taskId);
  const items = state.tasks.get(item?.list ?? '')?.items;
  return item !== undefined && items !== undefined && item.index < items.total ? undefined : unknown(event.taskId);
}
