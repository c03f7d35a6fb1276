import type { RunState, TaskState } from '../state.ts';
import { enqueue } from './status.ts';

/** From now on, until its next round. What is ready comes behind what has that priority already; of a list, its items do. */
export function prioritise(state: RunState, task: TaskState, priority: number): void {
  task.priority = priority;
  queueAgain(state, task);
  for (const item of task.items?.instances ?? []) if (item !== undefined) queueAgain(state, item);
}

function queueAgain(state: RunState, task: TaskState): void {
  if (task.status !== 'ready' || state.entering.has(task.id)) return;
  state.tickets += 1;
  task.ticket = state.tickets;
  enqueue(state, task);
}
