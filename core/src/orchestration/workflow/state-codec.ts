import type { WorkflowDefinition } from '../../definition/definition.ts';
import { type Addition, GrownGraph } from '../../definition/grown-graph.ts';
import { TaskGraph } from '../../definition/task-graph.ts';
import { ReadyQueue } from './ready-queue.ts';
import { limitedScopeOf } from './ready-tasks.ts';
import {
  createScopeState,
  createTaskState,
  definitionOf,
  grownGraph,
  initialState,
  isAgentTask,
  isInFlight,
  joinsItems,
  listOf,
  type PendingSignal,
  type RunState,
  type ScopeState,
  type TaskState,
  type Undoable,
} from './state.ts';
import { itemOutputs } from './transitions/items.ts';
import { countInFlight, noteAwaited } from './transitions/status.ts';

// Fields that others imply, or that hold the queue itself.
const DERIVED: ReadonlySet<string> = new Set([
  'tasks',
  'graph',
  'frontier',
  'scopes',
  'limited',
  'entering',
  'awaited',
  'undo',
  'signals',
  'waits',
  'mutexes',
  'mutexWaits',
  'ready',
  'commands',
  'readyCount',
  'inFlight',
]);

/** To be raised with every change of the state's shape or of its text: a snapshot of another version is of no use. */
export const STATE_VERSION = 'v4';

/** Tasks in a line of the text: what is made or read without a pause. */
const TASKS_A_LINE = 1_000;

/** The whole state as text. Equal states give equal text. */
export const serializeState = (state: RunState): string => drained(serializing(state));

/** serializeState, a line at a time. The state may not change meanwhile. */
export function* serializing(state: RunState): Generator<void, string> {
  const fields = Object.entries(state).filter(([key]) => !DERIVED.has(key));
  const added = state.graph instanceof GrownGraph ? state.graph : undefined;
  const additions: string[] = [];
  for (const some of added === undefined ? [] : inLines(added.additions())) {
    additions.push(JSON.stringify(some));
    yield;
  }
  const head = JSON.stringify({
    fields: Object.fromEntries(fields),
    ...(added !== undefined && { added: { lines: additions.length, outstanding: added.addedOutstanding } }),
    commands: [...state.commands],
    scopes: [...state.scopes.values()].map(({ inFlight: _inFlight, ready: _ready, undo, ...scope }) => ({
      ...scope,
      undo: [...undo],
    })),
    signals: [...state.signals],
    mutexes: [...state.mutexes],
    waits: [...state.waits].map(([signal, tasks]) => [signal, [...tasks]]),
    frontier: [...state.frontier],
  });
  const lines = [head, ...additions];
  let tasks: TaskState[] = [];
  for (const task of state.tasks.values()) {
    tasks.push(saved(task));
    if (tasks.length < TASKS_A_LINE) continue;
    lines.push(JSON.stringify(tasks));
    tasks = [];
    yield;
  }
  if (tasks.length > 0) lines.push(JSON.stringify(tasks));
  return lines.join('\n');
}

/** Additions in parts that are made or read without a pause. */
function* inLines(additions: Iterable<Addition>): Generator<readonly Addition[]> {
  let some: Addition[] = [];
  let tasks = 0;
  for (const addition of additions) {
    some.push(addition);
    tasks += addition.tasks.length;
    if (tasks < TASKS_A_LINE) continue;
    yield some;
    some = [];
    tasks = 0;
  }
  if (some.length > 0) yield some;
}

const saved = (task: TaskState): TaskState =>
  task.items === undefined
    ? task
    : {
        ...task,
        items: { ...task.items, instances: [] },
        ...(joinsItems(task) ? { output: undefined } : {}),
      };

/** Replaces a recorded definition by the registered one, functions bound. */
export type BindDefinition = (recorded: WorkflowDefinition, hash: string) => WorkflowDefinition;

