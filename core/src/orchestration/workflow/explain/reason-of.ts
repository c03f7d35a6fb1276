import { COUNTS, inUnits, itemsAtOnce, type TaskDefinition } from '../../../definition/definition.ts';
import { standInOf } from '../../../definition/fallbacks.ts';
import { beyondForChild } from '../allotments.ts';
import type { Beyond } from '../budgets.ts';
import { timeOf } from '../clock.ts';
import { attemptDeadline, deadlineOf, dueAt } from '../limits.ts';
import { receiverKey } from '../messaging/mail.ts';
import { beyond, reservationOf } from '../metering.ts';
import { fullBlock, wantedBy } from '../ready-tasks.ts';
import {
  type Closing,
  definitionOf,
  dependenciesOf,
  hasPassed,
  isAgentTask,
  isEntered,
  isInFlight,
  listOf,
  type RunState,
  type ScopeState,
  siblingOf,
  type TaskState,
  type Undoable,
} from '../state.ts';
import { isStill, strategyAt } from '../team/team.ts';
import { tasksOf } from '../transitions/close.ts';
import { closingAt } from '../transitions/closing-top.ts';
import { neededBy } from '../transitions/end-task.ts';
import { heldUpBy, mutexOf, ungranted } from '../transitions/mutex.ts';
import { lastDone, lastLeft } from '../transitions/undoable.ts';
import { turnHolder, turnsFor, whoseTurn } from '../turns.ts';
import { circleOf, commitmentsTo } from './commitments.ts';
import type { ExplainFacts, Reason, Takers } from './explanation.ts';
import { NAMED, openOf, type Questions } from './questions.ts';
import { moverOf } from './wording.ts';

/** The one reason for which a task has not ended: the most specific, and what holds the run up where it would move otherwise. */
export function reasonOf(task: TaskState, questions: Questions): Reason {
  const own = ownReason(task, questions);
  return heldUp(own, questions) ?? own;
}

/** What holds up what would move by itself; undefined when nothing does. */
function heldUp(own: Reason, { state, facts }: Questions): Reason | undefined {
  const mover = moverOf(own);
  if (own.reason !== 'nobody' && (mover === 'tasks' || mover === 'person')) return undefined;
  const { hold } = facts;
  const held: Reason | undefined =
    hold === undefined ? undefined : { reason: 'held', hold: hold.reason, message: hold.message };
  // Whatever comes is refused, results of attempts too.
  if (hold?.reason === 'function' || hold?.reason === 'fault') return held;
  if (state.status === 'parked' && mover !== 'agent' && mover !== 'run')
    return { reason: 'parked', error: state.parked };
  const begins =
    own.reason === 'ready' ||
    own.reason === 'admission' ||
    own.reason === 'budget' ||
    own.reason === 'rested' ||
    own.reason === 'nobody' ||
    own.reason === 'strategy' ||
    (own.reason === 'deciding' && own.about === 'start');
  // The clock of a run that is paused stands still.
  if (state.status === 'paused' && own.reason === 'retry') return { reason: 'paused', by: state.pausedBy ?? [] };
  if (!begins) return undefined;
  if (state.status === 'paused') return { reason: 'paused', by: state.pausedBy ?? [] };
  if (facts.draining === true)
    return { reason: 'held', hold: 'draining', message: 'The process that drives the run is stopping.' };
  return hold?.reason === 'strategy' && (own.reason === 'ready' || own.reason === 'strategy') ? held : undefined;
}

function ownReason(task: TaskState, questions: Questions): Reason {
  const { state } = questions;
  const definition = definitionOf(state, task);
  if (definition === undefined) return { reason: 'deciding', about: 'outcome' };
  if (task.closing !== undefined && !state.awaited.has(task.id)) return closing(task, task.closing.why, questions);
  if (isInFlight(task)) return attempt(questions, task, definition);
  if (task.status === 'ready') return ready(task, questions);
  if (questions.isSettling(task)) return { reason: 'deciding', about: aboutOf(task, definition) };
  if (task.status === 'pending') return pending(state, task, definition, questions.facts);
  if (task.status === 'waiting') return waiting(state, task, definition);
  if (task.items !== undefined) return items(state, task);
  return entered(questions, task, definition);
}

function closing(task: TaskState, why: Closing['why'], questions: Questions): Reason {
  const { state } = questions;
  const own = questions.awaitedIn(task.id);
  if (own.open > 0) return { reason: 'closing', why, ...own, undo: undefined };
  // What has nothing outstanding in it any more ends with what it is in.
  const top = task.closing?.why === 'within' ? task.closing.of : task.id;
  const outside = questions.awaitedIn(top);
  const undo = outside.open > 0 ? undefined : nextUndone(state, top)?.taskId;
  return { reason: 'closing', why, ...outside, undo };
}

