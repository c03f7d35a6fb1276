import type { WorkflowDefinition } from '../../definition/definition.ts';
import { type GraphChange, GrownGraph, isAddition } from '../../definition/grown-graph.ts';
import { TaskGraph } from '../../definition/task-graph.ts';
import type { Json } from '../../shared/json.ts';
import { restoreMail, type SavedMail, savedMail } from './messaging/mail-codec.ts';
import { ReadyQueues } from './ready-queue.ts';
import { type Place, putBack } from './shared-values.ts';
import {
  createScopeState,
  createTaskState,
  definitionOf,
  grownGraph,
  hasEnded,
  initialState,
  isInFlight,
  isListening,
  joinsItems,
  listOf,
  type PendingSignal,
  type RunState,
  type ScopeState,
  type TaskState,
} from './state.ts';
import { type SavedScope, scopeWithout, sharedIn, taskWithout, type Without } from './state-payloads.ts';
import { createTeam, ownStrategy } from './team/team.ts';
import { isWeighed, itemOutputs } from './transitions/items.ts';
import { isShared } from './transitions/mutex.ts';
import { becomeReady, countInFlight, enqueue, noteAwaited } from './transitions/status.ts';
import { beginRegion, noteTurn } from './turns.ts';

// Fields that others imply, or that hold the queue itself.
const DERIVED: ReadonlySet<string> = new Set([
  'tasks',
  'graph',
  'frontier',
  'milestones',
  'weighing',
  'leftOver',
  'scopes',
  'limited',
  'budgets',
  'entering',
  'regions',
  'sequences',
  'teams',
  'awaited',
  'undo',
  'signals',
  'waits',
  'unbuffered',
  'mutexes',
  'mutexWaits',
  'shared',
  'mail',
  'ready',
  'commands',
  'refused',
  'readyCount',
  'inFlight',
]);

/** To be raised with every change of the state's shape or of its text: a snapshot of another version is of no use. */
export const STATE_VERSION = 'v21';

/** A line of the text: values that the lines after it share, all that is not of one task, what was added to the graph, or tasks. */
type Line = Partial<Head> & {
  readonly shared?: Json;
  readonly added?: readonly GraphChange[];
  readonly mail?: SavedMail;
  readonly tasks?: readonly Partial<TaskState>[];
  readonly places?: readonly Place[];
};

interface Head {
  readonly fields: Partial<RunState>;
  readonly commands: readonly string[];
  readonly refused: readonly string[];
  /** Something was added to the graph; that follows in lines of its own. */
  readonly grown?: { readonly outstanding: boolean };
  readonly scopes: readonly SavedScope[];
  readonly signals: readonly (readonly [string, PendingSignal[]])[];
  readonly mutexes: readonly (readonly [string, string[]])[];
  readonly waits: readonly (readonly [string, readonly string[]])[];
  readonly unbuffered: readonly (readonly [string, readonly string[]])[];
  readonly frontier: readonly string[];
}

/** Tasks in a line of the text: what is made or read without a pause. */
const TASKS_A_LINE = 1_000;

/** The whole state as text. Equal states give equal text, as far as they share the same values. */
export const serializeState = (state: RunState): string => drained(serializing(state));

/** serializeState, a line at a time. The state may not change meanwhile. */
export function* serializing(state: RunState): Generator<void, string> {
  const shared = yield* sharedIn(state);
  const lines: string[] = [];
  const write = (of: (without: Without) => object): void => {
    const places: Place[] = [];
    const parts = of((value, at) => shared.without(value, at, places, lines));
    lines.push(JSON.stringify(places.length === 0 ? parts : { ...parts, places }));
  };
  write((without) => headOf(state, without));
  for (const added of state.graph instanceof GrownGraph ? inLines(state.graph.changes()) : []) {
    lines.push(JSON.stringify({ added }));
    yield;
  }
  // Before the tasks: whether an attempt takes room is asked when it is put back.
  for (const mail of state.mail === undefined ? [] : savedMail(state.mail)) {
    lines.push(JSON.stringify({ mail }));
    yield;
  }
  let tasks: TaskState[] = [];
  const writeTasks = (): void => {
    const part = tasks;
    if (shared.isEmpty) lines.push(JSON.stringify({ tasks: part }));
    else write((without) => ({ tasks: part.map((task, index) => taskWithout(task, ['tasks', index], without)) }));
    tasks = [];
  };
  for (const task of state.tasks.values()) {
    tasks.push(saved(task));
    if (tasks.length < TASKS_A_LINE) continue;
    writeTasks();
    yield;
  }
  if (tasks.length > 0) writeTasks();
  return lines.join('\n');
}

function headOf(state: RunState, without: Without): Head {
  const fields: Partial<RunState> = Object.fromEntries(Object.entries(state).filter(([key]) => !DERIVED.has(key)));
  fields.input = without(state.input, ['fields', 'input']);
  if (state.output !== undefined) fields.output = without(state.output, ['fields', 'output']);
  const scopes = [...state.scopes.values()].map((scope, index) => scopeWithout(scope, ['scopes', index], without));
  return {
    fields,
    ...(state.graph instanceof GrownGraph && { grown: { outstanding: state.graph.addedOutstanding } }),
    commands: [...state.commands],
    refused: [...state.refused],
    scopes,
    signals: [...state.signals],
    mutexes: [...state.mutexes],
    waits: [...state.waits].map(([signal, tasks]) => [signal, [...tasks]]),
    unbuffered: [...state.unbuffered].map(([signal, tasks]) => [signal, [...tasks]]),
    frontier: [...state.frontier],
  };
}

