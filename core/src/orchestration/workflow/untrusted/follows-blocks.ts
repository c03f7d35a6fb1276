import {
  AMOUNTS,
  BUDGETS,
  COUNTS,
  isForAgents,
  performerOf,
  type TaskDefinition,
} from '../../../definition/definition.ts';
import { fallbacksOf } from '../../../definition/fallbacks.ts';
import type { Json } from '../../../shared/json.ts';
import { outer } from '../../../shared/task-path.ts';
import { allotmentOf } from '../allotments.ts';
import { goBackProblem, regionOf, underWayIn } from '../decisions/go-back.ts';
import { isLoser, isWithdrawn } from '../decisions/withdraw.ts';
import type {
  CompensationBegan,
  ScopeCaught,
  TaskCancelled,
  TaskClosing,
  TaskEntered,
  TasksReset,
  Usage,
  Withdrawal,
} from '../events.ts';
import { owesOthers } from '../messaging/hand-over.ts';
import { namedFrom } from '../performers/cancel.ts';
import {
  definitionOf,
  hasEnded,
  isAgentTask,
  isEntered,
  isInFlight,
  listOf,
  type RunState,
  type ScopeState,
  scopeAt,
  type TaskState,
} from '../state.ts';
import { isThroughWith } from '../team/team.ts';
import { isOutstanding, isWaiting } from '../transitions/close.ts';
import { topOf } from '../transitions/closing-top.ts';
import { isTolerated } from '../transitions/end-task.ts';
import { isUnmet } from '../transitions/items.ts';
import { lastDone, lastLeft } from '../transitions/undoable.ts';
import { attemptFlaw, flaw, mayEnd, unfit, unknown } from './flaws.ts';
import { closedByHandFlaw } from './follows-outside.ts';
import { inputFlaw } from './follows-sources.ts';
import type { Flaw } from './shape.ts';

// What may follow of events about blocks (the run is one), and about tasks that no agent performs.

/** A block ends well only when nothing in it is left to do: all has ended, an `end` ended it, or a failure of it was dealt with. */
export function throughFlaw(state: RunState, scope: ScopeState, output: Json | undefined): Flaw | undefined {
  const { path, open, failure, ending, handling, definitionId } = scope;
  const what = path === '' ? 'the run' : `'${path}'`;
  if (failure !== undefined) return flaw('type', `cannot come: '${failure}' has failed ${what}`);
  if (scope.team !== undefined && ending === undefined && scope.team.ruling === undefined)
    return flaw('type', `cannot come: the strategy of ${what} has not ended it`);
  if (scope.team === undefined && open > 0 && ending === undefined)
    return flaw('type', `cannot come: ${open} tasks${path === '' ? '' : ` of ${what}`} have not ended`);
  if (isWaiting(state, path)) return flaw('type', `cannot come: something in ${what} is awaited`);
  if (handling !== undefined && ending === undefined) {
    const then = state.graph.block(definitionId)?.definition.catch?.[handling.clause]?.then;
    if (then !== 'continue') return flaw('type', `cannot come: ${what} does not go on after its failure`);
  }
  return (ending !== undefined || handling !== undefined) && output === undefined
    ? flaw('data.output', 'is missing')
    : undefined;
}