/** What of something that closes is undone next. */
function nextUndone(state: RunState, top: string): Undoable | undefined {
  const scope = closingAt(state, top)?.why === 'end' ? state.scopes.get(top) : undefined;
  return scope === undefined ? lastDone(state, top) : lastLeft(state, scope);
}

function attempt(questions: Questions, task: TaskState, definition: TaskDefinition): Reason {
  const { state } = questions;
  const { agent = '', worker, scheduledAt = 0, startedAt } = task;
  const listens = listening(questions, task);
  if (listens !== undefined) {
    const limitAt = earliest(attemptDeadline(task, definition), limitAround(state, task, definition));
    return { ...listens, limitAt, hasDefault: false };
  }
  if (task.status === 'scheduled') return { reason: 'handed', agent, attempt: task.attempt, since: scheduledAt };
  return {
    reason: 'working',
    agent,
    worker,
    attempt: task.attempt,
    since: startedAt ?? scheduledAt,
    limitAt: earliest(attemptDeadline(task, definition), limitAround(state, task, definition)),
    undoes: task.undoes?.taskId,
  };
}

const earliest = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);

/** Whether somebody could take a ready task. */
export const isTaken = (state: RunState, task: TaskState, takers: Takers): boolean => {
  const { agent, capability } = wantedBy(state, task);
  return agent === undefined ? capability !== undefined && takers.hasCapability(capability) : takers.has(agent);
};

function ready(task: TaskState, questions: Questions): Reason {
  const { state, facts } = questions;
  const around = state.tasks.get(heldUpBy(task, ungranted(state)) ?? '');
  if (around?.mutex !== undefined) return mutexOfOthers(around.mutex, facts);
  const turns = turnsFor(state, task);
  const ahead = turns === undefined ? undefined : (turnHolder(state, turns) ?? whoseTurn(state, turns));
  if (ahead !== undefined && ahead !== task && !state.entering.has(task.id)) return { reason: 'turn', of: ahead.id };
  if (!isAgentTask(state, task))
    return (
      (definitionOf(state, task)?.workflow === undefined ? undefined : heldBy(beyondForChild(state, task))) ?? {
        reason: 'deciding',
        about: 'start',
      }
    );
  if (facts.takers !== undefined && !isTaken(state, task, facts.takers)) {
    const { agent, capability } = wantedBy(state, task);
    if (agent !== undefined) return { reason: 'nobody', agent };
    return { reason: 'nobody', ...(capability === undefined ? {} : { capability }) };
  }
  const { inFlight, definition } = state;
  if (inFlight >= definition.concurrency) return { reason: 'slot', of: '', limit: definition.concurrency, inFlight };
  const full = fullBlock(state, task.scope);
  if (full !== undefined) return { reason: 'slot', of: full.path, limit: full.limit, inFlight: full.inFlight };
  const { agent, capability } = wantedBy(state, task);
  const held = heldByBudget(state, task, agent, facts.takers);
  if (held !== undefined) return held;
  const room = facts.admission?.(agent, agent === undefined ? capability : undefined);
  if (room?.rested !== undefined) return { reason: 'rested', ...room.rested };
  if (room !== undefined) return { reason: 'admission', ...room };
  // As far as the run itself has it on record.
  const rest = state.rested?.find((one) => one.agent === agent);
  if (rest !== undefined && rest.until > facts.now) return { reason: 'rested', ...rest, trying: false };
  return { reason: 'ready', strategy: strategyAt(state, task.scope) };
}

function heldByBudget(
  state: RunState,
  task: TaskState,
  agent: string | undefined,
  takers: Takers | undefined,
): Reason | undefined {
  if (state.budgets.size === 0) return undefined;
  // Of one for a capability it is not known who will do it: what holds for anybody is told.
  const whom = agent ?? '';
  const reserved = reservationOf(state, task, whom, takers?.maxUsageOf?.(whom));
  return heldBy(beyond(state, task, { agent: whom, reserved }));
}

function heldBy(over: Beyond | undefined): Reason | undefined {
  if (over?.waits !== true) return undefined;
  const { scope, kind, limit, spent = 0, reserved: others = 0, agent: whose } = over.used;
  const most = over.used.most ?? (COUNTS.some((count) => count === kind) ? 1 : undefined);
  return {
    reason: 'budget',
    of: scope,
    budget: kind,
    limit: inUnits(kind, limit),
    spent: inUnits(kind, spent),
    reserved: inUnits(kind, others),
    ...(most === undefined ? {} : { most: inUnits(kind, most) }),
    ...(whose === undefined ? {} : { agent: whose }),
    ...(over.asked === undefined ? {} : { asked: over.asked }),
  };
}

