import { reasons } from '../../../core/src/orchestration/workflow/explain/explain.ts';
import { explainState } from '../../../core/src/orchestration/workflow/explain/explain-run.ts';
import type {
  ExplainFacts,
  Explanation,
  Takers,
} from '../../../core/src/orchestration/workflow/explain/explanation.ts';
import { hasEnded, isTerminal, type RunState } from '../../../core/src/orchestration/workflow/state.ts';

const takersFor = (...agents: readonly string[]): Takers => ({
  has: (agent) => agents.includes(agent),
  hasCapability: () => false,
});

/** All that random workflows ask for, or a part of it. */
export const ALL_AGENTS = takersFor('worker', 'helper', 'other', 'undoer', 'agent');
export const FEW_AGENTS = takersFor('helper');

/** Open tasks by their definition: what explanations are about, and what there is. */
function counts(ids: Iterable<readonly [string, number]>): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const [id, count] of ids) found.set(id, (found.get(id) ?? 0) + count);
  return found;
}

/** What is wrong with the explanations of a state, as texts. `atRest`: nothing more follows from it by itself. */
export function explainErrors(state: RunState, facts: ExplainFacts, atRest: boolean): readonly string[] {
  const wrong: string[] = [];
  const { tasks, waitsFor, summary } = explainState(state, facts);
  if (summary === '') wrong.push('no summary');
  // The tasks of a run that has yet to begin are those of another.
  if (isTerminal(state.status) || state.status === 'forking')
    return tasks.length === 0 ? wrong : [...wrong, `a run that is ${state.status} has explanations`];
  const definitionId = (id: string): string => state.tasks.get(id)?.definitionId ?? `unknown ${id}`;
  const told = counts(tasks.map(({ taskId, count }) => [definitionId(taskId), count]));
  const open = [...state.tasks.values()].filter((task) => !hasEnded(task));
  const there = counts(open.map((task) => [task.definitionId, 1]));
  for (const [id, count] of there) if (told.get(id) !== count) wrong.push(`${id}: ${told.get(id)} of ${count} told`);
  for (const id of told.keys()) if (!there.has(id)) wrong.push(`${id}: told, and has ended`);
  if (new Set(tasks.map(({ taskId }) => taskId)).size < tasks.length) wrong.push('a task is told twice');
  if (waitsFor.some(({ mover }) => mover === 'tasks')) wrong.push('what everything waits for waits itself');
  for (const one of tasks) wrong.push(...waitErrors(state, one));
  return atRest ? [...wrong, ...restErrors(state, facts)] : wrong;
}

/** Whoever waits for tasks waits for such as have not ended. */
function waitErrors(state: RunState, one: Explanation): readonly string[] {
  if (one.waits === '' || one.moves === '') return [`${one.taskId}: nothing said`];
  const ids = 'waitsFor' in one ? one.waitsFor : one.reason === 'fallback' ? [one.task] : [];
  return ids
    .filter((id) => hasEnded(state.tasks.get(id) ?? { status: 'failed' }))
    .map((id) => `${one.taskId}: waits for ${id}, which has ended`);
}

/** A run at rest is moved by something, unless somebody holds it up. */
function restErrors(state: RunState, facts: ExplainFacts): readonly string[] {
  const all = [...reasons(state, facts)];
  const is = (...names: readonly string[]): boolean => all.some(([, { reason }]) => names.includes(reason));
  const lazy = all
    .filter(([, { reason }]) => reason === 'deciding')
    .map(([{ id }]) => `${id} is to be decided on, and is not`);
  const { waitsFor } = explainState(state, facts);
  const { handOver } = explainState(state, facts);
  // Its strategy is asked.

  const isLed = waitsFor.length === 0 && state.teams.has('');
  const moves = isLed || handOver !== undefined || waitsFor.some(({ mover }) => mover !== 'person');
  const excused = state.status === 'parked' || is('paused', 'held', 'nobody', 'form');
  return [
    ...(state.status === 'running' ? lazy : []),
    ...(moves || excused
      ? []
      : [`nothing moves the run: ${state.status}, ${JSON.stringify(all.map(([{ id }, reason]) => [id, reason]))}`]),
  ];
}
