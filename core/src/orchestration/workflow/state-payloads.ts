import type { Json } from '../../shared/json.ts';
import { type Place, SharedValues } from './shared-values.ts';
import { joinsItems, type RunState, type ScopeState, type TaskState, type Undoable } from './state.ts';

// Where a state holds payloads, for its text.

const PAYLOADS = ['input', 'output', 'feedback', 'previous', 'ends'] as const;
const LOOKS_A_STEP = 1_000;

/** Looks at all payloads of a state that may be shared. */
export function* sharedIn(state: RunState): Generator<void, SharedValues> {
  const shared = new SharedValues();
  shared.look(state.input);
  shared.look(state.output);
  for (const { feedback, undo } of state.scopes.values()) {
    shared.look(feedback);
    for (const { input, output } of undo) {
      shared.look(input);
      shared.look(output);
    }
  }
  let count = 0;
  for (const task of state.tasks.values()) {
    for (const field of PAYLOADS) if (field !== 'output' || !joinsItems(task)) shared.look(task[field]);
    shared.look(task.items?.values);
    shared.look(task.undoes?.input);
    shared.look(task.undoes?.output);
    count += 1;
    if (count % LOOKS_A_STEP === 0) yield;
  }
  return shared;
}

/** Leaves out what is shared; `at` is where the value stands in what is written. */
export type Without = (value: Json, at: Place) => Json;

/** A block as it is written: what it has to undo as a list. */
export type SavedScope = Omit<ScopeState, 'undo' | 'inFlight' | 'ready' | 'turns'> & {
  readonly undo: readonly Undoable[];
};

export function scopeWithout(scope: ScopeState, at: Place, without: Without): SavedScope {
  const { inFlight: _inFlight, ready: _ready, turns: _turns, undo, ...kept } = scope;
  return {
    ...kept,
    feedback: without(scope.feedback, [...at, 'feedback']),
    undo: Array.from(undo, (one, index) => ({
      ...one,
      input: without(one.input, [...at, 'undo', index, 'input']),
      output: without(one.output, [...at, 'undo', index, 'output']),
    })),
  };
}

export function taskWithout(task: TaskState, at: Place, without: Without): TaskState {
  const changed: Partial<TaskState> = {};
  let isSame = true;
  for (const field of PAYLOADS) {
    const value = task[field];
    if (value === undefined) continue;
    const left = without(value, [...at, field]);
    if (left === value) continue;
    changed[field] = left;
    isSame = false;
  }
  const { items, undoes } = task;
  if (isSame && items === undefined && undoes === undefined) return task;
  if (items !== undefined)
    changed.items = { ...items, values: without(items.values, [...at, 'items', 'values']) as Json[] };
  if (undoes !== undefined)
    changed.undoes = {
      ...undoes,
      input: without(undoes.input, [...at, 'undoes', 'input']),
      output: without(undoes.output, [...at, 'undoes', 'output']),
    };
  return { ...task, ...changed };
}