/** It began: what it waits for is what its performer needs. */
export function enteredFlaw(
  state: RunState,
  task: TaskState,
  definition: TaskDefinition,
  event: TaskEntered,
): Flaw | undefined {
  if (state.status !== 'running') return flaw('type', `cannot come: the run is ${state.status}`);
  if (task.status !== 'ready' || isAgentTask(state, task)) return unfit(task);
  const performer = performerOf(definition);
  if (!ENTERED.has(performer)) return flaw('type', `cannot come: '${task.id}' (${performer}) ends as it begins`);
  if (event.attempt !== task.attempt + 1)
    return flaw('data.attempt', `is ${event.attempt}; the next one of '${task.id}' is ${task.attempt + 1}`);
  const { sleep, wait, workflow, send } = definition;
  const sent = (send?.until ?? 'sent') === 'sent' ? undefined : send;
  const mailbox = wait?.message ?? (send?.until === 'replied' ? send : undefined);
  const needs = { until: sleep, signal: wait?.signal, mailbox, sent, form: wait?.form, child: workflow };
  for (const [field, needed] of Object.entries(needs) as [Needed, unknown][]) {
    if ((event[field] === undefined) !== (needed === undefined))
      return flaw(`data.${field}`, needed === undefined ? `cannot stand beside '${task.id}'` : 'is missing');
  }
  if (!isEqual(event.allotted, allotmentOf(state, task)))
    return flaw('data.allotted', `is not what the child run of '${task.id}' may spend`);
  if ((event.assignee === undefined) !== (wait?.form?.assignee === undefined))
    return flaw('data.assignee', event.assignee === undefined ? 'is missing' : `cannot stand beside '${task.id}'`);
  if ((event.escalate?.length ?? 0) !== (wait?.form?.escalate?.length ?? 0))
    return flaw('data.escalate', `does not have as many names as the form of '${task.id}'`);
  if (event.wanted !== undefined && mailbox === undefined)
    return flaw('data.wanted', `cannot stand beside '${task.id}'`);
  if (send?.until === 'replied' && event.mailbox !== task.id)
    return flaw('data.mailbox', `is '${event.mailbox}', and answers come to '${task.id}'`);
  if (wait?.signal === undefined && wait?.message === undefined && send === undefined)
    return inputFlaw(state, task, event);
  for (const field of ['input', 'source'] as const)
    if (event[field] !== undefined) return flaw(`data.${field}`, 'cannot stand in a wait');
  return undefined;
}

const isEqual = (one: Usage = {}, other: Usage = {}): boolean => BUDGETS.every((kind) => one[kind] === other[kind]);

type Needed = 'until' | 'signal' | 'mailbox' | 'sent' | 'form' | 'child';

const ENTERED: ReadonlySet<string> = new Set(['scope', 'wait', 'sleep', 'workflow', 'send']);

/** A join gave the task up, or it was only waited for. */
export function cancelledFlaw(
  state: RunState,
  task: TaskState,
  definition: TaskDefinition,
  event: TaskCancelled,
): Flaw | undefined {
  if (hasEnded(task)) return unfit(task);
  if (event.reason === 'closed')
    return task.closing === undefined ? flaw('data.reason', `is closed, and '${task.id}' is not closing`) : undefined;
  if ((event.by === undefined) !== (event.reason !== 'cancel'))
    return flaw('data.by', event.by === undefined ? 'is missing' : `cannot stand beside reason "${event.reason}"`);
  if (task.closing?.why === event.reason) return undefined;
  if (isGivenUp(state, task, event.reason, event.by)) return undefined;
  const what = isForAgents(definition) ? 'the attempt' : 'the task';
  return flaw('data.reason', `is ${event.reason}, and nothing has given up '${task.id}' so: ${what} is still needed`);
}

/** Whether somebody has said that the task is not to go on. */
function isGivenUp(state: RunState, task: TaskState, why: Withdrawal | 'goto', by = ''): boolean {
  if (why === 'join') return isLoser(state, task);
  if (why === 'list') return isNotNeeded(state, task);
  if (why === 'team') return task.index === undefined && state.teams.has(task.scope);
  // What begins it again follows, and says so.
  if (why === 'goto') return task.index === undefined && !isWaiting(state, task.id);
  if (why === 'while') return task.index === undefined && definitionOf(state, task)?.while !== undefined;
  const canceller = state.tasks.get(by);
  const said = canceller === undefined ? undefined : definitionOf(state, canceller);
  // Which ones its agent named, nothing says.
  const mayName = canceller !== undefined && said?.may?.includes('cancel') === true;
  if (mayName && namedFrom(state, canceller.scope, outer(task.id)?.id ?? '') === task) return true;
  const named = said?.cancel?.tasks;
  return (
    canceller?.status === 'completed' && named?.some((id) => namedFrom(state, canceller.scope, id) === task) === true
  );
}

/** The list that the task is an item of has what it is for, and does not let the rest be. */
function isNotNeeded(state: RunState, item: TaskState): boolean {
  const list = item.index === undefined ? undefined : listOf(state, item);
  return list?.items?.stopped === true;
}