/** The state that serializeState gave. */
export const restoreState = (text: string, bind: BindDefinition): RunState => drained(restoring(text, bind));

/** restoreState, a line at a time. */
export function* restoring(text: string, bind: BindDefinition): Generator<void, RunState> {
  const [head, ...others] = text.split('\n');
  const kept = JSON.parse(head ?? '') as {
    readonly fields: Partial<RunState>;
    readonly added?: { readonly lines: number; readonly outstanding: boolean };
    readonly commands: readonly string[];
    readonly scopes: readonly SavedScope[];
    readonly signals: readonly (readonly [string, PendingSignal[]])[];
    readonly mutexes: readonly (readonly [string, string[]])[];
    readonly waits: readonly (readonly [string, readonly string[]])[];
    readonly frontier: readonly string[];
  };
  const state = Object.assign(initialState(), kept.fields);
  state.definition = bind(state.definition, state.definitionHash);
  state.graph = TaskGraph.of(state.definition);
  const { lines: count = 0, outstanding = false } = kept.added ?? {};
  if (kept.added !== undefined) grownGraph(state).restore(outstanding);
  for (const line of others.slice(0, count)) {
    for (const { clause, ...addition } of JSON.parse(line) as readonly Addition[])
      grownGraph(state).add({ ...addition, clause });
    yield;
  }
  for (const id of kept.commands) state.commands.add(id);
  for (const scope of kept.scopes) addScope(state, scope);
  for (const [signal, pending] of kept.signals) state.signals.set(signal, pending);
  for (const [key, tasks] of kept.mutexes) {
    state.mutexes.set(key, tasks);
    for (const id of tasks.slice(1)) state.mutexWaits.add(id, id, key);
  }
  for (const [signal, tasks] of kept.waits) state.waits.set(signal, new Set(tasks));
  for (const id of kept.frontier) state.frontier.add(id);
  for (const line of others.slice(count)) {
    for (const partial of JSON.parse(line) as readonly Partial<TaskState>[])
      add(state, { ...createTaskState('', '', undefined, 0), ...partial });
    yield;
  }
  const ready: TaskState[] = [];
  for (const task of state.tasks.values()) {
    if (task.status === 'ready') ready.push(task);
    if (task.items !== undefined && task.status === 'completed' && joinsItems(task))
      task.output = itemOutputs(task.items);
  }
  ready.sort((a, b) => a.ticket - b.ticket);
  for (const task of ready) {
    if (!isAgentTask(state, task)) {
      state.entering.add(task.id);
      continue;
    }
    state.readyCount += 1;
    const queue = limitedScopeOf(state, task)?.ready ?? state.ready;
    queue.add(task.id, definitionOf(state, task)?.priority ?? 0, task.ticket);
  }
  return state;
}

type SavedScope = Omit<ScopeState, 'undo' | 'inFlight' | 'ready'> & { readonly undo: readonly Undoable[] };

function addScope(state: RunState, saved: SavedScope): void {
  const fresh = createScopeState(saved.path, saved.definitionId, saved.floor);
  const scope: ScopeState = { ...fresh, ...saved, undo: new Set(saved.undo) };
  for (const entry of scope.undo) state.undo.add(entry, scope.path);
  state.scopes.set(scope.path, scope);
  if (scope.path === '' || state.graph.block(scope.definitionId)?.definition.concurrency === undefined) return;
  scope.ready = new ReadyQueue();
  state.limited.add(scope);
}

function drained<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Lists come before their items, as they did when they were saved. */
function add(state: RunState, task: TaskState): void {
  state.tasks.set(task.id, task);
  const { undoes } = task;
  if (undoes?.by !== undefined) grownGraph(state).addUndoing(task.id, task.scope, undoes.by);
  if (task.index !== undefined) {
    const items = listOf(state, task)?.items;
    if (items !== undefined) items.instances[task.index] = task;
  }
  if (isInFlight(task)) countInFlight(state, task, 1);
  noteAwaited(state, task);
}
