import type { ForEach, TaskDefinition } from '../../../definition/definition.ts';
import { type ErrorData, errorData, withCause } from '../../../shared/errors.ts';
import { bindCondition, bindExpression } from '../../task-chaining/input-binding.ts';
import { taskScope } from '../binding-source.ts';
import type { RunEvent } from '../events.ts';
import { type ItemsState, isThrough, type RunState, type TaskState } from '../state.ts';
import { holdsOutstanding } from '../transitions/close.ts';
import { isTolerated } from '../transitions/end-task.ts';
import { isBorne, isUnmet, isWeighed, itemOutputs } from '../transitions/items.ts';
import { lastDone } from '../transitions/undoable.ts';
import type { DecisionContext } from './decision-context.ts';
import { giveUp } from './outcome.ts';
import { undoNext } from './undo-next.ts';
import { withdraw } from './withdraw.ts';

// What becomes of a list whose items are known: it fails, it has what it is for, or it ends.

/** Of one that is to be decided about, or that closes and has nothing outstanding any more. */
export function settleList(
  state: RunState,
  list: TaskState,
  definition: TaskDefinition,
  context: DecisionContext,
): readonly RunEvent[] {
  const { items } = list;
  if (items === undefined) return [];
  const at = context.now;
  const last = lastDone(state, list.id);
  const undo = list.closing === undefined ? undefined : undoNext(state, last, context);
  if (undo !== undefined) return undo;
  const error = failureOf(state, list, items);
  if (error !== undefined) {
    const isLeft = last !== undefined && isTolerated(state, list);
    if (list.closing === undefined && (isLeft || holdsOutstanding(state, list)))
      return [{ type: 'TaskClosing', at, taskId: list.id, why: 'failure' }];
    return [{ type: 'TaskFailed', at, taskId: list.id, error }];
  }
  if (isThrough(items) || list.closing !== undefined)
    return [{ type: 'TaskCompleted', at, taskId: list.id, attempt: list.attempt, via: 'items' }];
  if (items.need === undefined || items.completed < items.need) return [];
  return yieldOf(state, list, items, { rest: definition.forEach?.rest }, at);
}

/** Asks the lists of which an item has ended since they were asked. Those that have not got what they are for are not asked again. */
export function weighLists(state: RunState, context: DecisionContext): readonly RunEvent[] {
  for (const id of state.weighing) {
    const list = state.tasks.get(id);
    const definition = state.graph.node(list?.definitionId ?? '')?.definition;
    const { until } = definition?.forEach ?? {};
    // A list that is in the frontier is decided about there first.
    if (state.frontier.has(id)) continue;
    state.weighing.delete(id);
    if (list?.items === undefined || definition === undefined || until === undefined) continue;
    if (list.closing !== undefined || !isWeighed(state, list)) continue;
    const { items } = list;
    const holds = bindCondition(until, scopeOf(state, list, items), `task '${id}', forEach.until`);
    if (!holds.ok) return failed(state, list, definition, holds.error, context);
    if (holds.value) return yieldOf(state, list, items, { rest: definition.forEach?.rest }, context.now);
  }
  return [];
}

/** Its own `until` failed. What is outstanding in it comes first, as when an item fails it. */
function failed(
  state: RunState,
  list: TaskState,
  definition: TaskDefinition,
  error: ErrorData,
  context: DecisionContext,
): readonly RunEvent[] {
  if (holdsOutstanding(state, list))
    return [{ type: 'TaskClosing', at: context.now, taskId: list.id, why: 'failure', error }];
  return giveUp(state, list, definition, { error }, context);
}

/** What `until` reads: the list so far is put together when it is read. */
function scopeOf(state: RunState, list: TaskState, items: ItemsState) {
  const { completed, ended, total } = items;
  const scope = { ...taskScope(state, list), completed, ended, total, output: null };
  Object.defineProperty(scope, 'output', { get: () => itemOutputs(items), enumerable: true });
  return scope;
}

/** What has not ended is cancelled if the list says so; what can be undone is awaited and undone, while what comes after the list goes on. */
export function yieldOf(
  state: RunState,
  list: TaskState,
  { instances }: ItemsState,
  { rest, by }: { readonly rest: ForEach['rest']; readonly by?: string },
  at: number,
): readonly RunEvent[] {
  const named = by === undefined ? {} : { by };
  if (rest !== 'cancel') return [{ type: 'TaskYielded', at, taskId: list.id }];
  const events: RunEvent[] = [{ type: 'TaskYielded', at, taskId: list.id, rest: 'cancel', ...named }];
  for (const item of instances) if (item !== undefined) events.push(...withdraw(state, item, { why: 'list' }, at));
  return events;
}

/** Why the list fails; undefined when it does not. Once it has yielded, nothing fails it. */
function failureOf(state: RunState, list: TaskState, items: ItemsState): ErrorData | undefined {
  if (list.yieldedAt !== undefined) return undefined;
  if (items.need !== undefined) return isUnmet(items) ? unmet(list, items) : undefined;
  if (isBorne(state, list)) return undefined;
  for (const [index, item] of items.instances.entries()) {
    if (item?.status === 'failed' && item.error !== undefined)
      return { ...item.error, message: `item ${index}: ${item.error.message}` };
  }
  return undefined;
}

export const hasFailed = (state: RunState, list: TaskState, items: ItemsState): boolean =>
  failureOf(state, list, items) !== undefined;

function unmet(list: TaskState, { need, total, completed, instances }: ItemsState): ErrorData {
  const last = lastFailed(instances);
  const message = `'${list.id}' needs ${need} of its ${total} items to complete, and no more than ${completed} did, or can.`;
  return withCause(errorData('REPRISE_ITEMS_UNMET', message), last?.error);
}

/** Of the items that failed, the one that did so last. */
export function lastFailed(instances: readonly (TaskState | undefined)[]): TaskState | undefined {
  let last: TaskState | undefined;
  for (const item of instances) {
    if (item?.status !== 'failed') continue;
    if (last === undefined || (item.endRevision ?? 0) >= (last.endRevision ?? 0)) last = item;
  }
  return last;
}

/** How many items have to complete; undefined when all do. */
export function needOf(
  state: RunState,
  list: TaskState,
  { need }: ForEach,
): { readonly ok: true; readonly value: number | undefined } | { readonly ok: false; readonly error: ErrorData } {
  if (typeof need !== 'object') return { ok: true, value: need };
  const bound = bindExpression(need, taskScope(state, list), `task '${list.id}', forEach.need`);
  if (!bound.ok) return bound;
  const { value } = bound;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return { ok: true, value };
  const message = `task '${list.id}', forEach.need: gave ${JSON.stringify(value).slice(0, 60)} where a whole number of 0 or more is needed.`;
  return { ok: false, error: errorData('REPRISE_ITEMS_INVALID', message) };
}
