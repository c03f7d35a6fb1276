import { definitionOf, isInFlight, type RunState, type TaskState, type TaskStatus } from '../state.ts';

/** All dependencies of the task have ended: it is ready, or settle has to decide about it. */
export function unlock(state: RunState, task: TaskState, at: number): void {
  const definition = definitionOf(state, task);
  if (definition === undefined) return;
  const allSkipped = definition.after.length > 0 && task.skippedDependencies === definition.after.length;
  if (allSkipped || definition.when !== undefined || definition.forEach !== undefined) state.frontier.add(task.id);
  else makeReady(state, task, at);
}

/** Puts the task into the queue, behind those that are ready already. */
export function makeReady(state: RunState, task: TaskState, at: number): void {
  setStatus(state, task, 'ready');
  task.readySince = at;
  task.retryAt = undefined;
  state.tickets += 1;
  task.ticket = state.tickets;
  const priority = definitionOf(state, task)?.priority ?? 0;
  state.ready.add(task.id, priority, task.ticket);
}

/** Every change of a task's status goes through here: it keeps the counts, and settles what the frontier waited for. */
export function setStatus(state: RunState, task: TaskState, status: TaskStatus): void {
  if (task.status === 'ready') state.readyCount -= 1;
  else if (isInFlight(task)) state.inFlight -= 1;
  task.status = status;
  if (status === 'ready') state.readyCount += 1;
  else if (isInFlight(task)) state.inFlight += 1;
  state.frontier.delete(task.id);
}
