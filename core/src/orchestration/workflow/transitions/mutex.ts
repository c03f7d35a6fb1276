import type { RunState, TaskState } from '../state.ts';
import { aboutToChange, readyAgain } from './items.ts';

/** The task is ready once it is the first of those that give this key. */
export function acquire(state: RunState, task: TaskState, key: string, at: number): void {
  task.mutex = key;
  const queue = state.mutexes.get(key);
  if (queue === undefined) state.mutexes.set(key, [task.id]);
  else queue.push(task.id);
  if (queue === undefined) readyAgain(state, task, at);
  else state.frontier.delete(task.id);
}

/** The task has ended, or begins anew: the next of those that give its key is ready. */
export function release(state: RunState, task: TaskState, at: number): void {
  const key = task.mutex;
  if (key === undefined) return;
  task.mutex = undefined;
  const queue = state.mutexes.get(key) ?? [];
  const place = queue.indexOf(task.id);
  if (place !== -1) queue.splice(place, 1);
  if (queue.length === 0) {
    state.mutexes.delete(key);
    return;
  }
  const next = place === 0 ? state.tasks.get(queue[0] ?? '') : undefined;
  if (next === undefined) return;
  aboutToChange(state, next);
  readyAgain(state, next, at);
}
