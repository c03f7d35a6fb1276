import type { TaskDefinition } from './definition.ts';
import { standInOf } from './fallbacks.ts';

type Tasks = readonly TaskDefinition[];

/** Tasks by id; of duplicates, the first. */
export function byId(tasks: Tasks): ReadonlyMap<string, TaskDefinition> {
  const map = new Map<string, TaskDefinition>();
  for (const task of tasks) if (!map.has(task.id)) map.set(task.id, task);
  return map;
}

/** The ids of the tasks that stand in for others, with the ids of those others. */
export function fallbackTasks(tasks: Tasks): ReadonlyMap<string, readonly string[]> {
  const map = new Map<string, string[]>();
  for (const task of tasks) {
    const standIn = standInOf(task);
    if (standIn !== undefined) map.set(standIn, [...(map.get(standIn) ?? []), task.id]);
  }
  return map;
}

/** Everything found by following `next` from `start`, which is included only when it is found again. */
export function reachable(start: string, next: (id: string) => readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [...next(start)];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    for (const other of next(id)) open.push(other);
  }
  return found;
}

/** Whether `goal` is found by following `next` from `start`. The nearest are looked at first, and the walk ends with it. */
export function leadsTo(start: string, goal: string, next: (id: string) => readonly string[]): boolean {
  const found = new Set<string>();
  let level: readonly string[] = next(start);
  while (level.length > 0) {
    const further: string[] = [];
    for (const id of level) {
      if (id === goal) return true;
      if (found.has(id)) continue;
      found.add(id);
      for (const other of next(id)) further.push(other);
    }
    level = further;
  }
  return false;
}

/** Ids by the ids that they depend on. */
export function dependentsOf(tasks: Tasks): ReadonlyMap<string, readonly string[]> {
  const map = new Map<string, string[]>();
  for (const task of tasks) {
    for (const id of task.after) {
      const dependents = map.get(id);
      if (dependents === undefined) map.set(id, [task.id]);
      else dependents.push(task.id);
    }
  }
  return map;
}

/**
 * Cycles of a directed graph, each as a path that ends where it began: one for every edge that closes a cycle in a
 * depth-first walk, so none if and only if the graph has none. Needs no recursion, however deep the graph.
 */
export function findCycles(
  ids: Iterable<string>,
  next: (id: string) => readonly string[],
): readonly (readonly string[])[] {
  const cycles: (readonly string[])[] = [];
  const done = new Set<string>();
  for (const root of ids) {
    if (done.has(root)) continue;
    const trail: string[] = [root];
    const onTrail = new Set<string>(trail);
    const iterators: Iterator<string>[] = [next(root).values()];
    while (iterators.length > 0) {
      const step = iterators[iterators.length - 1]?.next();
      if (step === undefined || step.done === true) {
        iterators.pop();
        const left = trail.pop();
        if (left !== undefined) {
          onTrail.delete(left);
          done.add(left);
        }
      } else if (onTrail.has(step.value)) {
        cycles.push([...trail.slice(trail.indexOf(step.value)), step.value]);
      } else if (!done.has(step.value)) {
        trail.push(step.value);
        onTrail.add(step.value);
        iterators.push(next(step.value).values());
      }
    }
  }
  return cycles;
}

interface TaskIndex {
  readonly size: number;
  readonly known: ReadonlyMap<string, TaskDefinition>;
  readonly dependents: ReadonlyMap<string, readonly string[]>;
}

/** Of lists of tasks, which at the most grow: made once for each size. */
const indices = new WeakMap<Tasks, TaskIndex>();

function indexOf(tasks: Tasks): TaskIndex {
  let index = indices.get(tasks);
  if (index?.size !== tasks.length) {
    index = { size: tasks.length, known: byId(tasks), dependents: dependentsOf(tasks) };
    indices.set(tasks, index);
  }
  return index;
}

/** The tasks on a path from `from` to `to`, both included: what a repeat of `to` runs again. */
export function between(tasks: Tasks, from: string, to: string): ReadonlySet<string> {
  if (from === to) return new Set([to]);
  const { known, dependents } = indexOf(tasks);
  const below = new Set(reachable(from, (id) => dependents.get(id) ?? [])).add(from);
  const above = new Set(reachable(to, (id) => known.get(id)?.after ?? [])).add(to);
  return below.intersection(above);
}
