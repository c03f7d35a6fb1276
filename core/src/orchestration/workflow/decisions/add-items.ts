import { type Json, jsonProblem } from '../../../shared/json.ts';
import { jsonSize, roughSize } from '../../../shared/json-size.ts';
import type { AddItems } from '../commands.ts';
import type { ItemsAdded } from '../events.ts';
import { definitionOf, hasEnded, type RunState } from '../state.ts';
import { isStopped } from '../transitions/items.ts';
import { EVENT_SHAPES } from '../untrusted/event-shapes.ts';
import { MAX_ADDED_AT_ONCE, MAX_TASKS_OF_RUN } from './add-tasks.ts';
import { blockProblem } from './added-place.ts';
import type { DecisionContext } from './decision-context.ts';
import { beyondLimit } from './outcome.ts';
import { type Answer, problem, type Refusal } from './refusal.ts';

/** Adds items to a list that is under way, all or none. */
export function addItems(
  state: RunState,
  { taskId, items, commandId }: Pick<AddItems, 'taskId' | 'items' | 'commandId'>,
  context: DecisionContext,
): Answer {
  const added = itemsAdded(state, { taskId, items, commandId }, context);
  return 'code' in added ? added : [added];
}

/** What is to be added to which list, and on whose behalf. */
export type Added = Pick<ItemsAdded, 'taskId' | 'commandId' | 'addedBy'> & {
  readonly items: unknown;
};

/**
 * The event that adds the items, or why they cannot be added. Of an agent that adds to the list that it is an item of (`addedBy`), it has to come before
 * the event that ends the item: with its last item, a list ends.
 */
export function itemsAdded(
  state: RunState,
  { taskId, items, commandId, addedBy }: Added,
  context: DecisionContext,
): ItemsAdded | Refusal {
  const plain = jsonProblem(items);
  if (plain !== undefined) return problem('REPRISE_INVALID_PAYLOAD', `The added items are no plain JSON, ${plain}.`);
  const event: ItemsAdded = {
    type: 'ItemsAdded',
    at: context.now,
    taskId,
    from: state.tasks.get(taskId)?.items?.values.length ?? 0,
    // Whoever sent them keeps no hold on what is recorded.
    items: JSON.parse(JSON.stringify(items)) as readonly Json[],
    commandId,
    ...(addedBy !== undefined && { addedBy }),
  };
  const { type, at: _at, ...data } = event;
  const flaw = EVENT_SHAPES[type](data, '');
  if (flaw !== undefined) return problem('REPRISE_COMMAND_INVALID', `Items to add: ${flaw.field} ${flaw.problem}.`);
  const found = itemsProblem(state, event);
  if (found !== undefined) return found;
  const { maxPayloadChars } = context;
  if (jsonSize(event.items as Json, maxPayloadChars) > maxPayloadChars)
    return problem(
      'REPRISE_PAYLOAD_TOO_LARGE',
      `The added items are larger than the limit of ${maxPayloadChars} characters of JSON. Add fewer at once, or pass references.`,
    );
  const error = beyondLimit(state, `the items added to '${taskId}'`, roughSize(event.items as Json), context);
  return error === undefined ? event : problem('REPRISE_RUN_TOO_LARGE', error.message);
}

/** Why items that have their shape may not be added to the run as it is; undefined when they may. */
export function itemsProblem(state: RunState, { taskId, items }: ItemsAdded): Refusal | undefined {
  const invalid = (why: string) => problem('REPRISE_COMMAND_INVALID', `No items can be added to '${taskId}': ${why}.`);
  const closed = (why: string) => problem('REPRISE_BLOCK_CLOSED', `No items can be added to '${taskId}': ${why}.`);
  if (state.rules < 3) return invalid(`the run keeps the rules ${state.rules}, under which none are added`);
  const task = state.tasks.get(taskId);
  const definition = task === undefined ? undefined : definitionOf(state, task);
  if (task === undefined || definition === undefined)
    return problem('REPRISE_TASK_UNKNOWN', `There is no task '${taskId}'.`);
  if (task.index !== undefined) return invalid('it is an item itself; name the list');
  if (definition.join === 'each') return invalid('its items are what it comes after');
  if (definition.forEach === undefined) return invalid('it is no list (it has no forEach)');
  if (hasEnded(task)) return closed(`it is ${task.status}`);
  const list = task.items;
  if (list === undefined) return invalid('it has not begun');
  if (list.values.length < list.total)
    return invalid('its own items are still being put on record; try again in a moment');
  if (task.closing !== undefined) return closed('it is closing');
  if (list.expired !== undefined) return closed('its time is up');
  if (isStopped(task)) return closed('it has what it is for, and cancels the rest');
  if (state.frontier.has(taskId)) return closed('it is about to end');
  const around = blockProblem(state, task.scope, state.scopes.get(task.scope));
  if (around !== undefined) return around;
  if (items.length > MAX_ADDED_AT_ONCE)
    return problem(
      'REPRISE_TOO_MANY_TASKS',
      `${items.length} items cannot be added at once; at most ${MAX_ADDED_AT_ONCE} can.`,
    );
  return state.tasks.size + items.length > MAX_TASKS_OF_RUN
    ? problem('REPRISE_TOO_MANY_TASKS', `The run would have more than ${MAX_TASKS_OF_RUN} tasks and items.`)
    : undefined;
}
