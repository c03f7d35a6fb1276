import type { Mutex } from '../../../definition/definition.ts';
import { enclosing } from '../../../shared/task-path.ts';
import type { RunState, TaskState } from '../state.ts';
import { isBehindTurnAround } from '../turns.ts';

// Tasks of a run that give the same key are a queue, whose first has the mutex. One of several runs it has once it was granted to it, on record.

/** How the state names a mutex: one of several runs by a name that no key of the run alone can be. */
export const mutexName = (key: string, across: Mutex['across'] = 'run'): string =>
  across === 'run' ? key : `\u0000${across}\u0000${key}`;

export const isShared = (name: string): boolean => name.startsWith('\u0000');

/** What a name stands for. */
export function mutexOf(name: string): { readonly key: string; readonly across: Mutex['across'] } {
  const [, across, ...key] = isShared(name) ? name.split('\u0000') : [];
  return across === undefined ? { key: name, across: 'run' } : { key: key.join('\u0000'), across: across as 'tenant' };
}

/**
 * Where a task that asks now stands in line, 0 for the first: before those that have not begun, and may not before a block around it has ended.
 * Behind one of them, it and they would wait for each other.
 */
export function placeInLine(state: RunState, task: TaskState, name: string): number {
  const line = state.mutexes.get(name) ?? [];
  const place = line.findIndex((id) => {
    const other = state.tasks.get(id);
    return other !== undefined && isBehindTurnAround(state, other, task);
  });
  return place === -1 ? line.length : place;
}

/**
 * The task asks for the mutex. It has that at once where nobody does, or where `instead` has, which has not begun and waits again.
 * Else it waits: for settle to make it ready in its turn, or for a grant.
 */
export function acquire(
  state: RunState,
  task: TaskState,
  name: string,
): { readonly has: boolean; readonly instead?: TaskState } {
  task.mutex = name;
  const queue = state.mutexes.get(name);
  if (queue === undefined) {
    state.mutexes.set(name, [task.id]);
    if (!isShared(name)) return { has: true };
    state.shared.add(name);
    return { has: false };
  }
  const place = placeInLine(state, task, name);
  const instead = place === 0 ? state.tasks.get(queue[0] ?? '') : undefined;
  queue.splice(place, 0, task.id);
  if (instead === undefined) {
    state.mutexWaits.add(task.id, task.id, name);
    return { has: false };
  }
  state.mutexWaits.add(instead.id, instead.id, name);
  // What the run was granted stays with it.
  [task.granted, instead.granted] = [instead.granted, false];
  return { has: hasMutex(state, task), instead };
}

/** Whether the task has the mutex that it asked for; also when it asked for none. */
export const hasMutex = (state: RunState, task: TaskState): boolean =>
  task.mutex === undefined ||
  (state.mutexes.get(task.mutex)?.[0] === task.id && (task.granted || !isShared(task.mutex)));

/** Of a mutex of several runs: the task is the one of this run that asks for it. */
export const asksFor = (state: RunState, task: TaskState, name: string): boolean =>
  task.mutex === name && isShared(name) && !task.granted && state.mutexes.get(name)?.[0] === task.id;

/** What the run was granted is the run's no more, and is asked for again; what has begun with it begins nothing more until then. */
export function loseGrants(state: RunState, at: number): void {
  for (const name of state.shared) {
    const task = state.tasks.get(state.mutexes.get(name)?.[0] ?? '');
    if (task === undefined || !task.granted) continue;
    task.granted = false;
    task.askedAt = at;
  }
}

const NOTHING: ReadonlySet<string> = new Set();

/** What had begun with a mutex of several runs, and has to be granted it again before anything of it, or in it, begins. */
export function ungranted(state: RunState): ReadonlySet<string> {
  if (state.shared.size === 0) return NOTHING;
  const found = new Set<string>();
  for (const name of state.shared) {
    const task = state.tasks.get(state.mutexes.get(name)?.[0] ?? '');
    // What has not begun waits as it is: it is not ready. What closes asks for nothing any more, and what it did is undone all the same.
    const asks = task !== undefined && !task.granted && task.closing === undefined;
    if (asks && task.status !== 'pending') found.add(task.id);
  }
  return found;
}

/** Which of the `ungranted` holds the task up: itself, or a block or list around it. */
export function heldUpBy(task: TaskState, ungranted: ReadonlySet<string>): string | undefined {
  if (ungranted.size === 0) return undefined;
  for (let at: string | undefined = task.id; at !== undefined; at = enclosing(at)) if (ungranted.has(at)) return at;
  return undefined;
}

/** The task has ended, or begins anew: the next of those that gave its key has the mutex, or asks for it. */
export function letGoMutex(state: RunState, task: TaskState): void {
  const name = task.mutex;
  if (name === undefined) return;
  task.mutex = undefined;
  task.granted = false;
  task.askedAt = undefined;
  const queue = state.mutexes.get(name) ?? [];
  const place = queue.indexOf(task.id);
  if (place !== -1) queue.splice(place, 1);
  state.mutexWaits.delete(task.id);
  const [next] = queue;
  if (next === undefined) {
    state.mutexes.delete(name);
    state.shared.delete(name);
  } else if (place === 0) {
    state.mutexWaits.delete(next);
    if (!isShared(name)) state.frontier.add(next);
  }
}
