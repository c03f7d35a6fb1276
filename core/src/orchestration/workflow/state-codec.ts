import type { WorkflowDefinition } from '../../definition/definition.ts';
import { sha256 } from '../../shared/hash.ts';
import { createTaskState, initialState, isInFlight, joinsItems, type RunState, type TaskState } from './state.ts';

// Fields that others imply, or that hold the queue itself.
const DERIVED: ReadonlySet<string> = new Set([
  'tasks',
  'frontier',
  'ready',
  'controlCommands',
  'readyCount',
  'inFlight',
]);

/** Changes with the shape of the state: a snapshot with another one is of no use. */
export const STATE_SCHEMA: string = sha256(
  JSON.stringify([Object.keys(initialState()), Object.keys(createTaskState('a', 'a', undefined, 0))]),
).slice(0, 16);

/** The whole state as text. Equal states give equal text. */
export function serializeState(state: RunState): string {
  const fields = Object.entries(state).filter(([key]) => !DERIVED.has(key));
  return JSON.stringify({
    fields: Object.fromEntries(fields),
    controlCommands: [...state.controlCommands],
    frontier: [...state.frontier],
    tasks: [...state.tasks.values()].map((task) => (joinsItems(task) ? { ...task, output: undefined } : task)),
  });
}

/** The state that serializeState gave. `definition` replaces the recorded one, functions bound. */
export function restoreState(
  text: string,
  bind: (recorded: WorkflowDefinition, hash: string) => WorkflowDefinition,
): RunState {
  const saved = JSON.parse(text) as {
    readonly fields: Partial<RunState>;
    readonly controlCommands: readonly string[];
    readonly frontier: readonly string[];
    readonly tasks: readonly Partial<TaskState>[];
  };
  const state = Object.assign(initialState(), saved.fields);
  state.definition = bind(state.definition, state.definitionHash);
  for (const id of saved.controlCommands) state.controlCommands.add(id);
  for (const id of saved.frontier) state.frontier.add(id);
  const priorities = new Map(state.definition.tasks.map((task) => [task.id, task.priority]));
  for (const partial of saved.tasks) {
    const task: TaskState = { ...createTaskState('', '', undefined, 0), ...partial };
    state.tasks.set(task.id, task);
    if (task.status === 'ready') state.readyCount += 1;
    if (isInFlight(task)) state.inFlight += 1;
  }
  restoreItemOutputs(state);
  const ready = [...state.tasks.values()].filter((task) => task.status === 'ready').sort((a, b) => a.ticket - b.ticket);
  for (const task of ready) state.ready.add(task.id, priorities.get(task.definitionId) ?? 0, task.ticket);
  return state;
}

function restoreItemOutputs(state: RunState): void {
  for (const parent of state.tasks.values()) {
    if (parent.items === undefined || parent.status !== 'completed' || !joinsItems(parent)) continue;
    const total = parent.items.total;
    parent.output = Array.from(
      { length: total },
      (_, index) => state.tasks.get(`${parent.id}.${index}`)?.output ?? null,
    );
  }
}
