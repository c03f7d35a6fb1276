import type { TaskDefinition } from '../../../definition/definition.ts';
import { GrownGraph } from '../../../definition/grown-graph.ts';
import type { Part } from '../../../definition/task-graph.ts';
import type { Json } from '../../../shared/json.ts';
import { inside } from '../../../shared/task-path.ts';
import { beginBudget } from '../budgets.ts';
import { ReadyQueues } from '../ready-queue.ts';
import {
  createScopeState,
  createTaskState,
  definitionOf,
  dependenciesOf,
  dependentsOf,
  hasEnded,
  insideOf,
  isHeldBack,
  isInFlight,
  outcomeOf,
  type RunState,
  type ScopeState,
  scopeAt,
  siblingOf,
  type TaskState,
} from '../state.ts';
import { beginTeam } from '../team/fold.ts';
import { isThroughWith, ownStrategy } from '../team/team.ts';
import { beginRegion } from '../turns.ts';
import { forgetScope, tasksOf } from './close.ts';
import { countsAsSkipped, givesItem, letsGoOn, neededBy } from './end-task.ts';
import { dropAdded, letGo } from './hold.ts';
import { letGoMutex } from './mutex.ts';
import { setStatus, unlock } from './status.ts';

/** A block begins: its first round does at once, unless a loop is to be asked first. */
export function openScope(state: RunState, task: TaskState, at: number): void {
  const block = state.graph.block(task.definitionId);
  if (block === undefined) return;
  const scope = createScopeState(task.id, task.definitionId, task.attempt - 1, state.revision);
  const { loop, concurrency, budget } = block.definition;
  if (budget !== undefined) beginBudget(state, scope);
  const strategy = ownStrategy(state, scope);
  if (concurrency !== undefined || strategy !== undefined) {
    scope.ready = new ReadyQueues();
    state.limited.add(scope);
  }
  state.scopes.set(task.id, scope);
  if (strategy !== undefined) beginRegion(state, scope, strategy.name);
  // Tasks of a block without rounds of its own are in the round that the block is in.
  if (loop?.while !== undefined) state.frontier.add(task.id);
  else beginRound(state, scope, block.hasRounds ? 1 : task.round, at);
}

/** The tasks of the block begin, those of the round before are forgotten, and what was added in it; attempt numbers go on. */
export function beginRound(state: RunState, scope: ScopeState, round: number, at: number): void {
  const body = state.graph.block(scope.definitionId)?.body;
  if (body === undefined) return;
  const floors = new Map<string, number>();
  const added = state.graph.addedTo(scope.path);
  for (const task of tasksOf(state, scope)) {
    const id = task.id.slice(scope.path === '' ? 0 : scope.path.length + 1);
    const attempt = removeWithin(state, task);
    setStatus(state, task, 'cancelled');
    letGo(state, task);
    state.tasks.delete(task.id);
    if (state.graph.node(task.definitionId)?.clause === undefined && !added.has(id)) floors.set(id, attempt);
    else scope.floor = Math.max(scope.floor, attempt);
  }
  dropAdded(state, scope.path);
  scope.round = round;
  scope.gotos = 0;
  scope.roundSince = state.revision;
  scope.failure = undefined;
  scope.ending = undefined;
  scope.handling = undefined;
  beginTeam(state, scope);
  beginPart(state, scope, body, at, floors);
}

/** Tasks that begin together: those of a block, or of a handler. */
export function beginPart(
  state: RunState,
  scope: ScopeState,
  part: Part,
  at: number,
  floors: ReadonlyMap<string, number> = new Map(),
): void {
  scope.open = part.required;
  const tasks: TaskState[] = [];
  for (const id of part.ids) {
    const path = inside(scope.path, id);
    const node = state.graph.node(inside(scope.definitionId, id));
    if (node === undefined) continue;
    const task = createTaskState(path, node.path, undefined, node.definition.after.length, scope.path);
    // A segment that repeats counts rounds of its own.
    task.round = node.repeatedBy === undefined ? scope.round : 1;
    task.attempt = Math.max(floors.get(id) ?? 0, scope.floor);
    task.ignoredAttempt = task.attempt;
    state.tasks.set(path, task);
    if (node.definition.after.length === 0 && node.fallbackFor === undefined) tasks.push(task);
  }
  for (const task of tasks) unlock(state, task, at);
  if (isThroughWith(scope) && scope.path !== '') state.frontier.add(scope.path);
}

export interface RepeatedRound {
  readonly round: number;
  readonly feedback: Json;
  readonly at: number;
}

