import type { RunState, TaskState } from '../state.ts';

/** Whether the task has the mutex: it is the first of those that gave the key. Else it waits, and settle makes it ready in its turn. */
export function acquire(state: RunState, task: TaskState, key: string): boolean {
  task.mutex = key;
  const queue = state.mutexes.get(key);
  if (queue === undefined) {
    state.mutexes.set(key, [task.id]);
    return true;
  }
  queue.push(task.id);
  state.mutexWaits.add(task.id, task.id, key);
  return false;
}

/** Whether the task has the mutex that it asked for; also when it asked for none. */
export const isFirst = (state: RunState, task: TaskState): boolean =>
  task.mutex === undefined || state.mutexes.get(task.mutex)?.[0] === task.id;

/** The task has ended, or begins anew: the next of those that gave its key has the mutex. */
export function letGoMutex(state: RunState, task: TaskState): void {
  const key = task.mutex;
  if (key === undefined) return;
  task.mutex = undefined;
  const queue = state.mutexes.get(key) ?? [];
  const place = queue.indexOf(task.id);
  if (place !== -1) queue.splice(place, 1);
  state.mutexWaits.delete(task.id);
  const [next] = queue;
  if (next === undefined) {
    state.mutexes.delete(key);
  } else if (place === 0) {
    state.mutexWaits.delete(next);
    state.frontier.add(next);
  }
}
