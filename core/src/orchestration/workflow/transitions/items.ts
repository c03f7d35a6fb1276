import { bearsFailures, isList, itemsAtOnce } from '../../../definition/definition.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import type { Json } from '../../../shared/json.ts';
import { taskPaths } from '../../../shared/task-path.ts';
import { noteChange, noteEnded } from '../digest/items-digest.ts';
import { itemText } from '../digest/state-digest.ts';
import type { ItemJoined, ItemsAdded, TaskExpanded, TaskYielded } from '../events.ts';
import { resolve } from '../sources/resolve.ts';
import type { Source } from '../sources/source.ts';
import {
  createTaskState,
  definitionOf,
  dependenciesOf,
  hasEnded,
  type ItemsState,
  isThrough,
  listOf,
  type RunState,
  siblingOf,
  type TaskState,
} from '../state.ts';
import { turnsFor } from '../turns.ts';
import { holdItems, holdSource } from './hold.ts';
import { beginLimits } from './standing.ts';
import { makeReady, setStatus } from './status.ts';

export function expand(state: RunState, parent: TaskState, event: TaskExpanded): void {
  const whole = event.source === undefined ? undefined : wholeList(state, parent, event.source);
  if (parent.items === undefined) {
    const values = whole ?? [];
    const total = whole === undefined ? event.total : whole.length;
    parent.items = createItems(values, total, event.need);
    parent.boundAt = state.revision;
    parent.source = event.source;
  }
  const from = parent.items.values.length;
  for (const item of event.items ?? []) {
    parent.items.values.push(item);
    noteChange(parent.items, parent.items.values.length - 1);
  }
  holdItems(state, parent, from);
  beginLimits(state, parent, event.at);
  setStatus(state, parent, 'running');
  if (parent.items.values.length < parent.items.total) {
    // The rest of the items follows: settle goes on with it, in another turn if need be.
    state.frontier.add(parent.id);
    return;
  }
  if (isDue(state, parent)) state.frontier.add(parent.id);
  else releaseItems(state, parent, event.at);
}

export const createItems = (values: Json[], total: number, need?: number): ItemsState => ({
  values,
  instances: [],
  total,
  cursor: 0,
  active: 0,
  returning: [],
  ended: 0,
  completed: 0,
  dropped: 0,
  stopped: false,
  need,
});

/** Whether what becomes of a list is settle's to say: it has failed, has what it is for, or is through. */
export function isDue(state: RunState, list: TaskState, failed = false): boolean {
  const { items } = list;
  if (items === undefined) return false;
  if (isThrough(items)) return true;
  if (list.yieldedAt !== undefined) return false;
  if (items.need !== undefined) return items.completed >= items.need || isUnmet(items);
  return failed && !isBorne(state, list);
}

/** Too few items can still complete. */
export const isUnmet = ({ need, completed, total, ended }: ItemsState): boolean =>
  need !== undefined && completed + total - ended < need;

/** Whether a list goes on when an item of it fails. */
export function isBorne(state: RunState, list: TaskState): boolean {
  const forEach = state.graph.node(list.definitionId)?.definition.forEach;
  return list.yieldedAt !== undefined || (forEach !== undefined && bearsFailures(forEach));
}

/** Whether the list is asked, after each item, whether it has what it is for. */
export const isWeighed = (state: RunState, list: TaskState): boolean =>
  list.items !== undefined &&
  list.items.ended > 0 &&
  list.yieldedAt === undefined &&
  list.status === 'running' &&
  list.index === undefined &&
  state.graph.node(list.definitionId)?.definition.forEach?.until !== undefined;

/** The list has what it is for. What comes after it is the caller's to tell. */
export function yieldItems(state: RunState, list: TaskState, items: ItemsState, event: TaskYielded): void {
  if (list.yieldedAt === undefined) {
    list.yieldedAt = state.revision;
    list.output = itemOutputs(items);
  }
  state.frontier.delete(list.id);
  state.weighing.delete(list.id);
  if (event.rest === 'cancel') {
    items.stopped = true;
    items.dropped = items.total - begun(items);
  }
  // Items that are being recorded still are recorded to the last.
  if (isThrough(items) || items.values.length < items.total) state.frontier.add(list.id);
  else releaseItems(state, list, event.at);
}