const aboutOf = (task: TaskState, { when, forEach }: TaskDefinition): 'condition' | 'items' | 'outcome' => {
  if (task.status === 'pending') return when !== undefined ? 'condition' : forEach !== undefined ? 'items' : 'outcome';
  return task.items !== undefined && task.items.values.length < task.items.total ? 'items' : 'outcome';
};

/** Another run has it, or is about to get it. */
function mutexOfOthers(name: string, { mutexes }: ExplainFacts): Reason {
  const { key, across } = mutexOf(name);
  return { reason: 'mutex', key, ...(across === 'run' ? {} : { across }), holder: '', ahead: 0, ...mutexes?.get(name) };
}

function pending(state: RunState, task: TaskState, definition: TaskDefinition, facts: ExplainFacts): Reason {
  if (task.mutex !== undefined) {
    const queue = state.mutexes.get(task.mutex) ?? [];
    const { key, across } = mutexOf(task.mutex);
    const ahead = queue.indexOf(task.id);
    if (ahead === 0 && across !== 'run') return mutexOfOthers(task.mutex, facts);
    return { reason: 'mutex', key, holder: queue[0] ?? '', ahead };
  }
  const origin = state.graph.node(task.definitionId)?.fallbackFor;
  if (origin !== undefined) return { reason: 'stand-by', of: siblingOf(state, task, origin)?.id ?? origin };
  // An item that a fork does again, while others have the places of its list.
  if (task.idle) return placeOf(state, task, definition);
  if (task.waitingOn === 0) return { reason: 'deciding', about: aboutOf(task, definition) };
  const after = dependenciesOf(state, task);
  const needed = neededBy(definition);
  const open = openOf(after.values().flatMap((id) => waitedFor(siblingOf(state, task, id))));
  // What it comes after has failed, which is for the strategy of its team to deal with.
  const team = state.teams.get(task.scope);
  if (team !== undefined && open.open === 0) return deciding(state, team);
  return {
    reason: 'dependencies',
    ...open,
    met: needed === undefined && definition.join !== 'each' ? after.length - task.waitingOn : task.met,
    needed: definition.join === 'each' ? 1 : (needed ?? after.length),
  };
}

/** Nothing in a team is under way, or would be by itself. */
const isAtRest = (state: RunState, scope: ScopeState): boolean =>
  scope.team !== undefined && isStill(state, tasksOf(state, scope));

/** The strategy of a team is to say what is done. */
function deciding(state: RunState, scope: ScopeState): Reason {
  const wakeAt = timeOf(state, scope.team?.wakeAt);
  const strategy = strategyAt(state, scope.path);
  return { reason: 'strategy', of: scope.path, strategy, ...(wakeAt === undefined ? {} : { wakeAt }) };
}

/** Nobody waits for a list that has yielded. */
const waitedFor = (task: TaskState | undefined): readonly TaskState[] =>
  task === undefined || hasPassed(task) ? [] : [task];

const placeOf = (state: RunState, task: TaskState, { forEach }: TaskDefinition): Reason => ({
  reason: 'place',
  of: listOf(state, task)?.id ?? '',
  limit: itemsAtOnce({ ...(forEach && { forEach }) }),
});

function waiting(state: RunState, task: TaskState, definition: TaskDefinition): Reason {
  const standIn = standInOf(definition);
  const { retryAt, error, attempt: last, asks, form } = task;
  if (asks !== undefined && asks.outcome === undefined && form?.answer === undefined) {
    const { scope: of, kind: budget, limit, agent } = asks;
    const more = { of, budget, limit: inUnits(budget, limit), ...(agent === undefined ? {} : { agent }) };
    const limitAt = earliest(dueAt(state, task), limitAround(state, task, definition));
    return { reason: 'form', assignee: form?.assignee, limitAt, hasDefault: false, more };
  }
  if (retryAt !== undefined) return { reason: 'retry', at: dueAt(state, task) ?? retryAt, attempt: last + 1, error };
  if (task.fallback === 'task' && standIn !== undefined)
    return { reason: 'fallback', task: siblingOf(state, task, standIn)?.id ?? standIn, error };
  if (task.idle) return placeOf(state, task, definition);
  return { reason: 'deciding', about: 'outcome' };
}

