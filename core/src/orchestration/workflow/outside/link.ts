import { leadsTo } from '../../../definition/graph.ts';
import { isContested } from '../decisions/added-edges.ts';
import { blockProblem, partnerIn } from '../decisions/added-place.ts';
import type { DecisionContext } from '../decisions/decision-context.ts';
import { type Answer, problem, type Refusal } from '../decisions/refusal.ts';
import {
  definitionOf,
  dependenciesOf,
  hasPassed,
  outcomeOf,
  type RunState,
  type ScopeState,
  siblingOf,
  type TaskState,
} from '../state.ts';
import { neededBy } from '../transitions/end-task.ts';
import { canRelink, idOf } from '../transitions/links.ts';
import { type LinkTasks, MAX_EDGES } from './run-changes.ts';
import { CLOSED, oldRules, unknownTask } from './task-under-way.ts';

/** A task that waits comes after others, too. Costs the new edges, and a walk through what is before them. */
export function link(
  state: RunState,
  { taskId, after, commandId }: Pick<LinkTasks, 'taskId' | 'after' | 'commandId'>,
  { now: at }: DecisionContext,
): Answer {
  const found = linkProblem(state, taskId, after);
  return found ?? [{ type: 'TasksLinked', at, taskId, after: [...after], commandId }];
}

/** Why a task may not come after these, too; undefined when it may. */
export function linkProblem(state: RunState, taskId: string, after: readonly string[]): Refusal | undefined {
  const place = waitingTask(state, taskId, after);
  if ('code' in place) return place;
  const { task, scope } = place;
  const there = new Set(dependenciesOf(state, task));
  for (const id of after) {
    const wrong = there.has(id)
      ? problem('REPRISE_COMMAND_INVALID', `'${taskId}' comes after '${id}' already.`)
      : edgeProblem(state, scope, task, id);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function edgeProblem(state: RunState, scope: ScopeState, task: TaskState, id: string): Refusal | undefined {
  const partner = partnerIn(state, scope, id);
  if (partner === undefined || partner.clause !== scope.handling?.clause) {
    const message = `'${task.id}' is to come after '${id}', which is no task of that block that others may come after.`;
    return problem('REPRISE_DEPENDENCY_UNKNOWN', message);
  }
  const { task: other } = partner;
  // Also one that was skipped by hand before what it comes after: both may be done again.
  const before = (at: string): readonly string[] => {
    const one = siblingOf(state, task, at);
    return one === undefined ? [] : dependenciesOf(state, one);
  };
  if (other === task || leadsTo(id, idOf(task), before))
    return problem('REPRISE_CYCLE', `'${task.id}' cannot come after '${other.id}', which comes after it.`);
  const definition = definitionOf(state, task);
  if (!hasPassed(other) && isContested(state, other, definition?.rest)) {
    const message = `'${task.id}' is to come after '${other.id}', and so does another; where one of the two has rest: cancel, that may not be.`;
    return problem('REPRISE_DEFINITION_INVALID', message);
  }
  const outcome = outcomeOf(other);
  const isLost = outcome === 'failed' || outcome === 'cancelled';
  // A join of some is met by others, as before.
  if (!isLost || definition === undefined || neededBy(definition) !== undefined) return undefined;
  const message = `'${task.id}' is to come after '${other.id}', which is ${other.status}: it could never run.`;
  return problem('REPRISE_DEPENDENCY_UNMET', message);
}

/** The task whose edges are to change: it waits for others still, in a block that goes on. */
export function waitingTask(
  state: RunState,
  taskId: string,
  after: readonly string[],
): { readonly task: TaskState; readonly scope: ScopeState } | Refusal {
  if (state.rules < 3) return oldRules(state);
  if (after.length === 0 || after.length > MAX_EDGES)
    return problem('REPRISE_COMMAND_INVALID', `A command names 1 to ${MAX_EDGES} tasks, and this one ${after.length}.`);
  if (new Set(after).size < after.length) return problem('REPRISE_COMMAND_INVALID', 'A task is named twice.');
  const task = state.tasks.get(taskId);
  if (task === undefined) return unknownTask(taskId);
  const scope = state.scopes.get(task.scope);
  const closed = blockProblem(state, task.scope, scope, CLOSED);
  if (closed !== undefined) return closed;
  if (scope === undefined) return unknownTask(taskId);
  if (canRelink(state, task)) return { task, scope };
  const message = `What '${taskId}' comes after cannot change any more: it is ${task.status}, and waits for no other task.`;
  return problem('REPRISE_TASK_BEGUN', message);
}