function begun({ instances }: ItemsState): number {
  let count = 0;
  for (const item of instances) if (item !== undefined) count += 1;
  return count;
}

/** The list that the items are, all of it: it is not copied, because nothing is added to it. */
function wholeList(state: RunState, parent: TaskState, source: Source): Json[] {
  const list = resolve(state, source);
  holdSource(state, parent, source);
  return Array.isArray(list) ? (list as Json[]) : [];
}

/** Makes items ready, in order, as far as the concurrency of the forEach allows. */
function releaseItems(state: RunState, parent: TaskState, at: number): void {
  const items = parent.items;
  const definition = state.graph.node(parent.definitionId)?.definition;
  if (items === undefined || definition === undefined || !isList(definition)) return;
  const { mutex } = definition;
  const most = itemsAtOnce(definition);
  while (items.active < most && items.returning.length > 0) {
    const item = items.instances[items.returning.shift() ?? -1];
    if (item?.idle !== true || hasEnded(item) || item.closing !== undefined) continue;
    noteChange(items, item.index ?? 0);
    item.idle = false;
    items.active += 1;
    // One that begins anew asks for its mutex again.
    if (mutex === undefined || item.scheduledAt !== undefined) makeReady(state, item, at);
    else state.frontier.add(item.id);
  }
  while (items.dropped === 0 && items.active < most && items.cursor < items.total) {
    const index = items.cursor;
    items.cursor += 1;
    if (items.instances[index] !== undefined) continue;
    beginItem(state, parent, items, { index, at, mutex: mutex !== undefined });
  }
}

/** Whether the list has what it is for, and has cancelled the rest: nothing more of it begins. */
export const isStopped = ({ items }: TaskState): boolean => items?.stopped === true;

/** More items, which begin as those that were there: a list that yielded is still one, unless it has cancelled the rest. */
export function addToList(state: RunState, list: TaskState, event: ItemsAdded): void {
  const { items } = list;
  if (items === undefined || hasEnded(list) || list.closing !== undefined || isStopped(list)) return;
  if (items.values.length < items.total) return;
  if (list.source !== undefined) {
    // It was the list of another event, and is one of its own from here on.
    items.values = [...items.values];
    list.source = undefined;
  }
  const from = items.values.length;
  for (const item of event.items) {
    items.values.push(item);
    noteChange(items, items.values.length - 1);
  }
  items.total += event.items.length;
  holdItems(state, list, from);
  releaseItems(state, list, event.at);
  if (isWeighed(state, list)) state.weighing.add(list.id);
}

function beginItem(
  state: RunState,
  parent: TaskState,
  items: ItemsState,
  { index, at, mutex }: { readonly index: number; readonly at: number; readonly mutex: boolean },
): void {
  items.active += 1;
  const item = addItem(state, parent, items, index);
  item.round = parent.round;
  item.again = parent.again;
  item.attempt = parent.attempt;
  item.ignoredAttempt = parent.attempt;
  const isGiven = state.given?.[item.id] !== undefined;
  if (items.expired === undefined && !mutex && !isGiven) makeReady(state, item, at);
  else state.frontier.add(item.id);
}

/** A dependency of a join of each has completed: its item begins. The first makes the task a list, of as many as it comes after. */
export function joinItem(state: RunState, list: TaskState, { index, at }: ItemJoined): void {
  const definition = definitionOf(state, list);
  const after = dependenciesOf(state, list);
  const id = after[index];
  if (definition?.join !== 'each' || id === undefined || hasEnded(list) || list.closing !== undefined) return;
  if (list.items === undefined) {
    list.items = createItems(new Array<Json>(after.length).fill(null), after.length);
    list.items.cursor = after.length;
    list.items.dropped = after.length - list.waitingOn - list.met;
    list.boundAt = state.revision;
    beginLimits(state, list, at);
    setStatus(state, list, 'running');
  }
  const { items } = list;
  if (items.instances[index] !== undefined) return;
  items.values[index] = { task: id, output: siblingOf(state, list, id)?.output ?? null };
  const left = list.arrived?.filter((place) => place !== index) ?? [];
  list.arrived = left.length === 0 ? undefined : left;
  if (list.arrived === undefined) state.frontier.delete(list.id);
  else state.frontier.add(list.id);
  beginItem(state, list, items, { index, at, mutex: definition.mutex !== undefined });
}

