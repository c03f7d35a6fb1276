import { inside } from '../../../shared/task-path.ts';
import type { TasksAdded } from '../events.ts';
import {
  createTaskState,
  definitionOf,
  dependenciesOf,
  grownGraph,
  hasPassed,
  type RunState,
  siblingOf,
  type TaskState,
} from '../state.ts';
import { changed, tellTeam } from '../team/team.ts';
import { isNotChosen, neededBy } from './end-task.ts';
import { sizeOfAdded } from './hold.ts';
import { isFree, standingOf } from './regions.ts';
import { unlock } from './status.ts';

/** The tasks are the block's from now on, until its next round; those that nothing holds up are unlocked. An addition to no block, or of ids that are there, is none. */
export function addTasks(
  state: RunState,
  { scope: path, tasks, before = [], commandId, spawnedBy, decidedBy, at }: TasksAdded,
): RunState {
  const scope = state.scopes.get(path);
  if (scope === undefined || tasks.some(({ id }) => state.tasks.has(inside(path, id)))) return state;
  const graph = grownGraph(state);
  const nodes = graph.add({
    scope: path,
    tasks,
    before,
    clause: scope.handling?.clause,
    by: spawnedBy ?? { commandId, ...(decidedBy !== undefined && { decision: decidedBy }) },
  });
  state.held += sizeOfAdded(tasks);
  const added: TaskState[] = [];
  for (const node of nodes) {
    const task = createTaskState(node.path, node.path, undefined, 0, path);
    task.round = node.repeatedBy === undefined ? scope.round : 1;
    task.attempt = scope.floor;
    task.ignoredAttempt = scope.floor;
    state.tasks.set(task.id, task);
    if (node.fallbackFor !== undefined) continue;
    scope.open += 1;
    added.push(task);
  }
  for (const { taskId } of before) {
    const task = state.tasks.get(taskId);
    if (task !== undefined) task.waitingOn += 1;
  }
  if (decidedBy === undefined) tellTeam(scope, changed(state, added));
  for (const task of added) Object.assign(task, standingOf(state, task));
  for (const task of added) goOn(state, task, at);
  return state;
}

/** A pending task goes on as if its dependencies had ended one after the other. */
export function goOn(state: RunState, task: TaskState, at: number): void {
  const definition = definitionOf(state, task);
  if (definition === undefined) return;
  const ended = dependenciesOf(state, task).flatMap((id) => {
    const dependency = siblingOf(state, task, id);
    return dependency !== undefined && hasPassed(dependency) ? [dependency] : [];
  });
  const needed = neededBy(definition);
  if (definition.join === 'each') {
    if (isFree(task, definition)) unlock(state, task, at);
    return;
  }
  if (ended.some((dependency) => isNotChosen(definition, dependency))) state.frontier.add(task.id);
  else if (needed === undefined ? task.waitingOn === 0 : task.met >= needed) unlock(state, task, at);
  else if (needed !== undefined && task.met + task.waitingOn < needed) state.frontier.add(task.id);
}
