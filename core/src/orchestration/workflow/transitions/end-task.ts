import type { TaskDefinition } from '../../../definition/definition.ts';
import { taskPaths } from '../../../shared/task-path.ts';
import type { TaskAdopted, TaskYielded } from '../events.ts';
import {
  definitionOf,
  dependentsOf,
  hasEnded,
  hasPassed,
  listOf,
  outcomeOf,
  type RunState,
  rootOf,
  scopeAt,
  siblingOf,
  type TaskState,
} from '../state.ts';
import { isThroughWith, localId, tellTeam } from '../team/team.ts';
import { closeWithin, isWaiting, wakeClosing } from './close.ts';
import { topOf } from './closing-top.ts';
import { hold } from './hold.ts';
import { aboutToChange, addItem, arrive, endItem, isBorne, yieldItems } from './items.ts';
import { setStatus, unlock } from './status.ts';
import { noteDone } from './undo.ts';

type Ending = 'completed' | 'failed' | 'skipped' | 'cancelled';

/** The task is over: its forEach, its origin (for a fallback task), its dependents or its block are told. */
export function end(state: RunState, task: TaskState, status: Ending, at: number): void {
  if (hasEnded(task)) return;
  const { closing } = task;
  setStatus(state, task, status);
  task.endedAt = at;
  task.endRevision = state.revision;
  task.retryAt = undefined;
  tellOthers(state, task, status, at);
  // Whoever waited for it may go on to its own end.
  if (closing?.why === 'within') wakeClosing(state, task);
  const top = task.undoes === undefined ? undefined : topOf(state, task.undoes.taskId);
  if (top !== undefined && top !== '' && !isWaiting(state, top)) state.frontier.add(top);
  task.closing = undefined;
}

function tellOthers(state: RunState, task: TaskState, status: Ending, at: number): void {
  if ((status === 'skipped' || status === 'cancelled') && task.yieldedAt === undefined) task.output = null;
  // In older histories what a failed task leaves open was ended by the end of the run.
  if (status !== 'failed' || state.rules > 2) closeWithin(state, task, at);
  if (task.index !== undefined) return endItem(state, task, at);
  const node = state.graph.node(task.definitionId);
  if (node === undefined || node.undoes !== undefined) return;
  if (node.fallbackFor !== undefined) {
    const origin = siblingOf(state, task, node.fallbackFor);
    if (origin !== undefined && !hasEnded(origin) && origin.closing === undefined) state.frontier.add(origin.id);
    return;
  }
  const scope = scopeAt(state, task.scope);
  if (scope === undefined) return;
  tellTeam(scope, { kind: 'ended', task: localId(task), revision: state.revision });
  if (status === 'failed' && task.yieldedAt === undefined && scope.team !== undefined) {
    // Its strategy hears of it. What comes after it waits, unless it can do without.
    scope.open -= 1;
    if (scope.team.ruling === undefined) tellDependents(state, task, at, canDoWithout);
    return;
  }
  if (status === 'failed' && task.yieldedAt === undefined && !isDispensable(state, task)) {
    scope.failure ??= task.id;
    if (scope !== rootOf(state)) state.frontier.add(scope.path);
    return;
  }
  scope.open -= 1;
  if (isThroughWith(scope) && scope.path !== '' && state.tasks.get(scope.path)?.closing === undefined)
    state.frontier.add(scope.path);
  // What comes after a list that has yielded was told then.
  if (task.yieldedAt === undefined) tellDependents(state, task, at);
}

/** Whether it waits for its dependencies still. */
const isTold = ({ status }: TaskState, { join }: TaskDefinition): boolean =>
  status === 'pending' || (join === 'each' && status === 'running');

const canDoWithout = (definition: TaskDefinition): boolean =>
  neededBy(definition) !== undefined || definition.join === 'each';

/** Whether a dependency holds a task up no more. In a team, one that failed does: it may be done again. */
export const letsGoOn = (state: RunState, definition: TaskDefinition | undefined, dependency: TaskState): boolean =>
  hasPassed(dependency) &&
  (outcomeOf(dependency) !== 'failed' ||
    !state.teams.has(dependency.scope) ||
    (definition !== undefined && canDoWithout(definition)));

function tellDependents(
  state: RunState,
  task: TaskState,
  at: number,
  which: (definition: TaskDefinition) => boolean = () => true,
): void {
  for (const id of dependentsOf(state, task)) {
    const dependent = siblingOf(state, task, id);
    const definition = dependent === undefined ? undefined : definitionOf(state, dependent);
    if (dependent !== undefined && definition !== undefined && which(definition) && isTold(dependent, definition))
      tell(state, dependent, definition, task, at);
  }
}

/** Whether it ended without anything for those that come after it. */
export function countsAsSkipped(state: RunState, task: TaskState): boolean {
  const outcome = outcomeOf(task);
  return outcome === 'skipped' || (outcome === 'cancelled' && state.rules > 3);
}