/** A dependency of a join of each has passed, which is one less to wait for. Whether it gives an item is the caller's to say. */
export function arrive(state: RunState, task: TaskState, id: string, gives: boolean): void {
  if (task.closing !== undefined) return;
  const { items } = task;
  if (gives) {
    task.met += 1;
    const place = placeAmong(dependenciesOf(state, task), id);
    if (task.arrived === undefined) task.arrived = [place];
    else task.arrived.push(place);
    state.frontier.add(task.id);
  } else if (items !== undefined) {
    items.dropped += 1;
    if (isDue(state, task)) state.frontier.add(task.id);
  } else if (task.waitingOn === 0 && task.arrived === undefined) {
    state.frontier.add(task.id);
  }
}

const places = new WeakMap<readonly string[], ReadonlyMap<string, number>>();

/** Where an id stands in a list of them, which is looked through once. */
export function placeAmong(ids: readonly string[], id: string): number {
  let known = places.get(ids);
  if (known === undefined) {
    known = new Map(ids.map((one, index) => [one, index]));
    places.set(ids, known);
  }
  return known.get(id) ?? -1;
}

/** An item is to wait for a retry: another may have its place meanwhile. (Not that of one with a mutex, which those others may wait for, nor that of one that has its turn.) */
export function leavePlace(state: RunState, item: TaskState, at: number): void {
  const parent = listOf(state, item);
  if (parent?.items === undefined || state.rules < 3 || item.mutex !== undefined || turnsFor(state, item) !== undefined)
    return;
  item.idle = true;
  parent.items.active -= 1;
  releaseItems(state, parent, at);
}

/** Makes a task ready; an item that has left its place waits until there is one. */
export function readyAgain(state: RunState, task: TaskState, at: number): void {
  const parent = task.idle ? listOf(state, task) : undefined;
  if (parent?.items === undefined || task.index === undefined) return makeReady(state, task, at);
  parent.items.returning.push(task.index);
  task.retryAt = undefined;
  releaseItems(state, parent, at);
}

/** The time of the list is up: settle decides about every item that has neither ended nor fallen back, those still to come included. */
export function expire(state: RunState, parent: TaskState, error: ErrorData): void {
  if (parent.items === undefined) return;
  parent.items.expired = error;
  for (const item of parent.items.instances) {
    if (item !== undefined && !hasEnded(item) && item.fallback === undefined && item.closing === undefined)
      state.frontier.add(item.id);
  }
}

export function endItem(state: RunState, item: TaskState, at: number): void {
  const parent = listOf(state, item);
  if (parent?.items === undefined) return;
  if (item.idle) item.idle = false;
  else parent.items.active -= 1;
  parent.items.ended += 1;
  if (item.status === 'completed') parent.items.completed += 1;
  if (state.rules > 1 && item.index !== undefined) noteEnded(parent.items, item.index, itemText(parent.items));
  if (parent.closing !== undefined) return;
  if (isDue(state, parent, item.status === 'failed')) {
    state.frontier.add(parent.id);
    return;
  }
  if (isWeighed(state, parent)) state.weighing.add(parent.id);
  releaseItems(state, parent, at);
}

/** Something is about to happen to a task: what is known of an item for a digest is known no more. */
export function aboutToChange(state: RunState, task: TaskState): void {
  if (task.index === undefined) return;
  const items = listOf(state, task)?.items;
  if (items !== undefined) noteChange(items, task.index);
}

export function itemOutputs(items: ItemsState | undefined): Json[] {
  const outputs: Json[] = [];
  const total = items?.total ?? 0;
  for (let index = 0; index < total; index += 1) outputs.push(items?.instances[index]?.output ?? null);
  return outputs;
}

/** The task of an item, in its first state. */
export function addItem(state: RunState, parent: TaskState, items: ItemsState, index: number): TaskState {
  const item = createTaskState(
    taskPaths(state.rules).item(parent.id, index),
    parent.definitionId,
    index,
    0,
    parent.scope,
  );
  state.tasks.set(item.id, item);
  noteChange(items, index);
  items.instances[index] = item;
  return item;
}