/** It ended well, and its task is not to: that closes, or is not content with what it gave. */
export function attemptCompletedFlaw(task: TaskState, definition: TaskDefinition, attempt: number): Flaw | undefined {
  if (!isInFlight(task) && !(isEntered(task) && task.child !== undefined)) return unfit(task);
  if (task.closing === undefined && (definition.repeat === undefined || definition.compensate === undefined))
    return flaw('type', `cannot come: '${task.id}' completes when its attempt does`);
  return attemptFlaw(task, attempt);
}

export function closingFlaw(state: RunState, event: TaskClosing): Flaw | undefined {
  const { taskId, why } = event;
  const task = state.tasks.get(taskId);
  if (taskId !== '' && task === undefined) return unknown(taskId);
  if (task !== undefined && (hasEnded(task) || (isInFlight(task) && why !== 'skip' && !isWithdrawn({ why }))))
    return unfit(task);
  if (!isOutstanding(state, taskId) && !(taskId === '' && owesOthers(state)))
    return flaw('type', 'cannot come: nothing is outstanding there');
  const before = taskId === '' ? state.closing : task?.closing;
  // A run that closes may be cancelled all the same.
  const less = before?.why === 'cancel' && before.compensate !== false && event.compensate === false;
  const harder = event.force === true && before?.why === 'cancel' && before.forcedAt === undefined;
  if (before !== undefined && !(why === 'cancel' && (before.why !== 'cancel' || less || harder)))
    return flaw('type', `cannot come: '${taskId}' is closing already`);
  for (const [field, of] of FIELDS_OF_CLOSING) {
    const isOf = of.has(why) && (field !== 'commandId' || why !== 'cancel' || taskId === '');
    if (field === 'error' && why === 'failure' && task !== undefined && mayBeReplaced(state, task)) continue;
    if ((event[field] === undefined) === isOf)
      return flaw(`data.${field}`, event[field] === undefined ? 'is missing' : `cannot stand beside why "${why}"`);
  }
  if ((event.by === undefined) !== (why !== 'cancel' || taskId === ''))
    return flaw('data.by', event.by === undefined ? 'is missing' : `cannot stand beside why "${why}"`);
  if (event.reason !== undefined && why !== 'cancel') return flaw('data.reason', `cannot stand beside why "${why}"`);
  if (event.compensate !== undefined && (why !== 'cancel' || taskId !== ''))
    return flaw('data.compensate', `cannot stand beside why "${why}"`);
  if (event.force !== undefined && event.compensate !== false)
    return flaw('data.force', 'cannot stand without compensate false');
  if (why === 'skip' || why === 'override') return closedByHandFlaw(state, event);
  return hasCause(state, task, event) ? undefined : flaw('data.why', `is ${why}, and nothing that came before says so`);
}

/** What is there with which causes, and with no other. */
const FIELDS_OF_CLOSING: readonly (readonly ['error' | 'commandId' | 'output', ReadonlySet<TaskClosing['why']>])[] = [
  ['error', new Set(['limit'])],
  ['commandId', new Set(['cancel', 'skip', 'override'])],
  ['output', new Set(['override'])],
];

/** It may fail, and the block goes on: without it, or with something in its place. Or it is a list that is asked itself. */
const mayBeReplaced = (state: RunState, task: TaskState): boolean =>
  isTolerated(state, task) ||
  fallbacksOf(definitionOf(state, task) ?? {})[task.fallback === undefined ? 0 : task.passed + 1] !== undefined ||
  (task.items !== undefined && definitionOf(state, task)?.forEach?.until !== undefined);

function hasCause(state: RunState, task: TaskState | undefined, { taskId, why, error, by }: TaskClosing): boolean {
  const scope = scopeAt(state, taskId);
  switch (why) {
    case 'cancel':
    case 'while':
      return task === undefined ? taskId === '' && why === 'cancel' : isGivenUp(state, task, why, by);
    case 'skip':
    case 'override':
      return task !== undefined;
    case 'limit':
      return true;
    case 'join':
      return task !== undefined && isLoser(state, task);
    case 'list':
      return task !== undefined && isNotNeeded(state, task);
    case 'end':
      return scope?.ending !== undefined || scope?.team?.ruling !== undefined;
    case 'team':
      return task !== undefined && task.index === undefined && state.teams.has(task.scope);
    case 'failure':
      // Of a block (its output or its loop may fail when nothing in it is left to do), of a list, or of what fails by itself.
      return (
        error !== undefined ||
        scope?.failure !== undefined ||
        scope?.handling !== undefined ||
        scope?.ending !== undefined ||
        scope?.open === 0 ||
        scope?.team?.ruling !== undefined ||
        task?.items?.instances.some((item) => item?.status === 'failed') === true ||
        (task?.items !== undefined && isUnmet(task.items))
      );
    default:
      return why satisfies never;
  }
}

