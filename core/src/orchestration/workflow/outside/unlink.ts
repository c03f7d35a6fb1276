import { isForAgents, performerOf, type TaskDefinition } from '../../../definition/definition.ts';
import { reachable } from '../../../definition/graph.ts';
import { readsOf } from '../../../definition/validation/validate-addition.ts';
import { inside } from '../../../shared/task-path.ts';
import type { DecisionContext } from '../decisions/decision-context.ts';
import { type Answer, problem, type Refusal } from '../decisions/refusal.ts';
import {
  definitionOf,
  dependenciesOf,
  dependentsOf,
  hasEnded,
  hasPassed,
  outcomeOf,
  type RunState,
  siblingOf,
  type TaskState,
} from '../state.ts';
import { neededBy } from '../transitions/end-task.ts';
import { idOf } from '../transitions/links.ts';
import { waitingTask } from './link.ts';
import type { UnlinkTasks } from './run-changes.ts';

/**
 * A task that waits does not come after these any more. Refused when it, or what comes after it, reads what would no longer be before it. Costs the
 * edges; and where an output is out of sight afterwards, a walk through what comes after.
 */
export function unlink(
  state: RunState,
  { taskId, after, commandId }: Pick<UnlinkTasks, 'taskId' | 'after' | 'commandId'>,
  { now: at }: DecisionContext,
): Answer {
  const found = unlinkProblem(state, taskId, after);
  return found ?? [{ type: 'TasksUnlinked', at, taskId, after: [...after], commandId }];
}

/** Why a task may not stop coming after these; undefined when it may. */
export function unlinkProblem(state: RunState, taskId: string, after: readonly string[]): Refusal | undefined {
  const place = waitingTask(state, taskId, after);
  if ('code' in place) return place;
  const { task } = place;
  const definition = definitionOf(state, task);
  const there = dependenciesOf(state, task);
  const stranger = after.find((id) => !there.includes(id));
  if (stranger !== undefined || definition === undefined)
    return problem('REPRISE_DEPENDENCY_UNKNOWN', `'${taskId}' does not come after '${stranger ?? ''}'.`);
  const gone = new Set(after);
  const left = there.filter((id) => !gone.has(id));
  const needed = neededBy(definition);
  const possible = left.filter((id) => canComplete(siblingOf(state, task, id))).length;
  if (needed !== undefined && possible < needed) {
    const message = `'${taskId}' needs ${needed} of the tasks that it comes after to complete, and only ${possible} of those that are left can.`;
    return problem('REPRISE_DEPENDENCY_UNMET', message);
  }
  const handed = takesByDefault(definition) ? definition.after.find((id) => gone.has(id)) : undefined;
  if (handed !== undefined) return isRead(taskId, handed, 'is handed the output of');
  return readProblem(state, task, after, left);
}

const canComplete = (task: TaskState | undefined): boolean =>
  task !== undefined && (outcomeOf(task) === 'completed' || !hasPassed(task));

const isRead = (taskId: string, id: string, how: string): Refusal =>
  problem('REPRISE_DEPENDENCY_NEEDED', `'${taskId}' ${how} '${id}', so it has to come after it.`);

/** Whether what it is handed follows from what it comes after. */
function takesByDefault(definition: TaskDefinition): boolean {
  if (definition.input !== undefined || definition.forEach !== undefined) return false;
  const performer = performerOf(definition);
  return isForAgents(definition) || HANDED.has(performer);
}

const HANDED: ReadonlySet<string> = new Set(['workflow', 'scope', 'sleep', 'switch']);

/** An output that the task, or one after it, reads, and that would be before it no longer. */
function readProblem(
  state: RunState,
  task: TaskState,
  after: readonly string[],
  left: readonly string[],
): Refusal | undefined {
  const all = (id: string): readonly string[] => {
    const at = state.tasks.get(inside(task.scope, id));
    return at === undefined ? [] : dependenciesOf(state, at);
  };
  const own = idOf(task);
  const then = (id: string): readonly string[] => (id === own ? left : all(id));
  const still = reachable(own, then);
  const lost = new Set(after.flatMap((id) => [id, ...reachable(id, all)]).filter((id) => !still.has(id)));
  if (lost.size === 0) return undefined;
  const repeated = repeatedProblem(state, task, lost, then);
  if (repeated !== undefined) return repeated;
  const behind = reachable(own, (id) => {
    const at = state.tasks.get(inside(task.scope, id));
    return at === undefined ? [] : dependentsOf(state, at);
  });
  for (const id of [own, ...behind]) {
    const at = state.tasks.get(inside(task.scope, id));
    const definition = at === undefined ? undefined : definitionOf(state, at);
    if (at === undefined || definition === undefined || hasEnded(at)) continue;
    const reads = readsOf([definition]);
    if (reads.functions.length === 0 && lost.isDisjointFrom(reads.outputs)) continue;
    const seen = id === own ? still : reachable(id, then);
    const unseen = [...lost].filter((one) => !seen.has(one));
    const read = unseen.find((one) => reads.outputs.has(one));
    if (read !== undefined) return isRead(at.id, read, 'reads the output of');
    const [place] = unseen.length === 0 ? [] : reads.functions;
    // What a function reads, only calling it says.
    if (place !== undefined) return isRead(at.id, unseen[0] ?? '', `has a function (${place.join('.')}) that may read`);
  }
  return undefined;
}

/** A repeat begins its tasks again when the last of them has ended: all of them have to be before that. */
function repeatedProblem(
  state: RunState,
  task: TaskState,
  lost: ReadonlySet<string>,
  then: (id: string) => readonly string[],
): Refusal | undefined {
  const repeater = state.graph.node(task.definitionId)?.repeatedBy;
  const last = repeater === undefined ? undefined : siblingOf(state, task, repeater);
  if (repeater === undefined || last === undefined) return undefined;
  const before = reachable(repeater, then);
  const segment = state.graph.node(last.definitionId)?.segment ?? [];
  const left = segment.find((id) => lost.has(id) && !before.has(id));
  return left === undefined ? undefined : isRead(last.id, left, 'repeats');
}
