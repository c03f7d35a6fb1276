import { limitedScopeOf, priorityOf, wantedBy } from '../ready-tasks.ts';
import { isAgentTask, type RunState, type TaskState } from '../state.ts';

/** From now on, until its next round. What is ready comes behind what has that priority already; of a list, its items do. */
export function prioritise(state: RunState, task: TaskState, priority: number): void {
  task.priority = priority;
  queueAgain(state, task);
  for (const item of task.items?.instances ?? []) if (item !== undefined) queueAgain(state, item);
}

function queueAgain(state: RunState, task: TaskState): void {
  if (task.status !== 'ready' || !isAgentTask(state, task)) return;
  state.tickets += 1;
  task.ticket = state.tickets;
  const queue = limitedScopeOf(state, task)?.ready ?? state.ready;
  queue.add(wantedBy(state, task), task.id, priorityOf(state, task), task.ticket);
}
