import type { CompensationBegan } from '../events.ts';
import {
  createTaskState,
  definitionOf,
  grownGraph,
  type RunState,
  type ScopeState,
  type TaskState,
  type Undoable,
} from '../state.ts';
import { topOf } from './closing-top.ts';
import { makeReady, noteAwaited } from './status.ts';

/** A task has done what its block may have to undo. Of a block that says nothing itself, that is what was done in it. */
export function noteDone(state: RunState, task: TaskState, output = task.output): void {
  if (!state.graph.hasOutstanding) return;
  // Attempts of one round have one idempotency key: the one that completed stands for those of which nobody knew.
  forgetUnknown(state, task);
  const inner = state.scopes.get(task.id);
  if (definitionOf(state, task)?.compensate !== undefined) {
    for (const entry of inner?.undo ?? []) state.undo.delete(entry);
    inner?.undo.clear();
    put(state, task, 'completed', output);
  } else if (inner !== undefined) {
    handOver(state, inner, task.scope);
  }
}

/** Nobody knows whether the last attempt of a task had its effect. */
export function noteUnknown(state: RunState, task: TaskState): void {
  if (definitionOf(state, task)?.compensate === undefined) return;
  forgetUnknown(state, task);
  task.unknown = true;
  put(state, task, 'unknown', null);
}

function forgetUnknown(state: RunState, task: TaskState): void {
  const entry = task.unknown ? state.undo.last(task.id) : undefined;
  task.unknown = false;
  if (entry?.taskId === task.id && entry.outcome === 'unknown') takeOut(state, entry);
}

function put(state: RunState, task: TaskState, outcome: Undoable['outcome'], output: TaskState['output']): void {
  const { id: taskId, definitionId, attempt, round, input = null } = task;
  const scope = state.scopes.get(task.scope);
  if (scope === undefined) return;
  const entry = {
    taskId,
    definitionId,
    attempt,
    round,
    revision: state.revision,
    place: scope.undo.size,
    outcome,
    input,
    output: output ?? null,
    ...byOf(state, task),
  };
  scope.undo.add(entry);
  state.undo.add(entry, task.scope);
}

/** An added task may be gone when it is to be undone. */
function byOf(state: RunState, { definitionId }: TaskState): Pick<Undoable, 'by'> {
  const by = state.graph.isAdded(definitionId) ? state.graph.node(`${definitionId}@`)?.definition : undefined;
  return by === undefined ? {} : { by };
}

/** What was done in a block is the business of the one around it, where it was done when the block ended: it is undone together. */
export function handOver(state: RunState, inner: ScopeState, around: string): void {
  const outer = state.scopes.get(around);
  for (const entry of inner.undo) {
    state.undo.delete(entry);
    if (outer === undefined) continue;
    const handed = { ...entry, revision: state.revision, place: outer.undo.size };
    outer.undo.add(handed);
    state.undo.add(handed, around);
  }
  inner.undo.clear();
}

/** What a task did is undone: by a task of its own, in the block that has it on its stack. */
export function beginUndo(state: RunState, event: CompensationBegan): RunState {
  const entry = state.undo.find(event.taskId);
  const scope = entry === undefined ? undefined : takeOut(state, entry);
  if (scope === undefined || entry === undefined) return state;
  const { by, definitionId } = entry;
  if (by !== undefined) grownGraph(state).addUndoing(event.taskId, scope, by);
  const node = by === undefined ? `${definitionId}@` : event.taskId;
  const task = createTaskState(event.taskId, node, undefined, 0, scope);
  task.undoes = entry;
  state.tasks.set(task.id, task);
  noteAwaited(state, task);
  makeReady(state, task, event.at);
  // What is closing goes on once this has ended.
  state.frontier.delete(topOf(state, entry.taskId) ?? '');
  return state;
}

/** It is not to be undone any more. Returns the block on whose stack it was. */
export function takeOut(state: RunState, entry: Undoable): string | undefined {
  const home = state.undo.homeOf(entry);
  state.undo.delete(entry);
  if (home !== undefined) state.scopes.get(home)?.undo.delete(entry);
  return home;
}
