import { textHash } from '../../../shared/hash.ts';
import { joinsItems, type RunState, rootOf, type TaskState } from '../state.ts';

/**
 * The digest of histories of rules 1: SHA-256 of one JSON text of the state, the bytes of which are given to the hash piece by piece
 * and never stand in memory as one. Never changes.
 */
export function stateDigestOfRules1(state: RunState): string {
  const hash = textHash();
  const head = [state.runId, state.definitionHash, state.status, state.input, state.startedAt, rootOf(state).failure];
  hash.update(`[${head.map(json).join(',')},[`);
  let first = true;
  for (const task of state.tasks.values()) {
    if (!first) hash.update(',');
    first = false;
    addTask(hash, task);
  }
  hash.update(']]');
  return hash.digest();
}

const json = (value: unknown): string => JSON.stringify(value) ?? 'null';

interface Sink {
  update(text: string): void;
}

function addTask(hash: Sink, task: TaskState): void {
  const { id, status, round, attempt, tries, losses, agent, worker } = task;
  hash.update(`[${[id, status, round, attempt, tries, losses, agent, worker].map(json).join(',')},`);
  hash.update(json(task.input));
  hash.update(',');
  addItems(hash, task);
  hash.update(',');
  hash.update(joinsItems(task) ? 'null' : json(task.output));
  const { error, readySince, scheduledAt, startedAt, endedAt, retryAt, fallback, ignoredAttempt } = task;
  const rest = [error, readySince, scheduledAt, startedAt, endedAt, retryAt, fallback, ignoredAttempt];
  hash.update(`,${rest.map(json).join(',')}]`);
}

function addItems(hash: Sink, { items }: TaskState): void {
  if (items === undefined) {
    hash.update('null');
    return;
  }
  hash.update('{"values":[');
  for (const [index, value] of items.values.entries()) hash.update(`${index === 0 ? '' : ','}${json(value)}`);
  const { total, cursor, active, ended, expired } = items;
  const counts = { total, cursor, active, ended, expired };
  hash.update(`],${json(counts).slice(1)}`);
}
