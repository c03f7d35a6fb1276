import type { TaskDefinition } from '../../definition/definition.ts';
import { standInOf } from '../../definition/fallbacks.ts';
import { type ErrorData, errorData, withCause } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { blocksAround } from '../../shared/task-path.ts';
import { bindCondition, bindExpression, bindItems, limited } from '../task-chaining/input-binding.ts';
import { waitsForRoom } from './allotments.ts';
import { taskScope } from './binding-source.ts';
import { afterAsking } from './decisions/ask-budget.ts';
import { expiredFor, isUnknown } from './decisions/attempt-outcome.ts';
import type { DecisionContext } from './decisions/decision-context.ts';
import { expansionOf } from './decisions/expansion.ts';
import { answered, timeIsUp } from './decisions/fire-timer.ts';
import { endOfGivenUp } from './decisions/given-up.ts';
import { beyondLimit, conclude, giveUp } from './decisions/outcome.ts';
import { endOfClosing, settleBlock } from './decisions/settle-block.ts';
import { hasFailed, needOf, settleList, weighLists } from './decisions/settle-list.ts';
import { undoNext } from './decisions/undo-next.ts';
import { isLoser, withdraw } from './decisions/withdraw.ts';
import { isEnd } from './end-of-run.ts';
import type { RunEvent, TaskSkipped } from './events.ts';
import { beforeEnd } from './messaging/hand-over.ts';
import { isMailUnsettled, settleMail } from './messaging/settle-mail.ts';
import { askMilestone, endOfMilestone } from './milestone.ts';
import { enterTask } from './performers/enter-task.ts';
import { guessExpression } from './sources/guess.ts';
import { sourceSize } from './sources/source.ts';
import { sourceOf } from './sources/source-of.ts';
import {
  definitionOf,
  dependenciesOf,
  hasEnded,
  hasPassed,
  isEntered,
  type RunState,
  rootOf,
  siblingOf,
  type TaskState,
} from './state.ts';
import { isThroughWith } from './team/team.ts';
import { isWaiting } from './transitions/close.ts';
import { isNotChosen, neededBy } from './transitions/end-task.ts';
import { heldUpBy, mutexName, placeInLine, ungranted } from './transitions/mutex.ts';
import { signalFor } from './transitions/signals.ts';
import { lastDone, lastDoneInside } from './transitions/undoable.ts';
import { nextChild, turnsBefore } from './turns.ts';

/** Whether something follows from the state by itself. */
export function isUnsettled(state: RunState): boolean {
  if (state.status !== 'running' && state.status !== 'paused') return false;
  if (state.usedUp.length > 0 || isMailUnsettled(state)) return true;
  if (state.closing !== undefined) return state.awaited.size === 0;
  const root = rootOf(state);
  if (root.failure !== undefined || root.ending !== undefined || isThroughWith(root)) return true;
  if (state.frontier.size > 0 || state.milestones.size > 0 || state.weighing.size > 0) return true;
  // Nothing new begins while the run is paused.
  return state.status === 'running' && nextToEnter(state) !== undefined;
}

/** What no agent performs, and may begin: child runs for which the budgets around have no room now are passed over. */
function nextToEnter(state: RunState): TaskState | undefined {
  const passed = new Set<string>();
  const held = ungranted(state);
  for (const taskId of state.entering) {
    const task = state.tasks.get(taskId);
    if (task === undefined || heldUpBy(task, held) !== undefined) continue;
    if (state.budgets.size === 0) return task;
    // Of items of a list, what holds for one holds for all.
    const { scope, definitionId, firstScheduledAt } = task;
    const like = `${firstScheduledAt === undefined} ${scope} ${definitionId}`;
    if (passed.has(like)) continue;
    if (!waitsForRoom(state, task)) return task;
    passed.add(like);
  }
  const child = nextChild(state);
  if (child === undefined || heldUpBy(child, held) !== undefined) return undefined;
  return waitsForRoom(state, child) ? undefined : child;
}

/** Whether what follows for the task is settle's to say. Nothing else is settled while the run is closing. */
export const isSettling = (state: RunState, task: TaskState): boolean =>
  state.closing === undefined && state.frontier.has(task.id);

