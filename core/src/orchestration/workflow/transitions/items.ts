import type { ErrorData } from '../../../shared/errors.ts';
import type { Json } from '../../../shared/json.ts';
import { itemId, planOf } from '../../task-chaining/plan.ts';
import type { TaskExpanded } from '../events.ts';
import { createTaskState, hasEnded, type RunState, type TaskState } from '../state.ts';
import { holdItems } from './hold.ts';
import { makeReady, setStatus } from './status.ts';

export function expand(state: RunState, parent: TaskState, event: TaskExpanded): void {
  parent.items ??= { values: [], total: event.total, cursor: 0, active: 0, ended: 0 };
  const from = parent.items.values.length;
  for (const item of event.items) parent.items.values.push(item);
  holdItems(state, parent, from);
  parent.firstScheduledAt ??= event.at;
  setStatus(state, parent, 'running');
  if (parent.items.values.length < event.total) {
    // The rest of the items follows: settle goes on with it, in another turn if need be.
    state.frontier.add(parent.id);
    return;
  }
  if (event.total === 0) state.frontier.add(parent.id);
  else releaseItems(state, parent, event.at);
}

/** Makes items ready, in order, as far as the concurrency of the forEach allows. */
function releaseItems(state: RunState, parent: TaskState, at: number): void {
  const items = parent.items;
  const forEach = planOf(state.definition).tasks.get(parent.id)?.definition.forEach;
  if (items === undefined || forEach === undefined) return;
  while (items.active < forEach.concurrency && items.cursor < items.total) {
    const index = items.cursor;
    items.cursor += 1;
    const id = itemId(parent.id, index);
    if (state.tasks.has(id)) continue;
    items.active += 1;
    const item = createTaskState(id, parent.id, index, 0);
    item.round = parent.round;
    item.attempt = parent.attempt;
    item.ignoredAttempt = parent.attempt;
    state.tasks.set(id, item);
    if (items.expired === undefined) makeReady(state, item, at);
    else state.frontier.add(id);
  }
}

/** The time of the list is up: settle decides about every item that has neither ended nor fallen back, those still to come included. */
export function expire(state: RunState, parent: TaskState, error: ErrorData): void {
  if (parent.items === undefined) return;
  parent.items.expired = error;
  for (let index = 0; index < parent.items.total; index += 1) {
    const item = state.tasks.get(itemId(parent.id, index));
    if (item !== undefined && !hasEnded(item) && item.fallback === undefined) state.frontier.add(item.id);
  }
}

export function endItem(state: RunState, item: TaskState, at: number): void {
  const parent = state.tasks.get(item.definitionId);
  if (parent?.items === undefined) return;
  const forEach = planOf(state.definition).tasks.get(parent.id)?.definition.forEach;
  parent.items.active -= 1;
  parent.items.ended += 1;
  const failed = item.status === 'failed' && forEach?.onItemFailure !== 'continue';
  if (failed || parent.items.ended === parent.items.total) state.frontier.add(parent.id);
  else releaseItems(state, parent, at);
}

/** A parent that ended early (a value stood in for it) leaves no item behind. */
export function cancelItems(state: RunState, parent: TaskState, at: number): void {
  if (parent.items === undefined || parent.items.ended === parent.items.total) return;
  for (let index = 0; index < parent.items.total; index += 1) {
    const item = state.tasks.get(itemId(parent.id, index));
    if (item === undefined || hasEnded(item)) continue;
    setStatus(state, item, 'cancelled');
    item.endedAt = at;
  }
}

export function itemOutputs(state: RunState, parent: TaskState): Json[] {
  const outputs: Json[] = [];
  const total = parent.items?.total ?? 0;
  for (let index = 0; index < total; index += 1) {
    outputs.push(state.tasks.get(itemId(parent.id, index))?.output ?? null);
  }
  return outputs;
}