function items(state: RunState, task: TaskState): Reason {
  const { items: list, yieldedAt } = task;
  const { total = 0, ended = 0, completed = 0, dropped = 0, need, instances = [] } = list ?? {};
  const { waitsFor: own, open } = openOf(instances);
  const isEach = definitionOf(state, task)?.join === 'each';
  const before = isEach ? dependenciesOf(state, task).flatMap((id) => waitedFor(siblingOf(state, task, id))) : [];
  const waitsFor = [...own, ...openOf(before).waitsFor].slice(0, NAMED);
  const queued = total - ended - open - dropped;
  return { reason: 'items', waitsFor, total, ended, open, queued, completed, need, yielded: yieldedAt !== undefined };
}

function entered(questions: Questions, task: TaskState, definition: TaskDefinition): Reason {
  const { state } = questions;
  const { wakeAt, signal, awaits, sent, form, child, closing: ending } = task;
  const scope = state.scopes.get(task.id);
  if (scope !== undefined) return isAtRest(state, scope) ? deciding(state, scope) : block(state, scope);
  const limitAt = limitAround(state, task, definition);
  if (child !== undefined && isEntered(task))
    return { reason: 'child', run: child, toldToEnd: ending !== undefined, limitAt };
  if (signal !== undefined)
    return { reason: 'signal', signal, limitAt, hasDefault: definition.wait?.default !== undefined };
  const hasDefault = definition.wait?.default !== undefined;
  if (awaits !== undefined)
    return {
      reason: 'message',
      mailbox: awaits.mailbox,
      ...owedTo(questions, task),
      lying: lyingIn(state, awaits.mailbox),
      from: awaits.wanted?.from,
      until: undefined,
      limitAt,
      hasDefault,
    };
  if (sent?.outcome === 'open') {
    const open = state.mail?.open.get(sent.message);
    return {
      reason: 'sent',
      message: sent.message,
      mailbox: open?.mailbox ?? '',
      holder: open?.holder?.client ?? open?.holder?.taskId,
      limitAt,
    };
  }
  if (form !== undefined)
    return { reason: 'form', assignee: form.assignee, limitAt, hasDefault: definition.wait?.default !== undefined };
  if (wakeAt !== undefined) return { reason: 'sleep', until: dueAt(state, task) ?? wakeAt };
  return { reason: 'deciding', about: 'outcome' };
}

/** What an attempt waits for that has nothing else to do. */
function listening(questions: Questions, task: TaskState) {
  const { state } = questions;
  const [first] = state.mail?.attempts.get(task.id)?.waits ?? [];
  if (first === undefined) return undefined;
  const [call, mailbox] = first;
  const receiver = state.mail?.boxes.get(mailbox)?.receivers.get(receiverKey({ taskId: task.id, call }));
  const from = receiver?.wanted?.from;
  return {
    reason: 'message',
    mailbox,
    from,
    until: receiver?.until,
    lying: lyingIn(state, mailbox),
    ...owedTo(questions, task),
  } as const;
}

/** What nobody has, and whoever waits does not want. */
function lyingIn(state: RunState, mailbox: string): number {
  let count = 0;
  for (const { holder, retryAt } of state.mail?.boxes.get(mailbox)?.messages.values() ?? [])
    if (holder === undefined && retryAt === undefined) count += 1;
  return count;
}

/** What others owe the task, and whether it waits in a circle for itself. */
function owedTo({ state, facts }: Questions, { id }: TaskState) {
  const circle = circleOf(state, id);
  return { owed: commitmentsTo(state, id), circle: circle.length > 0 ? circle : (facts.circles?.get(id) ?? []) };
}

function block(state: RunState, scope: ScopeState): Reason {
  const { round, handling } = scope;
  const caught = handling === undefined ? undefined : { taskId: handling.taskId, error: handling.error };
  return { reason: 'block', ...openOf(inBlock(state, scope)), round, handling: caught };
}

/** What a block waits for: its tasks, but for those that stand by. */
function* inBlock(state: RunState, scope: ScopeState): Generator<TaskState> {
  for (const task of tasksOf(state, scope)) {
    const standsBy = task.status === 'pending' && state.graph.node(task.definitionId)?.fallbackFor !== undefined;
    if (!standsBy) yield task;
  }
}

/** When the first limit of the task, or of a block that it is in, ends. Undefined while the clock of the run stands still, too. */
function limitAround(state: RunState, task: TaskState, definition: TaskDefinition): number | undefined {
  let first = deadlineOf(state, task, definition)?.at;
  for (let at = state.tasks.get(task.scope); at !== undefined; at = state.tasks.get(at.scope)) {
    const block = definitionOf(state, at);
    if (block !== undefined) first = earliest(first, deadlineOf(state, at, block)?.at);
  }
  return timeOf(state, first);
}
