import { isForAgents, type TaskDefinition, tasksWithin } from './definition.ts';
import { fallbacksOf } from './fallbacks.ts';

/** Whom something of a task is for: an agent by name, or whoever has a capability. */
export type Asked = Pick<TaskDefinition, 'id' | 'agent' | 'capability'>;

/** Whom the tasks are for, those that stand in and undo, and those inside blocks and in handlers, included. */
export function* askedOf(tasks: readonly TaskDefinition[]): Generator<Asked> {
  for (const task of everyOf(tasks)) {
    const { id, compensate } = task;
    if (isForAgents(task)) yield task;
    for (const fallback of fallbacksOf(task)) if (fallback.kind === 'agent') yield { id, agent: fallback.agent };
    if (compensate !== undefined) yield { id, ...compensate };
  }
}

/** The tasks, each before those inside it. */
export function* everyOf(tasks: readonly TaskDefinition[]): Generator<TaskDefinition> {
  for (const task of tasks) {
    yield task;
    if (task.scope !== undefined) yield* everyOf(tasksWithin(task.scope));
  }
}