/**
 * What follows from the state by itself, one step at a time: a condition is evaluated, a forEach expands or ends, a fallback
 * task's outcome is taken over, a task that no agent performs begins, a block or the run ends. Pure; called and folded until it gives nothing.
 * A parked run is left as it is.
 */
export function settle(state: RunState, context: DecisionContext): readonly RunEvent[] {
  if (!isUnsettled(state)) return [];
  if (state.usedUp.length > 0) return budgetsReached(state, context);
  if (isMailUnsettled(state)) {
    const mail = settleMail(state, context);
    if (mail.length > 0 || !isUnsettled(state)) return mail;
  }
  if (state.closing !== undefined) return beforeItsEnd(state, endOfClosing(state, context), context);
  const root = rootOf(state);
  if (root.failure !== undefined || root.ending !== undefined)
    return beforeItsEnd(state, settleBlock(state, root, context), context);
  const passed = settleMilestones(state, context);
  if (passed !== undefined) return passed;
  for (const taskId of state.frontier) {
    const task = state.tasks.get(taskId);
    const definition = task === undefined ? undefined : definitionOf(state, task);
    if (task === undefined || definition === undefined || hasEnded(task) || isPutOff(state, task)) continue;
    const events = settleTask(state, task, definition, context);
    const waits = task.asks !== undefined || (task.signal !== undefined && isEntered(task));
    if (events.length > 0 || !waits) return events;
    // Another wait has taken what this one was to take.
    state.frontier.delete(taskId);
  }
  const weighed = weighLists(state, context);
  if (weighed.length > 0) return weighed;
  if (state.status === 'running') {
    const next = nextToEnter(state);
    if (next !== undefined) return enterTask(state, next, context);
  }
  return isThroughWith(root) ? beforeItsEnd(state, settleBlock(state, root, context), context) : [];
}

/** Others are owed something before the run ends. */
function beforeItsEnd(state: RunState, events: readonly RunEvent[], context: DecisionContext): readonly RunEvent[] {
  const last = events.at(-1);
  if (last === undefined || !isEnd(last)) return events;
  const first = beforeEnd(state, context);
  if (first === undefined) return events;
  const { failure, open } = rootOf(state);
  // Meanwhile nothing goes on in it.
  if (state.closing !== undefined || open === 0) return first;
  const why = failure === undefined ? 'end' : 'failure';
  return [{ type: 'TaskClosing', at: context.now, taskId: '', why }];
}

function budgetsReached(state: RunState, { now: at }: DecisionContext): readonly RunEvent[] {
  return state.usedUp.map(({ scope, kind, agent }) => ({
    type: 'BudgetReached',
    at,
    scope,
    budget: kind,
    ...(agent === undefined ? {} : { agent }),
  }));
}

/** Asks those that go on only as long as something holds. One that does is crossed off: the state has nothing to remember of it. */
function settleMilestones(state: RunState, context: DecisionContext): readonly RunEvent[] | undefined {
  for (const taskId of state.milestones) {
    const task = state.tasks.get(taskId);
    const events = task === undefined ? [] : endOfMilestone(state, task, context);
    if (events.length > 0) return events;
    state.milestones.delete(taskId);
  }
  return undefined;
}

/** It ends with what it is in, or waits for what is in it; whoever ends that brings it back. Of several waits before one join, those that it gives up take nothing. */
const isPutOff = (state: RunState, task: TaskState): boolean =>
  task.closing === undefined
    ? (task.signal !== undefined || task.form !== undefined || task.sent !== undefined) && isLoser(state, task)
    : task.closing.why === 'within' || isWaiting(state, task.id);

