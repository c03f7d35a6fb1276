import { textHash } from '../../../shared/hash.ts';
import { type ItemsState, joinsItems, type RunState, type TaskState } from '../state.ts';
import { payloadPart } from './payload-digest.ts';
import { stateDigestOfRules1 } from './rules-1.ts';

/** Version of the digest that new histories get. The next change of what it covers takes the next one. */
const VERSION = '1:';

/**
 * A hash of everything that the events determine but the definition (which has its own hash) and the revision: `1:` and hex, or
 * hex alone for a history of rules 1. Fields at their initial value are left out, so that a field that comes later changes no
 * digest of a run that does not use it.
 */
export function stateDigest(state: RunState): string {
  if (state.rules === 1) return stateDigestOfRules1(state);
  const hash = textHash();
  hash.update(`${JSON.stringify([state.runId, state.definitionHash, state.rules, state.status, state.startedAt])}\n`);
  hash.update(payloadPart(state, 'input', state.input));
  if (state.failure !== undefined) hash.update(`\nfailure ${state.failure}`);
  for (const task of state.tasks.values()) {
    hash.update(taskText(state, task));
    if (task.items !== undefined) addItems(hash, task.items);
  }
  return VERSION + hash.digest();
}

const FIELDS = [
  ['tries', 0],
  ['losses', 0],
  ['agent', undefined],
  ['worker', undefined],
  ['readySince', undefined],
  ['scheduledAt', undefined],
  ['startedAt', undefined],
  ['endedAt', undefined],
  ['retryAt', undefined],
  ['fallback', undefined],
  ['ignoredAttempt', 0],
  ['error', undefined],
] as const;

function taskText(state: RunState, task: TaskState): string {
  let text = `\n${task.id} ${task.status} ${task.round} ${task.attempt}`;
  for (const [field, initial] of FIELDS) {
    const value = task[field];
    if (value !== initial) text += ` ${field}=${typeof value === 'number' ? value : JSON.stringify(value)}`;
  }
  if (task.input !== undefined) text += ` input=${inputPart(state, task)}`;
  if (task.output !== undefined && !joinsItems(task)) text += ` output=${payloadPart(task, 'output', task.output)}`;
  if (task.feedback !== undefined) text += ` feedback=${payloadPart(task, 'feedback', task.feedback)}`;
  if (task.previous !== undefined) text += ` previous=${payloadPart(task, 'previous', task.previous)}`;
  return text;
}

/** By default the input of an item is the item, which was hashed when it came. */
function inputPart(state: RunState, task: TaskState): string {
  const { input, index } = task;
  if (input === undefined) return '';
  const items = index === undefined ? undefined : state.tasks.get(task.definitionId)?.items;
  return items !== undefined && index !== undefined && items.values[index] === input
    ? payloadPart(items, index, input)
    : payloadPart(task, 'input', input);
}

function addItems(hash: { update(text: string): void }, items: ItemsState): void {
  hash.update(` items=${items.total} ${items.cursor} ${items.active} ${items.ended}`);
  if (items.expired !== undefined) hash.update(` expired=${JSON.stringify(items.expired)}`);
  for (const [index, value] of items.values.entries()) hash.update(`,${payloadPart(items, index, value)}`);
}
