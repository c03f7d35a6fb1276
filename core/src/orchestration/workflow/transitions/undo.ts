import { undoing } from '../../../shared/task-path.ts';
import type { CompensationBegan } from '../events.ts';
import { createTaskState, definitionOf, grownGraph, type RunState, type TaskState, type Undoable } from '../state.ts';
import { makeReady, noteAwaited } from './status.ts';

/** A task has done what its block may have to undo. Of a block that says nothing itself, that is what was done in it. */
export function noteDone(state: RunState, task: TaskState): void {
  if (!state.graph.hasOutstanding) return;
  const scope = state.scopes.get(task.scope);
  const inner = state.scopes.get(task.id);
  if (scope === undefined) return;
  if (definitionOf(state, task)?.compensate !== undefined) scope.undo.push(entryOf(state, task, 'completed'));
  else if (inner !== undefined) scope.undo.push(...inner.undo);
  inner?.undo.splice(0);
}

/** A task will not complete, and nobody knows whether an attempt of it had its effect. */
export function noteUnknown(state: RunState, task: TaskState): void {
  if (!task.unknown) return;
  task.unknown = false;
  state.scopes.get(task.scope)?.undo.push(entryOf(state, task, 'unknown'));
}

const entryOf = (state: RunState, task: TaskState, outcome: Undoable['outcome']): Undoable => ({
  taskId: task.id,
  definitionId: task.definitionId,
  attempt: task.attempt,
  revision: state.revision,
  outcome,
  input: task.input ?? null,
  output: outcome === 'completed' ? (task.output ?? null) : null,
  ...byOf(state, task),
});

/** An added task may be gone when it is to be undone. */
function byOf(state: RunState, { definitionId }: TaskState): Pick<Undoable, 'by'> {
  const by = state.graph.isAdded(definitionId) ? state.graph.node(`${definitionId}@`)?.definition : undefined;
  return by === undefined ? {} : { by };
}

/** What was done last is undone: by a task of its own, in the same block. */
export function beginUndo(state: RunState, event: CompensationBegan): RunState {
  const scope = state.scopes.get(event.scope);
  const index = scope?.undo.findLastIndex(({ taskId, attempt }) => undoing(taskId, attempt) === event.taskId) ?? -1;
  const [entry] = scope === undefined || index === -1 ? [] : scope.undo.splice(index, 1);
  if (scope === undefined || entry === undefined) return state;
  const { by, definitionId } = entry;
  if (by !== undefined) grownGraph(state).addUndoing(event.taskId, scope.path, by);
  const node = by === undefined ? `${definitionId}@` : event.taskId;
  const task = createTaskState(event.taskId, node, undefined, 0, scope.path);
  task.undoes = entry;
  state.tasks.set(task.id, task);
  noteAwaited(state, task);
  makeReady(state, task, event.at);
  // What is closing goes on once this has ended.
  const around = state.tasks.get(event.scope);
  if (around?.closing?.why === 'within') state.frontier.delete(around.closing.of);
  state.frontier.delete(event.scope);
  return state;
}