export function caughtFlaw(state: RunState, event: ScopeCaught): Flaw | undefined {
  const found = blockAt(state, event.scope);
  if ('problem' in found) return found;
  const { scope, block } = found;
  if (scope.failure !== event.taskId)
    return flaw('data.taskId', `is '${event.taskId}', which has not failed the block`);
  const clause = block.definition.catch?.[event.clause];
  if (clause === undefined) return flaw('data.clause', `is ${event.clause}, and there is no such catch`);
  if (scope.handling !== undefined)
    return flaw('type', 'cannot come: what fails while a failure is handled is not caught');
  if (isWaiting(state, event.scope)) return flaw('type', `cannot come: something in '${event.scope}' is awaited`);
  const times = scope.catches[event.clause] ?? 0;
  return clause.then === 'retry' && times >= (clause.max ?? 0)
    ? flaw('data.clause', `is ${event.clause}, which has led to ${times} rounds, and may to ${clause.max ?? 0}`)
    : undefined;
}

export function resetFlaw(state: RunState, event: TasksReset): Flaw | undefined {
  const { region, why, round } = event;
  if (why === 'repeat') return repeatedFlaw(state, event);
  if (why === 'goto') return goneBackFlaw(state, event);
  if (why === 'fork') return flaw('data.why', 'is fork, and the run does not go on from another one, or has begun to');
  const strange = strangeField(event, [...OF_FORK, ...OF_GOTO, 'restarted']);
  if (strange !== undefined) return strange;
  const found = blockAt(state, region);
  if ('problem' in found) return found;
  const { scope, block } = found;
  if (round !== scope.round + 1) return flaw('data.round', `is ${round} after round ${scope.round}`);
  const isRuledOut = scope.team?.ruling !== undefined && 'error' in scope.team.ruling;
  const isThrough = isThroughWith(scope) && !isRuledOut && scope.failure === undefined && scope.ending === undefined;
  if (why === 'catch') {
    const then = block.definition.catch?.[scope.handling?.clause ?? -1]?.then;
    return then === 'retry' && isThrough
      ? undefined
      : flaw('data.why', 'is catch, and nothing was caught to try again');
  }
  const { loop } = block.definition;
  if (loop === undefined || !isThrough || scope.handling !== undefined)
    return flaw('data.why', 'is loop, and no round has ended');
  return round <= loop.max ? undefined : flaw('data.round', `is ${round}, and the loop has at most ${loop.max}`);
}

const OF_FORK = ['attempt', 'via', 'tasks', 'retries', 'renewed', 'undone', 'since'] as const;
const OF_GOTO = ['from', 'by', 'reason', 'commandId', 'dropped'] as const;

const strangeField = (event: TasksReset, fields: readonly (keyof TasksReset)[]): Flaw | undefined => {
  const strange = fields.find((field) => event[field] !== undefined);
  return strange === undefined ? undefined : flaw(`data.${strange}`, `cannot stand beside why "${event.why}"`);
};