function settleTask(
  state: RunState,
  task: TaskState,
  definition: TaskDefinition,
  context: DecisionContext,
): readonly RunEvent[] {
  if (task.closing !== undefined) return endOfTask(state, task, definition, context);
  const output = state.given?.[task.id];
  if (output !== undefined) {
    // It is undone as if the run had done it.
    const counts =
      state.lineage?.as === 'retry' && definition.compensate !== undefined ? { attempt: task.attempt + 1 } : {};
    return [{ type: 'TaskAdopted', at: context.now, taskId: task.id, status: 'completed', output, ...counts }];
  }
  // An answer that was in time counts, however late it is looked at.
  if (isEntered(task) && task.form?.answer !== undefined) return settleEntered(state, task, context);
  const expired = expiredFor(state, task);
  if (expired !== undefined) return timeIsUp(state, task, withCause(expired, task.error), context);
  if (task.asks !== undefined) return afterAsking(state, task, definition, context);
  if (isEntered(task)) return settleEntered(state, task, context);
  if (task.index !== undefined) return getReady(state, task, definition, 'mutex', context);
  if (definition.join === 'each') return settleEach(state, task, definition, context);
  const { items } = task;
  if (items !== undefined && items.values.length >= items.total) return settleList(state, task, definition, context);
  if (task.fallback === 'task') return endOfFallback(state, task, definition, context);
  if (items !== undefined) return expand(state, task, definition, context);
  return begin(state, task, definition, context);
}

/** Nothing that the task comes after holds it up any more: it is skipped, becomes ready, or its items are. */
function begin(
  state: RunState,
  task: TaskState,
  definition: TaskDefinition,
  context: DecisionContext,
): readonly RunEvent[] {
  const at = context.now;
  const { when, forEach, rest } = definition;
  const dependencies = dependenciesOf(state, task).map((id) => siblingOf(state, task, id));
  // Also while it waits for its mutex, when it need not wait for the switch.
  if (dependencies.some((one) => one !== undefined && isNotChosen(definition, one)))
    return [skip(task, definition, 'case', at)];
  // It waited for its mutex, and has it now.
  if (task.mutex !== undefined) return getReady(state, task, definition, 'mutex', context);
  if (dependencies.length > 0 && task.skippedDependencies === dependencies.length)
    return [skip(task, definition, 'dependencies', at)];
  const needed = neededBy(definition);
  if (needed !== undefined && task.met < needed)
    return giveUp(state, task, definition, { error: unmet(task, needed, dependencies) }, context);
  const held = heldBack(state, task, definition, context);
  if (held !== undefined) return held;
  if (rest === 'cancel') {
    const losers = dependencies.flatMap((one) =>
      one === undefined || hasPassed(one) ? [] : withdraw(state, one, { why: 'join' }, at),
    );
    if (losers.length > 0) return losers;
  }
  if (forEach !== undefined) return expand(state, task, definition, context);
  const isAsked = when !== undefined || definition.while !== undefined;
  const reason = isAsked ? 'condition' : rest === 'cancel' ? 'join' : 'mutex';
  return getReady(state, task, definition, reason, context);
}

/** What follows when its conditions do not hold; undefined when they do. */
function heldBack(
  state: RunState,
  task: TaskState,
  definition: TaskDefinition,
  context: DecisionContext,
): readonly RunEvent[] | undefined {
  const at = context.now;
  const { when } = definition;
  if (when !== undefined) {
    const holds = bindCondition(when, taskScope(state, task), `task '${task.id}', when`);
    if (!holds.ok) return giveUp(state, task, definition, { error: holds.error }, context);
    if (!holds.value) return [skip(task, definition, 'condition', at)];
  }
  const milestone = askMilestone(state, task, definition);
  if (!milestone.ok) return giveUp(state, task, definition, { error: milestone.error }, context);
  return milestone.value ? undefined : [skip(task, definition, 'while', at)];
}

/** Of a join of each: whether it begins at all is asked with the first that arrives. */
function settleEach(
  state: RunState,
  task: TaskState,
  definition: TaskDefinition,
  context: DecisionContext,
): readonly RunEvent[] {
  const { arrived = [], items } = task;
  const at = context.now;
  if (items !== undefined && (arrived.length === 0 || hasFailed(state, task, items)))
    return settleList(state, task, definition, context);
  if (items === undefined) {
    if (arrived.length === 0) return [skip(task, definition, 'dependencies', at)];
    const held = heldBack(state, task, definition, context);
    if (held !== undefined) return held;
  }
  return arrived.map((index) => ({ type: 'ItemJoined', at, taskId: task.id, index }));
}