/** Changes of the graph in parts that are made or read without a pause. */
function* inLines(changes: Iterable<GraphChange>): Generator<readonly GraphChange[]> {
  let some: GraphChange[] = [];
  let tasks = 0;
  for (const change of changes) {
    some.push(change);
    tasks += isAddition(change) ? change.tasks.length : 1;
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
  const state = initialState();
  const values: Json[] = [];
  for (const line of text.split('\n')) {
    const parsed = JSON.parse(line) as Line;
    const part = putBack(parsed, parsed.places ?? [], values);
    if (part.shared !== undefined) values.push(part.shared);
    else if (part.tasks !== undefined) {
      if (state.tasks.size === 0) restoreRegions(state);
      for (const partial of part.tasks) add(state, { ...createTaskState('', '', undefined, 0), ...partial });
    } else if (part.mail !== undefined) state.mail = restoreMail(state.mail, part.mail);
    else if (part.added !== undefined) for (const change of part.added) grownGraph(state).apply(change);
    else restoreHead(state, part as Head, bind);
    yield;
  }
  if (state.tasks.size === 0) restoreRegions(state);
  restoreReady(state);
  return state;
}

function restoreHead(state: RunState, kept: Head, bind: BindDefinition): void {
  Object.assign(state, kept.fields);
  state.definition = bind(state.definition, state.definitionHash);
  state.graph = TaskGraph.of(state.definition);
  if (kept.grown !== undefined) grownGraph(state).restore(kept.grown.outstanding);
  for (const id of kept.commands) state.commands.add(id);
  for (const id of kept.refused) state.refused.add(id);
  for (const scope of kept.scopes) addScope(state, scope);
  for (const [signal, pending] of kept.signals) state.signals.set(signal, pending);
  for (const [key, tasks] of kept.mutexes) {
    state.mutexes.set(key, tasks);
    if (isShared(key)) state.shared.add(key);
    for (const id of tasks.slice(1)) state.mutexWaits.add(id, id, key);
  }
  for (const [signal, tasks] of kept.waits) state.waits.set(signal, new Set(tasks));
  for (const [signal, tasks] of kept.unbuffered) state.unbuffered.set(signal, new Set(tasks));
  for (const id of kept.frontier) state.frontier.add(id);
}

/** What the tasks imply, and what was added to the graph. */
function restoreReady(state: RunState): void {
  const ready: TaskState[] = [];
  const { hasMilestones } = state.graph;
  for (const task of state.tasks.values()) {
    // Whether it was asked is not known: once more gives the same.
    if (hasMilestones && !hasEnded(task) && definitionOf(state, task)?.while !== undefined)
      state.milestones.add(task.id);
    if (task.status === 'ready') ready.push(task);
    if (isWeighed(state, task)) state.weighing.add(task.id);
    if (task.items !== undefined && task.status === 'completed' && joinsItems(task))
      task.output = itemOutputs(task.items);
  }
  ready.sort((a, b) => a.ticket - b.ticket);
  for (const task of ready) {
    becomeReady(state, task);
    if (!state.entering.has(task.id)) enqueue(state, task);
  }
}

function addScope(state: RunState, saved: SavedScope): void {
  const fresh = createScopeState(saved.path, saved.definitionId, saved.floor);
  const team = saved.team === undefined ? {} : { team: { ...createTeam(), ...saved.team } };
  const scope: ScopeState = { ...fresh, ...saved, ...team, undo: new Set(saved.undo) };
  for (const entry of scope.undo) state.undo.add(entry, scope.path);
  state.scopes.set(scope.path, scope);
  if (scope.spent !== undefined) state.budgets.set(scope.path, scope);
  if (scope.team !== undefined) state.teams.set(scope.path, scope);
}

/** What blocks imply, once their definitions are there: those of blocks that were added, too. Before the tasks: whose turn it is follows from those. */
function restoreRegions(state: RunState): void {
  for (const scope of state.scopes.values()) {
    const strategy = ownStrategy(state, scope);
    if (strategy !== undefined) beginRegion(state, scope, strategy.name);
    const { concurrency } = state.graph.block(scope.definitionId)?.definition ?? {};
    if (scope.path === '' || (concurrency === undefined && strategy === undefined)) continue;
    scope.ready = new ReadyQueues();
    state.limited.add(scope);
  }
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
  // All fields, in their order: a digest has them in the order in which they are there.
  const { form } = task;
  if (task.awaits !== undefined) task.awaits = { mailbox: task.awaits.mailbox, wanted: task.awaits.wanted };
  if (form !== undefined)
    task.form = { assignee: form.assignee, escalate: form.escalate, step: form.step, answer: form.answer };
  const { undoes } = task;
  if (undoes?.by !== undefined) grownGraph(state).addUndoing(task.id, task.scope, undoes.by);
  if (task.index !== undefined) {
    const items = listOf(state, task)?.items;
    if (items !== undefined) items.instances[task.index] = task;
  }
  if (isInFlight(task) && !isListening(state, task)) countInFlight(state, task, 1);
  noteTurn(state, task);
  noteAwaited(state, task);
}