/** It is what going back to that task comes to now, and whoever did may. What was under way has been cancelled. */
function goneBackFlaw(state: RunState, event: TasksReset): Flaw | undefined {
  const { region, round, from = '', by, commandId, reason, restarted = [], dropped = [] } = event;
  const strange = strangeField(event, OF_FORK);
  if (strange !== undefined) return strange;
  const target = state.tasks.get(from);
  if (target === undefined) return unknown(from);
  if (target.scope !== region) return flaw('data.region', `is not the block of '${from}'`);
  if (round !== scopeAt(state, region)?.round) return flaw('data.round', `is ${round}, which is not that of the block`);
  if ((by === undefined) === (commandId === undefined))
    return flaw('data.by', by === undefined ? 'is missing' : 'cannot stand beside a command');
  if (reason !== undefined && by === undefined) return flaw('data.reason', 'cannot stand beside a command');
  if (commandId !== undefined && state.commands.has(commandId))
    return flaw('data.commandId', `is '${commandId}', which took effect before`);
  const going = by === undefined ? undefined : state.tasks.get(by.taskId);
  if (by !== undefined) {
    if (going === undefined) return unknown(by.taskId);
    if (going.status !== 'completed' || going.endRevision === undefined) return unfit(going);
    const isTarget = namedFrom(state, going.scope, outer(from)?.id ?? '') === target;
    if (definitionOf(state, going)?.may?.includes('goto') !== true || !isTarget)
      return flaw('data.by', `is '${going.id}', whose agent may not go back to '${from}'`);
    const wrong = attemptFlaw(going, by.attempt);
    if (wrong !== undefined) return wrong;
  }
  const wanted = regionOf(state, target);
  if (!isSame(wanted.restarted, restarted)) return flaw('data.restarted', `is not '${from}' and what comes after it`);
  if (!isSame(wanted.dropped, dropped)) return flaw('data.dropped', `is not what was added by tasks that begin again`);
  const [open] = underWayIn(state, wanted, going);
  if (open !== undefined) return flaw('type', `cannot come: '${open.id}' is ${open.status}`);
  const found = goBackProblem(state, target, wanted, going);
  return found === undefined ? undefined : flaw('data', `could not be done: ${found.message}`);
}

const isSame = (some: readonly string[], others: readonly string[]): boolean =>
  some.length === others.length && new Set(some).symmetricDifference(new Set(others)).size === 0;

function repeatedFlaw(state: RunState, event: TasksReset): Flaw | undefined {
  const task = state.tasks.get(event.region);
  const definition = state.graph.node(task?.definitionId ?? '')?.definition;
  const repeat = definition?.repeat;
  if (task === undefined || definition === undefined || repeat === undefined)
    return flaw('data.region', `is '${event.region}', which does not repeat`);
  if (!mayEnd(task, definition)) return unfit(task);
  const strange = usageFlaw(task, event.usage);
  if (strange !== undefined) return strange;
  return event.round === task.round + 1 && event.round <= repeat.max
    ? attemptFlaw(task, event.attempt ?? 0)
    : flaw('data.round', `is ${event.round} after round ${task.round} of ${repeat.max}`);
}

/** Counts are said of child runs alone, and of these what they were allotted. (An agent may stand in for one.) */
export function usageFlaw(task: TaskState, usage: Usage = {}): Flaw | undefined {
  const { id, allotted, child } = task;
  const isChild = allotted !== undefined || (child !== undefined && isEntered(task));
  const strange = COUNTS.find((kind) => usage[kind] !== undefined && allotted?.[kind] === undefined);
  const amount = isChild
    ? AMOUNTS.find((kind) => usage[kind] !== undefined && allotted?.[kind] === undefined)
    : undefined;
  const field = strange ?? amount;
  return field === undefined ? undefined : flaw(`data.usage.${field}`, `cannot stand here: '${id}' was allotted none`);
}

export function undoFlaw(state: RunState, event: CompensationBegan): Flaw | undefined {
  const entry = state.undo.find(event.taskId);
  if (entry === undefined || state.undo.homeOf(entry) !== event.scope)
    return flaw('data.taskId', `is '${event.taskId}', and there is nothing of it to undo`);
  if (entry.outcome !== event.outcome)
    return flaw('data.outcome', `is ${event.outcome}; that of the attempt was ${entry.outcome}`);
  const top = topOf(state, entry.taskId);
  if (top === undefined) return flaw('type', `cannot come: '${event.scope}' is not closing`);
  if (isWaiting(state, top)) return flaw('type', `cannot come: something in '${top}' is awaited`);
  const scope = state.scopes.get(top);
  const nexts = [lastDone(state, top), scope === undefined ? undefined : lastLeft(state, scope)];
  return nexts.includes(entry)
    ? undefined
    : flaw('data.taskId', `is '${event.taskId}', and something was done after it`);
}

function blockAt(state: RunState, path: string) {
  const scope = scopeAt(state, path);
  const block = state.graph.block(scope?.definitionId ?? '');
  return scope === undefined || block === undefined
    ? flaw('data', `names '${path}', which is no block under way`)
    : { scope, block };
}