/** Resets the segment of a repeating task for another round; attempt numbers go on, so that an attempt is never counted twice. */
export function repeat(state: RunState, repeater: TaskState, { round, feedback, at }: RepeatedRound): void {
  const { graph } = state;
  const segment = graph.node(repeater.definitionId)?.segment ?? [];
  const scope = scopeAt(state, repeater.scope);
  const members = new Set(segment);
  for (const id of segment) {
    const task = siblingOf(state, repeater, id);
    const node = graph.node(task?.definitionId ?? '');
    if (task === undefined || node === undefined) continue;
    const attempt = removeWithin(state, task);
    letGo(state, task);
    // A round that skipped it stands on the one before.
    const previous = task.status === 'skipped' ? task.previous : task.output;
    if (hasEnded(task) && node.fallbackFor === undefined && scope !== undefined) scope.open += 1;
    setStatus(state, task, 'pending');
    letGoMutex(state, task);
    Object.assign(task, {
      ...createTaskState(task.id, task.definitionId, undefined, 0, task.scope),
      ...standingOf(state, task, (member) => members.has(member)),
      round,
      again: task.again,
      againSince: task.againSince,
      attempt,
      previous,
      // What comes again of the rounds before was applied then: it need not be put on record.
      ignoredAttempt: attempt,
    });
  }
  for (const id of segment) waitAgain(state, siblingOf(state, repeater, id), members, at);
  repeater.feedback = feedback;
  repeater.previous = feedback;
  for (const id of segment) {
    const task = siblingOf(state, repeater, id);
    const node = graph.node(task?.definitionId ?? '');
    if (task === undefined || node === undefined || node.fallbackFor !== undefined) continue;
    if (isFree(task, node.definition)) unlock(state, task, at);
  }
}

/** What was put behind a task of the segment at run time and has not begun waits for its next round. (It is not run again itself.) */
function waitAgain(state: RunState, member: TaskState | undefined, segment: ReadonlySet<string>, at: number): void {
  if (member === undefined || !(state.graph instanceof GrownGraph)) return;
  for (const id of dependentsOf(state, member)) {
    const task = segment.has(id) ? undefined : siblingOf(state, member, id);
    const definition = task === undefined ? undefined : definitionOf(state, task);
    if (task === undefined || definition === undefined) continue;
    const isHeld = isHeldBack(state, task);
    if (!isHeld && !(state.rules >= 4 && isNotBegun(task))) continue;
    if (!isHeld) {
      setStatus(state, task, 'pending');
      letGoMutex(state, task);
      task.readySince = undefined;
    }
    Object.assign(
      task,
      standingOf(state, task, (one) => segment.has(one)),
    );
    // Another one that it comes after may be enough.
    if (!isHeld && isFree(task, definition)) unlock(state, task, at);
  }
}

/** Nothing holds it up, and it has not been handed what it works on. */
const isNotBegun = ({ status, closing, firstScheduledAt, tries, losses, fallback, items }: TaskState): boolean =>
  (status === 'ready' || status === 'pending') &&
  closing === undefined &&
  firstScheduledAt === undefined &&
  tries + losses === 0 &&
  fallback === undefined &&
  items === undefined;

/** What of the dependencies of a task is known already: those that have ended, and do not run again themselves. */
export function standingOf(
  state: RunState,
  task: TaskState,
  runsAgain: (id: string) => boolean = () => false,
): Pick<TaskState, 'waitingOn' | 'skippedDependencies' | 'met' | 'joinedAt' | 'arrived'> {
  const definition = definitionOf(state, task);
  let waitingOn = 0;
  let skippedDependencies = 0;
  let met = 0;
  const needed = definition === undefined ? undefined : neededBy(definition);
  const arrived: number[] = [];
  for (const [place, id] of dependenciesOf(state, task).entries()) {
    const dependency = siblingOf(state, task, id);
    if (runsAgain(id) || dependency === undefined || !letsGoOn(state, definition, dependency)) waitingOn += 1;
    else if (countsAsSkipped(state, dependency)) skippedDependencies += 1;
    else if (definition?.join === 'each') {
      if (givesItem(definition, dependency)) arrived.push(place);
    } else if (outcomeOf(dependency) === 'completed' && needed !== undefined) met += 1;
  }
  const joinedAt = needed !== undefined && met >= needed ? state.revision : undefined;
  if (arrived.length === 0) return { waitingOn, skippedDependencies, met, joinedAt, arrived: undefined };
  return { waitingOn, skippedDependencies, met: arrived.length, joinedAt, arrived };
}

/** Whether the dependencies of a task that has its standing hold it up no more. */
export function isFree({ waitingOn, met, arrived }: TaskState, definition: TaskDefinition): boolean {
  const needed = neededBy(definition);
  return waitingOn === 0 || arrived !== undefined || (needed !== undefined && met >= needed);
}

/** A round of the segment was skipped, so there is none: what the round before gave is what the loop gives. */
export function keepLastRound(state: RunState, repeater: TaskState): void {
  for (const id of state.graph.node(repeater.definitionId)?.segment ?? []) {
    const task = siblingOf(state, repeater, id);
    if (task?.status === 'skipped') task.output = task.previous ?? null;
  }
  repeater.output = repeater.feedback ?? null;
}

/** Forgets what is inside a task: items, and the tasks of a block. Returns the highest attempt of it all: those that follow go on from it. */
export function removeWithin(state: RunState, task: TaskState): number {
  let attempt = task.attempt;
  const remove = (part: TaskState): void => {
    attempt = Math.max(attempt, removeWithin(state, part));
    if (isInFlight(part)) state.leftOver.push({ taskId: part.id, attempt: part.attempt });
    letGo(state, part);
    setStatus(state, part, 'cancelled');
    state.tasks.delete(part.id);
  };
  for (const item of task.items?.instances ?? []) if (item !== undefined) remove(item);
  for (const part of insideOf(state, task)) remove(part);
  dropAdded(state, task.id);
  const scope = state.scopes.get(task.id);
  if (scope !== undefined) attempt = Math.max(attempt, scope.floor);
  forgetScope(state, task.id);
  return attempt;
}
