import { GrownGraph, isAddition } from '../../../definition/grown-graph.ts';
import { textHash } from '../../../shared/hash.ts';
import type { Json } from '../../../shared/json.ts';
import { spentText } from '../budgets.ts';
import { type ItemsState, joinsItems, type RunState, rootOf, type ScopeState, type TaskState } from '../state.ts';
import { teamText } from '../team/team.ts';
import { type ItemText, itemsPart } from './items-digest.ts';
import { mailText } from './mail-digest.ts';
import { payloadPart } from './payload-digest.ts';
import { stateDigestOfRules1 } from './rules-1.ts';

/** Version of the digest that new histories get. The next change of what it covers takes the next one. */
export const DIGEST_VERSION = '1:';

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
  const { failure } = rootOf(state);
  if (failure !== undefined) hash.update(`\nfailure ${failure}`);
  hash.update(clockText(state));
  if (state.given !== undefined) hash.update(`\ngiven ${JSON.stringify(Object.keys(state.given))}`);
  if (state.closing !== undefined) hash.update(`\nclosing ${JSON.stringify(state.closing)}`);
  for (const scope of state.scopes.values()) hash.update(scopeText(scope));
  hash.update(addedText(state));
  for (const [key, tasks] of state.mutexes) hash.update(`\nmutex ${JSON.stringify([key, tasks])}`);
  for (const [signal, kept] of state.signals) {
    hash.update(`\nsignal ${JSON.stringify(signal)}`);
    for (const one of kept) hash.update(` ${JSON.stringify(one.id)} ${payloadPart(one, 'data', one.data)}`);
  }
  hash.update(mailText(state.mail));
  for (const task of state.tasks.values()) {
    // Items stand with their list.
    if (task.index !== undefined) continue;
    hash.update(taskText(task));
    if (task.items !== undefined) hash.update(itemsText(task.items));
  }
  return DIGEST_VERSION + hash.digest();
}

/** Of a run that was paused: since rules 3. */
const clockText = ({ rules, pausedBy, stoppedMs, stoppedAt }: RunState): string =>
  rules < 3 || (pausedBy === undefined && stoppedMs === 0 && stoppedAt === undefined)
    ? ''
    : `\nstopped ${JSON.stringify([pausedBy ?? [], stoppedMs, stoppedAt])}`;

/** What there is of tasks that were added, and of edges that were drawn or taken away: since rules 3. */
function addedText({ graph }: RunState): string {
  if (!(graph instanceof GrownGraph)) return '';
  let text = '';
  for (const change of graph.changes()) {
    if (!isAddition(change)) {
      const { scope, id, after, linked } = change;
      text += `\n${linked ? 'linked' : 'unlinked'} ${JSON.stringify([scope, id, after])}`;
      continue;
    }
    const { scope, tasks, before, clause } = change;
    const what = payloadPart(change, 'tasks', tasks as unknown as Json);
    text += `\nadded ${JSON.stringify([scope, clause, before.map(({ taskId, dependency }) => [taskId, dependency])])} ${what}`;
  }
  return text;
}

/** What a block that is under way remembers. That of the run is said only when it differs from that of a run without catch. */
function scopeText(scope: ScopeState): string {
  const { path, open, round, failure, ending, handling, catches, feedback, gotos, undo } = scope;
  const isPlain =
    round === 1 &&
    gotos === 0 &&
    ending === undefined &&
    handling === undefined &&
    undo.size === 0 &&
    scope.spent === undefined &&
    scope.team === undefined;
  if (path === '' && isPlain) return '';
  const entries = [...undo].map(({ taskId, attempt, outcome }) => ` ${JSON.stringify([taskId, attempt, outcome])}`);
  const done = `${gotos === 0 ? '' : ` gotos=${gotos}`}${entries.join('')}`;
  return `\nscope ${JSON.stringify([path, open, round, failure, ending, handling, catches])} ${payloadPart(scope, 'feedback', feedback)}${done}${spentText(scope)}${teamText(scope)}`;
}

const FIELDS = [
  ['again', 0],
  ['tries', 0],
  ['losses', 0],
  ['agent', undefined],
  ['worker', undefined],
  ['reserved', undefined],
  ['allotted', undefined],
  ['readySince', undefined],
  ['scheduledAt', undefined],
  ['startedAt', undefined],
  ['endedAt', undefined],
  ['retryAt', undefined],
  ['fallback', undefined],
  ['handOffs', undefined],
  ['passed', 0],
  ['met', 0],
  ['joinedAt', undefined],
  ['yieldedAt', undefined],
  ['arrived', undefined],
  ['idle', false],
  ['chosen', undefined],
  ['wakeAt', undefined],
  ['signal', undefined],
  ['awaits', undefined],
  ['sent', undefined],
  ['form', undefined],
  ['asks', undefined],
  ['child', undefined],
  ['retries', undefined],
  ['mutex', undefined],
  ['askedAt', undefined],
  ['granted', false],
  ['closing', undefined],
  ['unknown', false],
  ['ignoredAttempt', 0],
  ['priority', undefined],
  ['error', undefined],
] as const;

function taskText(task: TaskState, items?: ItemsState): string {
  let text = `\n${task.id} ${task.status} ${task.round} ${task.attempt}`;
  for (const [field, initial] of FIELDS) {
    const value = task[field];
    if (value !== initial) text += ` ${field}=${typeof value === 'number' ? value : JSON.stringify(value)}`;
  }
  if (task.input !== undefined) text += ` input=${inputPart(task, items)}`;
  if (task.output !== undefined && !joinsItems(task)) text += ` output=${payloadPart(task, 'output', task.output)}`;
  if (task.feedback !== undefined) text += ` feedback=${payloadPart(task, 'feedback', task.feedback)}`;
  if (task.ends !== undefined) text += ` ends=${payloadPart(task, 'ends', task.ends)}`;
  if (task.previous !== undefined) text += ` previous=${payloadPart(task, 'previous', task.previous)}`;
  return text;
}

/** By default the input of an item is the item, which was hashed when it came. */
function inputPart(task: TaskState, items: ItemsState | undefined): string {
  const { input, index } = task;
  if (input === undefined) return '';
  return items !== undefined && index !== undefined && items.values[index] === input
    ? payloadPart(items, index, input)
    : payloadPart(task, 'input', input);
}

function itemsText(items: ItemsState): string {
  const { total, cursor, active, ended, expired, returning, need, dropped } = items;
  const enough = `${need === undefined ? '' : ` need=${need}`}${dropped === 0 ? '' : ` dropped=${dropped}`}`;
  const past = expired === undefined ? '' : ` expired=${JSON.stringify(expired)}`;
  const due = returning.length === 0 ? '' : ` returning=${returning.join(',')}`;
  return ` items=${total} ${cursor} ${active} ${ended}${enough}${past}${due}${itemsPart(items, itemText(items))}`;
}

/** What a digest says of one item of a list: its value, and its task when it has begun. */
export const itemText =
  (items: ItemsState): ItemText =>
  (index) => {
    const task = items.instances[index];
    return `,${payloadPart(items, index, items.values[index] ?? null)}${task === undefined ? '' : taskText(task, items)}`;
  };
