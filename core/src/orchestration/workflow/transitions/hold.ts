import type { TaskDefinition } from '../../../definition/definition.ts';
import { GrownGraph } from '../../../definition/grown-graph.ts';
import type { Json } from '../../../shared/json.ts';
import { roughSize } from '../../../shared/json-size.ts';
import { notePayload } from '../digest/payload-digest.ts';
import { isReference, type Source, sourceSize } from '../sources/source.ts';
import type { RunState, TaskState } from '../state.ts';

/** Counts what the task holds since a moment ago, and has a large payload hashed now, where a digest will ask for it at the end. */
export function hold(state: RunState, task: TaskState, field: 'input' | 'output' | 'ends'): void {
  const value = task[field];
  const size = roughSize(value);
  task.held += size;
  state.held += size;
  if (value !== undefined && state.rules > 1) notePayload(task, field, value, size);
}

/** The same for an input that is from elsewhere: only the reference counts, what it means was counted where it is. */
export function holdSource(state: RunState, task: TaskState, source: Source): void {
  const size = sourceSize(source);
  task.held += size;
  state.held += size;
  // What is built anew of large parts is hashed as a whole.
  if (!isReference(source) && task.input !== undefined && state.rules > 1)
    notePayload(task, 'input', task.input, roughSize(task.input));
}

/** The same for items that have come. */
export function holdItems(state: RunState, parent: TaskState, from: number): void {
  const { items } = parent;
  if (items === undefined) return;
  for (let index = from; index < items.values.length; index += 1) {
    const value = items.values[index] ?? null;
    const size = roughSize(value);
    parent.held += size;
    state.held += size;
    if (state.rules > 1) notePayload(items, index, value, size);
  }
}

/** What the task held is forgotten: it begins anew, or is no more. */
export function letGo(state: RunState, task: TaskState): void {
  state.held -= task.held;
  task.held = 0;
}

/** Of an addition, about how many characters it has. */
export const sizeOfAdded = (tasks: readonly TaskDefinition[]): number => roughSize(tasks as unknown as Json);

/** What was added to a block is forgotten with its round. Its tasks are the caller's to remove. */
export function dropAdded(state: RunState, scope: string): void {
  if (!(state.graph instanceof GrownGraph)) return;
  for (const { tasks } of state.graph.drop(scope)) state.held -= sizeOfAdded(tasks);
}
