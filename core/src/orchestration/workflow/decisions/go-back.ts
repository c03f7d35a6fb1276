import { GrownGraph } from '../../../definition/grown-graph.ts';
import type { Json } from '../../../shared/json.ts';
import { inside, isInside } from '../../../shared/task-path.ts';
import { MAX_GOTOS } from '../directives.ts';
import { withDownstream } from '../downstream.ts';
import type { RunEvent, TasksReset } from '../events.ts';
import { hasEnded, type RunState, scopeAt, type TaskState } from '../state.ts';
import { hasBegun } from '../transitions/anew.ts';
import { blockProblem, closedProblem } from './added-place.ts';
import { problem, type Refusal } from './refusal.ts';

// A task that has begun, and all that comes after it, begin again within the round of their block.

/** What begins again with a task of a block, by path. */
export interface Region {
  readonly restarted: readonly string[];
  /** Tasks that agents of those added. They are added again, or not. */
  readonly dropped: readonly string[];
}

/** Who goes back, and how. */
export interface GoingBack {
  /** The task whose agent does: it ends first. */
  readonly by?: TaskState;
  readonly feedback: Json;
  readonly reason?: string;
  readonly commandId?: string;
}

/** All that comes after the task, and what agents of those added, with what comes after that. */
export function regionOf(state: RunState, target: TaskState): Region {
  const found = new Set(withDownstream(state, [target.id]));
  const { graph } = state;
  if (!(graph instanceof GrownGraph)) return { restarted: [...found], dropped: [] };
  const additions = graph.additionsTo(target.scope);
  const path = (id: string): string => inside(target.scope, id);
  const left = new Set(additions.filter(({ by }) => 'taskId' in by));
  const dropped = new Set<string>();
  for (let size = -1; size !== left.size; ) {
    size = left.size;
    for (const addition of left) {
      const { tasks } = addition;
      const by = 'taskId' in addition.by ? addition.by.taskId : '';
      if (!found.has(by) && !isInside(by, found)) continue;
      left.delete(addition);
      for (const { id } of tasks) dropped.add(path(id));
      for (const one of withDownstream(state, [...dropped])) found.add(one);
    }
  }
  // What was added behind something that is no more would never begin.
  for (let size = -1; size !== dropped.size; ) {
    size = dropped.size;
    for (const { tasks } of dropped.size === 0 ? [] : additions)
      for (const { id, after } of tasks) {
        const { fallbackFor } = graph.node(path(id)) ?? {};
        if ([...after, ...(fallbackFor === undefined ? [] : [fallbackFor])].some((one) => dropped.has(path(one))))
          dropped.add(path(id));
      }
  }
  return { restarted: [...found].filter((one) => !dropped.has(one)), dropped: [...dropped] };
}

/** What happens; or why it cannot. The events come after that which ends the task whose agent goes back. */
export function goneBack(
  state: RunState,
  target: TaskState,
  { by, feedback, ...said }: GoingBack,
  at: number,
): { readonly events: readonly RunEvent[]; readonly region: Region } | Refusal {
  const region = regionOf(state, target);
  const found =
    blockProblem(state, target.scope, scopeAt(state, target.scope), CLOSED) ?? goBackProblem(state, target, region, by);
  if (found !== undefined) return found;
  const { restarted, dropped } = region;
  const underWay = underWayIn(state, region, by);
  const reset: TasksReset = {
    type: 'TasksReset',
    at,
    region: target.scope,
    why: 'goto',
    round: scopeAt(state, target.scope)?.round ?? 1,
    feedback,
    from: target.id,
    ...(by === undefined ? {} : { by: { taskId: by.id, attempt: by.attempt } }),
    ...said,
    restarted,
    ...(dropped.length === 0 ? {} : { dropped }),
  };
  return {
    events: [
      ...underWay.map(({ id: taskId }) => ({ type: 'TaskCancelled', at, taskId, reason: 'goto' }) as const),
      reset,
    ],
    region,
  };
}

/** What of a region is to be cancelled before it begins again. */
export const underWayIn = (
  state: RunState,
  { restarted, dropped }: Region,
  by: TaskState | undefined,
): readonly TaskState[] =>
  [...restarted, ...dropped].flatMap((path) => {
    const task = state.tasks.get(path);
    if (task === undefined || task === by || hasEnded(task) || !BEGUN.has(task.status)) return [];
    // A stand-in ends with what it stands in for.
    return state.graph.node(task.definitionId)?.fallbackFor === undefined ? [task] : [];
  });

const CLOSED = 'Nothing begins again in';

const BEGUN: ReadonlySet<TaskState['status']> = new Set(['scheduled', 'running', 'waiting']);

/** Why a task cannot be gone back to; undefined when it can. Nothing else in its block may be left to do. */
export function goBackProblem(
  state: RunState,
  target: TaskState,
  { restarted, dropped }: Region,
  by: TaskState | undefined,
): Refusal | undefined {
  const { id, scope: path, definitionId } = target;
  const node = state.graph.node(definitionId);
  const invalid = (why: string) => problem('REPRISE_COMMAND_INVALID', `'${id}' ${why}.`);
  if (target.undoes !== undefined) return invalid(`undoes what '${target.undoes.taskId}' did, and is done once`);
  if (target.index !== undefined) return invalid('is an item of a list, which begins again as a whole');
  if (node?.fallbackFor !== undefined) return invalid(`stands in for '${node.fallbackFor}': begin that again`);
  const scope = scopeAt(state, path);
  const closed = closedProblem(state, path, scope, CLOSED);
  if (closed !== undefined) return closed;
  if (node?.clause !== scope?.handling?.clause)
    return invalid(
      'failed with its block, whose failure is being handled: a catch with `then: retry` is what does it again',
    );
  if (!hasBegun(target)) return invalid('has not begun, so there is nothing to begin again');
  if (dropped.includes(id)) return invalid('was added by a task that would begin again, too: go back to that');
  if (by !== undefined && (scope?.gotos ?? 0) >= MAX_GOTOS)
    return invalid(
      `cannot be gone back to: that was done ${MAX_GOTOS} times in this round of its block, which is as often as it may be`,
    );
  for (const one of [...restarted, ...dropped]) {
    const awaited = awaitedIn(state, one, by);
    if (awaited === undefined) continue;
    const task = state.tasks.get(awaited);
    const what =
      task?.undoes !== undefined
        ? 'undoes what was done'
        : task?.child === undefined
          ? 'can be undone'
          : 'is a run of its own';
    return problem(
      'REPRISE_TASK_UNDER_WAY',
      `'${id}' cannot begin again yet: '${awaited}' would begin again with it, is under way, and ${what}. Wait until it has ended, or skip it.`,
    );
  }
  return undefined;
}

/** Something in the task that has to be waited for: the first by its path, since a restored state finds them in another order. */
function awaitedIn(state: RunState, path: string, but: TaskState | undefined): string | undefined {
  let first: string | undefined;
  if (state.awaited.size === 0) return undefined;
  for (const one of state.awaited.within(path))
    if (one !== but?.id && (first === undefined || one < first)) first = one;
  return first;
}