/** A list has what it is for: it goes on, or what is left of it is cancelled, and what comes after it begins. */
export function yieldList(state: RunState, list: TaskState, event: TaskYielded): void {
  const { items } = list;
  if (hasEnded(list) || items === undefined) return;
  const isFirst = list.yieldedAt === undefined;
  if (!isFirst && (event.rest === undefined || items.stopped)) return;
  yieldItems(state, list, items, event);
  if (isFirst) tellDependents(state, list, event.at);
}

/** Of how many dependencies the task needs an output; undefined when it waits for all of them. */
export const neededBy = ({ join }: TaskDefinition): number | undefined =>
  join === 'any' ? 1 : typeof join === 'number' ? join : undefined;

/** Whether nothing else fails because the task does. */
export function isTolerated(state: RunState, task: TaskState): boolean {
  const node = state.graph.node(task.definitionId);
  if (node === undefined || node.undoes !== undefined) return false;
  if (task.index === undefined && state.teams.has(task.scope)) return true;
  const list = task.index === undefined ? undefined : listOf(state, task);
  return list === undefined ? isDispensable(state, task) : isBorne(state, list);
}

/** Whether somebody else may take the place of a task that failed: everything that comes after it asks for some of several. */
function isDispensable(state: RunState, task: TaskState): boolean {
  const dependents = dependentsOf(state, task);
  return (
    dependents.length > 0 &&
    dependents.every((id) => {
      const dependent = siblingOf(state, task, id);
      const definition = dependent === undefined ? undefined : definitionOf(state, dependent);
      return definition !== undefined && neededBy(definition) !== undefined;
    })
  );
}

/** A dependency of a pending task has ended. */
function tell(state: RunState, task: TaskState, definition: TaskDefinition, dependency: TaskState, at: number): void {
  task.waitingOn -= 1;
  if (countsAsSkipped(state, dependency)) task.skippedDependencies += 1;
  if (definition.join === 'each') {
    const id = dependency.id.slice(dependency.scope === '' ? 0 : dependency.scope.length + 1);
    arrive(state, task, id, givesItem(definition, dependency));
    return;
  }
  if (isNotChosen(definition, dependency)) {
    state.frontier.add(task.id);
    return;
  }
  const needed = neededBy(definition);
  if (needed === undefined) {
    if (task.waitingOn === 0) unlock(state, task, at);
    return;
  }
  if (outcomeOf(dependency) === 'completed') {
    task.met += 1;
    if (task.met === needed) {
      task.joinedAt = state.revision;
      unlock(state, task, at);
    }
  }
  if (task.met < needed && task.met + task.waitingOn < needed) state.frontier.add(task.id);
}

/** A switch that chose another case than the task's. */
export const isNotChosen = ({ cases }: TaskDefinition, dependency: TaskState): boolean => {
  if (cases === undefined || dependency.status !== 'completed') return false;
  const id = dependency.id.slice(dependency.scope === '' ? 0 : dependency.scope.length + 1);
  const wanted = cases[id];
  return wanted !== undefined && wanted !== dependency.chosen;
};

/** Whether a join of each has an item for a dependency that has passed. */
export const givesItem = (definition: TaskDefinition, dependency: TaskState): boolean =>
  outcomeOf(dependency) === 'completed' && !isNotChosen(definition, dependency);

/** Takes a result of another run over, for a task of the definition or for an item. */
export function adopt(state: RunState, { taskId, status, output, attempt, at }: TaskAdopted): RunState {
  let task = state.tasks.get(taskId);
  if (task === undefined) {
    const item = taskPaths(state.rules).itemOf(taskId);
    const parent = state.tasks.get(item?.list ?? '');
    if (item === undefined || parent?.items === undefined) return state;
    task = addItem(state, parent, parent.items, item.index);
    parent.items.active += 1;
  }
  aboutToChange(state, task);
  task.output = output ?? null;
  task.carriesOutput = false;
  hold(state, task, 'output');
  takeGiven(state, task, attempt);
  end(state, task, status, at);
  return state;
}

/** What a person said that a task gave. A run that goes on where another ended undoes it as if it had done it; so do those that go on from that. */
function takeGiven(state: RunState, task: TaskState, attempt: number | undefined): void {
  const isGiven = state.given?.[task.id] !== undefined;
  if (isGiven) {
    const left = Object.entries(state.given ?? {}).filter(([id]) => id !== task.id);
    state.given = left.length === 0 ? undefined : Object.fromEntries(left);
  }
  // Older histories do not say it.
  const counts = isGiven && state.lineage?.as === 'retry' && definitionOf(state, task)?.compensate !== undefined;
  if (attempt === undefined && !counts) return;
  task.attempt = attempt ?? task.attempt + 1;
  noteDone(state, task);
}