/** The task is ready; or once it has its mutex, unless what it is in has that already. */
function getReady(
  state: RunState,
  task: TaskState,
  definition: TaskDefinition,
  reason: 'condition' | 'join' | 'mutex',
  context: DecisionContext,
): readonly RunEvent[] {
  const ready = { type: 'TaskReady', at: context.now, taskId: task.id, reason } as const;
  if (definition.mutex === undefined || task.mutex !== undefined) return [ready];
  const bound = bindExpression(definition.mutex.key, taskScope(state, task), `task '${task.id}', mutex`);
  const key = limited(bound, `mutex of '${task.id}'`, MAX_KEY_CHARS);
  if (!key.ok) return giveUp(state, task, definition, { error: key.error }, context);
  const mutex = typeof key.value === 'string' ? key.value : JSON.stringify(key.value);
  const { across } = definition.mutex;
  const name = mutexName(mutex, across);
  for (const path of blocksAround(task.scope)) if (state.tasks.get(path)?.mutex === name) return [ready];
  if (!closesCycle(state, task, name)) return [{ ...ready, mutex, ...(across === 'run' ? {} : { across }) }];
  const message = `'${task.id}' would wait for the mutex ${mutex}, whose holder waits for one that a block around '${task.id}' has, or for the turn that it has.`;
  return giveUp(state, task, definition, { error: errorData('REPRISE_MUTEX_DEADLOCK', message) }, context);
}

/** Whether whoever has a mutex cannot end before a block around the task does: they wait for mutexes, and for their turn. */
function closesCycle(state: RunState, task: TaskState, key: string): boolean {
  if (task.scope === '' || placeInLine(state, task, key) === 0) return false;
  const around = new Set(blocksAround(task.scope));
  const seen = new Set<string>([key]);
  for (const at of seen) {
    const holder = state.tasks.get(state.mutexes.get(at)?.[0] ?? '');
    if (holder === undefined) continue;
    for (const id of [holder.id, ...turnsBefore(state, holder)]) {
      if (around.has(id)) return true;
      for (const other of state.mutexWaits.within(id)) seen.add(other);
    }
  }
  return false;
}

/** The longest key of a mutex, in characters of JSON. */
const MAX_KEY_CHARS = 1000;

function unmet(task: TaskState, needed: number, dependencies: readonly (TaskState | undefined)[]): ErrorData {
  const failed = dependencies.filter((one) => one?.status === 'failed');
  const message =
    `'${task.id}' needs ${needed} of ${dependencies.length} tasks to complete, and only ${task.met} did` +
    `${failed.length === 0 ? '' : `: ${failed.map((one) => `'${one?.id}'`).join(', ')} failed`}.`;
  return withCause(errorData('REPRISE_JOIN_UNMET', message), failed.at(-1)?.error);
}

/** A repeating task that is skipped in a later round ends the loop with what the round before gave. */
function skip(task: TaskState, definition: TaskDefinition, reason: TaskSkipped['reason'], at: number): RunEvent {
  if (definition.repeat !== undefined && task.round > 1)
    return { type: 'TaskCompleted', at, taskId: task.id, attempt: task.attempt, via: 'last-round' };
  return { type: 'TaskSkipped', at, taskId: task.id, reason };
}

/** A block in which something has come to an end, or a wait for which there is a signal, or an answer. */
function settleEntered(state: RunState, task: TaskState, context: DecisionContext): readonly RunEvent[] {
  const scope = state.scopes.get(task.id);
  if (scope !== undefined) return settleBlock(state, scope, context);
  const { sent } = task;
  if (sent !== undefined && sent.outcome !== 'open') return endOfSent(state, task, sent, context);
  if (task.form?.answer !== undefined) return answered(state, task, task.form.answer, context);
  const taken = signalFor(state, task);
  if (taken === undefined) return [];
  const { id, data } = taken;
  return conclude(state, task, { output: data, via: 'signal', recorded: false, signal: id }, context);
}

