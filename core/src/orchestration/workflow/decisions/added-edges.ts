import type { TaskDefinition } from '../../../definition/definition.ts';
import { standInOf } from '../../../definition/fallbacks.ts';
import { findCycles, dependentsOf as idsAfter } from '../../../definition/graph.ts';
import { inside } from '../../../shared/task-path.ts';
import type { PutBefore, TasksAdded } from '../events.ts';
import {
  definitionOf,
  dependenciesOf,
  hasEnded,
  isHeldBack,
  type RunState,
  type ScopeState,
  siblingOf,
  type TaskState,
} from '../state.ts';
import { neededBy } from '../transitions/end-task.ts';
import { partnerIn } from './added-place.ts';
import { problem, type Refusal } from './refusal.ts';

// What added tasks come after, and what is to come after them. Those that come with each other are validation's part.

export function edgesProblem(
  state: RunState,
  scope: ScopeState,
  { tasks, before = [] }: TasksAdded,
): Refusal | undefined {
  const added = new Map(tasks.map((task) => [task.id, task]));
  for (const task of tasks) {
    const found = dependenciesProblem(state, scope, task, added);
    if (found !== undefined) return found;
  }
  return beforeProblem(state, scope, tasks, before) ?? cycleProblem(state, scope, tasks, before);
}

function dependenciesProblem(
  state: RunState,
  scope: ScopeState,
  task: TaskDefinition,
  added: ReadonlyMap<string, TaskDefinition>,
): Refusal | undefined {
  const { id, after, rest } = task;
  let lost: TaskState | undefined;
  let possible = after.length;
  for (const other of after) {
    if (added.has(other)) continue;
    const there = partnerIn(state, scope, other);
    if (there === undefined || there.clause !== scope.handling?.clause) {
      const message = `'${id}' is to come after '${other}', which is no task of that block that others may come after.`;
      return problem('REPRISE_DEPENDENCY_UNKNOWN', message);
    }
    if (there.task.status === 'failed' || there.task.status === 'cancelled') {
      lost = there.task;
      possible -= 1;
    }
    if (!hasEnded(there.task) && isContested(state, there.task, rest)) {
      const message = `'${id}' is to come after '${other}', and so does another; where one of the two has rest: cancel, that may not be.`;
      return problem('REPRISE_DEFINITION_INVALID', message);
    }
  }
  if (lost === undefined || possible >= (neededBy(task) ?? after.length)) return undefined;
  const message = `'${id}' is to come after '${lost.id}', which is ${lost.status}: it could never run.`;
  return problem('REPRISE_DEPENDENCY_UNMET', message);
}

/** A task that a join with `rest: cancel` may give up is needed by nobody else. Of such, there is one dependent at most. */
export function isContested(state: RunState, dependency: TaskState, rest: TaskDefinition['rest']): boolean {
  const node = state.graph.node(dependency.definitionId);
  const first = node === undefined ? undefined : state.graph.firstDependentOf(dependency.id, node);
  if (first === undefined) return false;
  const dependent = siblingOf(state, dependency, first);
  const other = dependent === undefined ? undefined : definitionOf(state, dependent)?.rest;
  return rest === 'cancel' || other === 'cancel';
}

/** Only what waits for others still can be made to wait for more. */
function beforeProblem(
  state: RunState,
  scope: ScopeState,
  tasks: readonly TaskDefinition[],
  before: readonly PutBefore[],
): Refusal | undefined {
  if (before.length === 0) return undefined;
  const added = new Map(tasks.map((task) => [task.id, task]));
  const standIns = new Set(tasks.flatMap((task) => standInOf(task) ?? []));
  const dependents = idsAfter(tasks);
  const uses = new Map<string, number>();
  for (const { dependency } of before) uses.set(dependency, (uses.get(dependency) ?? 0) + 1);
  const seen = new Set<string>();
  for (const { taskId, dependency } of before) {
    if (!added.has(dependency) || standIns.has(dependency)) {
      const message = `'${taskId}' is to come after '${dependency}', which is none of the added tasks that others may come after.`;
      return problem('REPRISE_DEPENDENCY_UNKNOWN', message);
    }
    const task = state.tasks.get(taskId);
    if (task === undefined || task.scope !== scope.path)
      return problem('REPRISE_DEPENDENCY_UNKNOWN', `'${taskId}' is no task of that block.`);
    if (task.index !== undefined || task.undoes !== undefined || !isHeldBack(state, task)) {
      const message = `'${dependency}' cannot be put before '${taskId}', which is ${task.status} and waits for no other task.`;
      return problem('REPRISE_TASK_BEGUN', message);
    }
    const edge = JSON.stringify([taskId, dependency]);
    if (seen.has(edge))
      return problem('REPRISE_DEFINITION_INVALID', `'${dependency}' is put before '${taskId}' twice.`);
    seen.add(edge);
    const others = (dependents.get(dependency)?.length ?? 0) + (uses.get(dependency) ?? 0);
    if (definitionOf(state, task)?.rest === 'cancel' && others > 1) {
      const message = `'${taskId}' has rest: cancel, and others come after '${dependency}', too.`;
      return problem('REPRISE_DEFINITION_INVALID', message);
    }
  }
  return undefined;
}

/**
 * A cycle leads through an added task that something of the run is to wait for, and from there through what is pending. What has begun waits
 * for nothing any more. Costs nothing where what such tasks come after has begun.
 */
function cycleProblem(
  state: RunState,
  scope: ScopeState,
  tasks: readonly TaskDefinition[],
  before: readonly PutBefore[],
): Refusal | undefined {
  if (before.length === 0) return undefined;
  const added = new Map(tasks.map((task) => [task.id, task]));
  const more = new Map<string, string[]>();
  for (const { taskId, dependency } of before) {
    const id = taskId.slice(scope.path === '' ? 0 : scope.path.length + 1);
    const known = more.get(id);
    if (known === undefined) more.set(id, [dependency]);
    else known.push(dependency);
  }
  const next = (id: string): readonly string[] => {
    const own = added.get(id)?.after;
    if (own !== undefined) return own;
    const task = state.tasks.get(inside(scope.path, id));
    return task?.status === 'pending' ? [...dependenciesOf(state, task), ...(more.get(id) ?? [])] : [];
  };
  const [cycle] = findCycles(new Set(before.map(({ dependency }) => dependency)), next);
  return cycle === undefined
    ? undefined
    : problem('REPRISE_CYCLE', `The added tasks close a cycle: ${cycle.toReversed().join(' -> ')}.`);
}
