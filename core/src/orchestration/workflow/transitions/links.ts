import { leadsTo } from '../../../definition/graph.ts';
import { inside } from '../../../shared/task-path.ts';
import {
  definitionOf,
  dependenciesOf,
  grownGraph,
  isHeldBack,
  type RunState,
  siblingOf,
  type TaskState,
} from '../state.ts';
import { goOn } from './add-tasks.ts';
import { standingOf } from './regions.ts';

/** A task that waits comes after these, too. What cannot be (in a history that another definition gave) is passed over. */
export function link(state: RunState, task: TaskState, after: readonly string[], at: number): void {
  if (!canRelink(state, task)) return;
  const there = new Set(dependenciesOf(state, task));
  const fits = (id: string): boolean => {
    const other = siblingOf(state, task, id);
    return other !== undefined && isPlain(state, other) && !there.has(id) && !comesAfter(state, other, task);
  };
  relink(state, task, after.filter(fits), true, at);
}

export function unlink(state: RunState, task: TaskState, after: readonly string[], at: number): void {
  if (!canRelink(state, task)) return;
  const there = new Set(dependenciesOf(state, task));
  relink(
    state,
    task,
    after.filter((id) => there.has(id)),
    false,
    at,
  );
}

/** Only what waits for others still may come after more, or less. */
export const canRelink = (state: RunState, task: TaskState): boolean =>
  isPlain(state, task) && task.closing === undefined && isHeldBack(state, task);

/** No item, nothing that undoes another, and no stand-in. */
const isPlain = (state: RunState, task: TaskState): boolean =>
  task.index === undefined &&
  task.undoes === undefined &&
  state.graph.node(task.definitionId)?.fallbackFor === undefined;

/** Whether `task` waits for `other` of its block, or is it: then that cannot come after it. What has begun waits for nothing. */
export function comesAfter(state: RunState, task: TaskState, other: TaskState): boolean {
  if (task === other) return true;
  const next = (id: string): readonly string[] => {
    const at = state.tasks.get(inside(task.scope, id));
    return at?.status === 'pending' ? dependenciesOf(state, at) : [];
  };
  return leadsTo(idOf(task), idOf(other), next);
}

/** The id of a task in its block. */
export const idOf = ({ id, scope }: TaskState): string => id.slice(scope === '' ? 0 : scope.length + 1);

function relink(state: RunState, task: TaskState, after: readonly string[], linked: boolean, at: number): void {
  if (after.length === 0 || definitionOf(state, task) === undefined) return;
  grownGraph(state).relink({ scope: task.scope, id: idOf(task), after, linked });
  Object.assign(task, standingOf(state, task));
  goOn(state, task, at);
}
