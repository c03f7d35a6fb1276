import { isForAgents, SEQUENTIAL, type TaskDefinition } from '../../definition/definition.ts';
import { blocksAround, isInside } from '../../shared/task-path.ts';
import {
  definitionOf,
  isAgentTask,
  isEntered,
  isInFlight,
  isListening,
  type RunState,
  type ScopeState,
  type TaskState,
} from './state.ts';
import { ownStrategy, regionAt } from './team/team.ts';
import { createTurns, isBefore, type Place, type Turns } from './turn-queue.ts';

// The strategy `sequential`: tasks take turns, in the run or in a block. A task has its turn from when it begins until it has ended, through retries, the waits between them,
// fallback agents and hand-offs. Work takes turns: attempts at agents, child runs, and blocks with a strategy of their own. What is nobody's work (a wait, a sleep, a value,
// another block, whose tasks take theirs) begins when it may. An attempt that listens for messages lets the next one begin.

/** A block that has a strategy of its own begins, or the run. */
export function beginRegion(state: RunState, scope: ScopeState, strategy: string): void {
  if (scope.path !== '') state.regions.set(scope.path, scope);
  if (strategy !== SEQUENTIAL) return;
  scope.turns = createTurns();
  state.sequences.add(scope);
}

/** Undefined: the task takes no turns. */
export const turnsFor = (state: RunState, { scope }: Pick<TaskState, 'scope'>): Turns | undefined =>
  state.sequences.size === 0 ? undefined : regionAt(state, scope).turns;

/** A block with a strategy of its own is one piece of work for what is around it. */
const isRegion = (state: RunState, { id: path, definitionId }: TaskState, definition: TaskDefinition): boolean =>
  definition.scope !== undefined && ownStrategy(state, { path, definitionId }) !== undefined;

const isWork = (state: RunState, task: TaskState): boolean => {
  const definition = definitionOf(state, task);
  return (
    definition !== undefined &&
    (isForAgents(definition) || definition.workflow !== undefined || isRegion(state, task, definition))
  );
};

/** Whether a task that is ready waits for its turn. */
export const takesTurn = (state: RunState, task: TaskState): boolean => isAgentTask(state, task) || isWork(state, task);

/** Whether the task has begun in this round, and has not ended. */
function hasTurn(state: RunState, task: TaskState): boolean {
  const { status, fallback, handOffs, tries, losses, firstScheduledAt } = task;
  const isOwn = isWork(state, task);
  switch (status) {
    case 'scheduled':
    case 'running':
      return isInFlight(task) || (isEntered(task) && isOwn);
    case 'waiting':
      return fallback !== 'task' && (isOwn || fallback === 'agent');
    case 'ready':
      if (tries + losses > 0 || handOffs !== undefined) return true;
      // A block that an agent stands in for had none.
      return fallback === 'agent' && isOwn && firstScheduledAt !== undefined;
    default:
      return false;
  }
}

/** Whether it, or what may be in it, takes turns with what is around it. */
const needsTurn = (state: RunState, task: TaskState): boolean =>
  takesTurn(state, task) || definitionOf(state, task)?.scope !== undefined;

/** Whether a task has not begun, and may not before a block around another has ended, which has the turn. */
export function isBehindTurnAround(state: RunState, task: TaskState, other: TaskState): boolean {
  const turns = turnsFor(state, task);
  if (turns === undefined || turns.had.size === 0 || turns.had.has(task.id)) return false;
  if ((task.status !== 'pending' && task.status !== 'ready') || !needsTurn(state, task)) return false;
  for (const path of blocksAround(other.scope)) if (turns.had.has(path)) return true;
  return false;
}

/** Which others have to end before a task can: those that have the turn that it needs. */
export function* turnsBefore(state: RunState, task: TaskState): Generator<string> {
  const turns = turnsFor(state, task);
  if (turns === undefined || !needsTurn(state, task)) return;
  if (turns.had.has(task.id) && holdsTurn(state, task)) return;
  for (const id of turns.had) {
    const other = state.tasks.get(id);
    if (id !== task.id && !isInside(id, new Set([task.id])) && other !== undefined && holdsTurn(state, other)) yield id;
  }
}

/** Every change of a task's status goes through here: it keeps the list of those that have their turn. */
export function noteTurn(state: RunState, task: TaskState): void {
  const turns = turnsFor(state, task);
  if (turns === undefined) return;
  if (hasTurn(state, task)) turns.had.add(task.id);
  else turns.had.delete(task.id);
}

/** Whether nobody else may begin: it is at work, or will be again after a delay. */
const holdsTurn = (state: RunState, task: TaskState): boolean =>
  isInFlight(task)
    ? !isListening(state, task)
    : task.status === 'waiting'
      ? (task.retryAt !== undefined || task.asks !== undefined) && task.closing === undefined
      : isEntered(task) && !isOnlyClosing(state, task);

/** Nobody works any more in a block that closes: it ends after all that is to be undone, around it, too. */
const isOnlyClosing = (state: RunState, { id, closing }: TaskState): boolean =>
  closing !== undefined && state.scopes.get(id)?.inFlight === 0;

/** The task that others wait for; undefined when none has its turn and works. */
export function turnHolder(state: RunState, turns: Turns): TaskState | undefined {
  for (const id of turns.had) {
    const task = state.tasks.get(id);
    if (task !== undefined && hasTurn(state, task) && holdsTurn(state, task)) return task;
  }
  return undefined;
}

/** The one task that may begin now, or go on with another attempt: who has its turn goes before all others. Undefined when nobody may. */
export function whoseTurn(state: RunState, turns: Turns): TaskState | undefined {
  let again: TaskState | undefined;
  for (const id of turns.had) {
    const task = state.tasks.get(id);
    if (task === undefined || !hasTurn(state, task)) continue;
    if (holdsTurn(state, task)) return undefined;
    const isFirst = again === undefined || isBefore(placed(state, task), placed(state, again));
    if (task.status === 'ready' && isFirst) again = task;
  }
  if (again !== undefined) return again;
  const id = turns.queue.first((taskId, ticket) => {
    const task = state.tasks.get(taskId);
    return task?.status === 'ready' && task.ticket === ticket;
  });
  return id === undefined ? undefined : state.tasks.get(id);
}

/** The child run, or the block with a strategy of its own, that may begin now. */
export function nextChild(state: RunState): TaskState | undefined {
  for (const { turns } of state.sequences) {
    if (turns === undefined || turns.children.size === 0) continue;
    const next = whoseTurn(state, turns);
    if (next !== undefined && turns.children.has(next.id)) return next;
  }
  return undefined;
}

const placed = (state: RunState, task: TaskState) => ({ place: placeOf(state, task), ticket: task.ticket });

export function placeOf(state: RunState, task: TaskState): Place {
  const place: number[] = [];
  for (let at: TaskState | undefined = task; at !== undefined; at = state.tasks.get(at.scope)) {
    if (at.index !== undefined) place.unshift(at.index);
    place.unshift(state.graph.node(at.definitionId)?.index ?? 0);
    if (at.scope === '') break;
  }
  return place;
}
