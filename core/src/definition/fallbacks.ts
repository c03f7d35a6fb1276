import type { Fallback, TaskDefinition } from './definition.ts';
import type { Path } from './problem.ts';

/** What stands in for a task, one after the other: agents, and last perhaps a value or a task. */
export function fallbacksOf({ fallback }: Pick<TaskDefinition, 'fallback'>): readonly Fallback[] {
  const all: Fallback[] = [];
  for (let at = fallback; at !== undefined; at = at.kind === 'agent' ? at.then : undefined) all.push(at);
  return all;
}

/** The task that stands in last, if one does. */
export function standInOf(task: Pick<TaskDefinition, 'fallback'>): string | undefined {
  const last = fallbacksOf(task).at(-1);
  return last?.kind === 'task' ? last.task : undefined;
}

/** Each with where it is written, from the task on: one alone is no list. */
export function fallbackPlaces(task: Pick<TaskDefinition, 'fallback'>): readonly (readonly [Path, Fallback])[] {
  const all = fallbacksOf(task);
  return all.map((fallback, index) => [all.length === 1 ? ['fallback'] : ['fallback', index], fallback]);
}