/** What came of the message that it waited for. */
function endOfSent(
  state: RunState,
  task: TaskState,
  { message, outcome }: NonNullable<TaskState['sent']>,
  context: DecisionContext,
): readonly RunEvent[] {
  if (outcome === 'acknowledged') return conclude(state, task, { output: { id: message }, via: 'send' }, context);
  const definition = definitionOf(state, task);
  return definition === undefined || outcome === 'open'
    ? []
    : giveUp(state, task, definition, { error: outcome }, context);
}

/** Nothing is awaited in it any more: what is to be undone of it is, then it ends, too. */
function endOfTask(
  state: RunState,
  task: TaskState,
  definition: TaskDefinition,
  context: DecisionContext,
): readonly RunEvent[] {
  const { closing } = task;
  if (closing === undefined || closing.why === 'within') return [];
  const { why, error } = closing;
  const end = endOfGivenUp(task, context);
  if (end !== undefined)
    return (why === 'override' ? undefined : undoNext(state, lastDone(state, task.id), context)) ?? [end];
  const scope = state.scopes.get(task.id);
  // Without an error of its own, it ends as what is in it says.
  if (scope !== undefined && error === undefined) return settleBlock(state, scope, context);
  const undo = scope === undefined ? undefined : undoNext(state, lastDoneInside(state, scope), context);
  if (undo !== undefined) return undo;
  if (error === undefined) return settleList(state, task, definition, context);
  return giveUp(state, task, definition, { error, unknown: isUnknown(definition, error) }, context);
}

/** Items that are being recorded in several turns: computed once a round. Lost with the state, and then computed again. */
const expansions = new WeakMap<TaskState, { readonly round: number; readonly values: readonly Json[] }>();

/** Records the items, or the next of them. */
function expand(
  state: RunState,
  task: TaskState,
  definition: TaskDefinition,
  context: DecisionContext,
): readonly RunEvent[] {
  if (definition.forEach === undefined) return [];
  const failed = (error: ErrorData) => giveUp(state, task, definition, { error }, context);
  const from = task.items?.values.length ?? 0;
  const need = from > 0 ? undefined : needOf(state, task, definition.forEach);
  if (need?.ok === false) return failed(need.error);
  const needed = need?.value === undefined ? {} : { need: need.value };
  const known = expansions.get(task);
  let values = known?.round === task.round && from > 0 ? known.values : undefined;
  if (values === undefined) {
    const bound = bindItems(definition.forEach.items, taskScope(state, task), task.id, context.maxPayloadChars);
    if (!bound.ok) return failed(bound.error);
    values = bound.value;
    const { items } = definition.forEach;
    const source =
      from > 0 ? undefined : sourceOf(state, values, () => guessExpression(state, task, items), context.inlineChars);
    const size = source === undefined ? bound.size : sourceSize(source);
    const error = beyondLimit(state, `the items of '${task.id}'`, size, context);
    if (error !== undefined && from === 0) return failed(error);
    if (source !== undefined)
      return [
        { type: 'TaskExpanded', at: context.now, taskId: task.id, from, source, total: values.length, ...needed },
      ];
    if (task.items !== undefined && task.items.total !== values.length) {
      const message = `task '${task.id}', forEach: gave ${values.length} items, and ${task.items.total} when it began.`;
      return failed(errorData('REPRISE_ITEMS_INVALID', message));
    }
    expansions.set(task, { round: task.round, values });
  }
  const events = expansionOf(task.id, values, context.now, from, context.sliceChars);
  return events.map((event, index) => (index === 0 ? { ...event, ...needed } : event));
}

function endOfFallback(
  state: RunState,
  task: TaskState,
  definition: TaskDefinition,
  context: DecisionContext,
): readonly RunEvent[] {
  const standIn = standInOf(definition);
  const substitute = standIn === undefined ? undefined : siblingOf(state, task, standIn);
  if (substitute?.status === 'completed' || substitute?.status === 'skipped') {
    const output = substitute.output ?? null;
    return conclude(state, task, { output, via: 'fallback-task', recorded: false }, context);
  }
  const missing = errorData('REPRISE_TASK_FAILED', 'The fallback task left no error.');
  const error = withCause(substitute?.error ?? missing, substitute?.error === undefined ? task.error : undefined);
  return giveUp(state, task, definition, { error, fellBack: true }, context);
}
