import { mayYield, type TaskDefinition } from '../../../definition/definition.ts';
import { listAround } from '../binding-source.ts';
import { itemsProblem } from '../decisions/add-items.ts';
import { permissionsOf } from '../decisions/permissions.ts';
import type { ItemJoined, ItemsAdded, TaskExpanded, TaskYielded } from '../events.ts';
import { namedFrom } from '../performers/cancel.ts';
import { resolve } from '../sources/resolve.ts';
import type { Source } from '../sources/source.ts';
import { definitionOf, hasEnded, hasPassed, isInFlight, isThrough, type RunState, type TaskState } from '../state.ts';
import { attemptFlaw, flaw, unfit, unknown } from './flaws.ts';
import { sourceFlaw } from './follows-sources.ts';
import type { Flaw } from './shape.ts';

// What may follow of events about lists: their items, those that are added, and when they have what they are for.

/** The parts of an expansion are one decision: each goes on where the one before ended, and nothing comes between. */
export function expandedFlaw(
  state: RunState,
  task: TaskState,
  definition: TaskDefinition,
  event: TaskExpanded,
): Flaw | undefined {
  const { forEach } = definition;
  const { items } = task;
  const there = items?.values.length ?? 0;
  if (forEach === undefined || task.index !== undefined)
    return flaw('data.taskId', `is '${task.id}', which has no forEach`);
  if (items === undefined ? task.status !== 'pending' : there >= items.total) return unfit(task);
  if (event.from !== there) return flaw('data.from', `is ${event.from} where ${there} must be`);
  if (items !== undefined && event.total !== items.total)
    return flaw('data.total', `is ${event.total}; the part before said ${items.total}`);
  const wrong = neededFlaw(event.need, event.from, definition);
  if (wrong !== undefined) return wrong;
  if (event.source !== undefined) return wholeFlaw(state, there, event, event.source);
  if (event.items === undefined) return flaw('data.items', 'is missing');
  if (there + event.items.length > event.total)
    return flaw('data.total', `is ${event.total}, but ${there + event.items.length} items are there`);
  if (event.items.length === 0 && event.total > 0) return flaw('data.items', 'is empty');
  return undefined;
}

/** A list that stands in the history already comes as a whole. */
function wholeFlaw(state: RunState, there: number, event: TaskExpanded, source: Source): Flaw | undefined {
  if (event.items !== undefined) return flaw('data.source', 'cannot stand beside items');
  if (there > 0 || event.from > 0) return flaw('data.source', 'cannot be a part of a list');
  const wrong = sourceFlaw(state, source);
  if (wrong !== undefined) return wrong;
  const list = resolve(state, source);
  if (!Array.isArray(list)) return flaw('data.source', 'is no list');
  return list.length === event.total
    ? undefined
    : flaw('data.total', `is ${event.total}, and the list has ${list.length} items`);
}

function neededFlaw(need: number | undefined, from: number, { forEach }: TaskDefinition): Flaw | undefined {
  const said = from === 0 ? forEach?.need : undefined;
  if ((need === undefined) !== (said === undefined))
    return flaw('data.need', need === undefined ? 'is missing' : 'cannot stand here');
  return typeof said === 'number' && said !== need ? flaw('data.need', `is ${need} where ${said} is said`) : undefined;
}

export function moreItemsFlaw(state: RunState, task: TaskState, event: ItemsAdded): Flaw | undefined {
  if (state.commands.has(event.commandId))
    return flaw('data.commandId', `is '${event.commandId}', which took effect before`);
  const wrong = event.addedBy === undefined ? undefined : addedByFlaw(state, task, event.addedBy);
  if (wrong !== undefined) return wrong;
  const there = task.items?.values.length ?? 0;
  if (event.from !== there) return flaw('data.from', `is ${event.from} where ${there} must be`);
  const found = itemsProblem(state, event);
  return found === undefined ? undefined : flaw('data', `could not be added: ${found.message}`);
}

/** An agent adds to the innermost list around its task, with its output. */
function addedByFlaw(state: RunState, list: TaskState, by: NonNullable<ItemsAdded['addedBy']>): Flaw | undefined {
  const task = state.tasks.get(by.taskId);
  if (task === undefined) return unknown(by.taskId);
  if (!isInFlight(task)) return unfit(task);
  if (!permissionsOf(state, task).includes('addItems') || listAround(state, task)?.list !== list)
    return flaw('data.addedBy', `is '${task.id}', whose agent may add no items to '${list.id}'`);
  return attemptFlaw(task, by.attempt);
}

/** One for each dependency that has completed, in any order. */
export function joinedFlaw(task: TaskState, definition: TaskDefinition, { index }: ItemJoined): Flaw | undefined {
  if (definition.join !== 'each' || task.index !== undefined)
    return flaw('data.taskId', `is '${task.id}', which is no join of each`);
  if (hasEnded(task) || task.closing !== undefined) return unfit(task);
  return task.arrived?.includes(index) === true
    ? undefined
    : flaw('data.index', `is ${index}, and no dependency of '${task.id}' there has completed and waits for its item`);
}

/** Whether `until` held, nobody can tell any more. */
export function yieldedFlaw(
  state: RunState,
  task: TaskState,
  { forEach }: TaskDefinition,
  { rest, by }: TaskYielded,
): Flaw | undefined {
  const { items } = task;
  if (by !== undefined) return completedByFlaw(state, task, rest, by);
  if (items === undefined || !mayYield(forEach))
    return flaw('data.taskId', `is '${task.id}', which is no list that yields`);
  if (hasPassed(task) || task.closing !== undefined || items.values.length < items.total) return unfit(task);
  if (isThrough(items)) return flaw('type', `cannot come: all items of '${task.id}' have ended`);
  if (forEach?.until === undefined && items.completed < (items.need ?? 0))
    return flaw('type', `cannot come: ${items.completed} of ${items.need} items of '${task.id}' have completed`);
  if ((rest === 'cancel') === (forEach?.rest === 'cancel')) return undefined;
  return flaw('data.rest', `is not what '${task.id}' says of the rest`);
}

/** A `cancel … complete` names the list. */
function completedByFlaw(state: RunState, task: TaskState, rest: string | undefined, by: string): Flaw | undefined {
  const { items } = task;
  if (items === undefined) return flaw('data.taskId', `is '${task.id}', which is no list that has begun`);
  if (hasEnded(task) || task.closing !== undefined || items.stopped) return unfit(task);
  const canceller = state.tasks.get(by);
  const said = canceller === undefined ? undefined : definitionOf(state, canceller)?.cancel;
  const isNamed = said?.tasks.some((id) => namedFrom(state, canceller?.scope ?? '', id) === task) === true;
  if (canceller?.status !== 'completed' || said?.complete !== true || !isNamed)
    return flaw('data.by', `is '${by}', which does not complete '${task.id}'`);
  return rest === 'cancel' ? undefined : flaw('data.rest', 'is missing');
}
