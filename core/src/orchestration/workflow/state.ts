import type { TaskDefinition, WorkflowDefinition } from '../../definition/definition.ts';
import { TaskGraph } from '../../definition/task-graph.ts';
import type { ErrorData } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import type { Lineage } from './events.ts';
import { ReadyQueue } from './ready-queue.ts';

export type RunStatus = 'none' | 'running' | 'paused' | 'parked' | 'completed' | 'failed' | 'cancelled';

export type TaskStatus =
  | 'pending'
  | 'ready'
  | 'scheduled'
  | 'running'
  | 'waiting'
  | 'completed'
  | 'failed'
  | 'skipped'
  | 'cancelled';

/** The items of a forEach task. */
export interface ItemsState {
  readonly values: Json[];
  /** Their tasks, by index; undefined until released. Derived: the same objects as in RunState.tasks. */
  readonly instances: (TaskState | undefined)[];
  total: number;
  /** Index of the next item that was not released yet. */
  cursor: number;
  /** Released and not ended. */
  active: number;
  ended: number;
  /** Set once the time of the whole list is up: what every item that had not ended then failed with. */
  expired?: ErrorData;
}

/** One task, or one item of a forEach task. Fields are undefined until they are known. */
export interface TaskState {
  readonly id: string;
  /** The task of the definition: for an item, the forEach task. */
  readonly definitionId: string;
  /** Place among the items; undefined for a task of the definition. */
  readonly index: number | undefined;
  status: TaskStatus;
  round: number;
  /**
   * The last attempt's number; 0 before the first. Never reused, not by a later round either. Of a forEach task: the highest
   * attempt of an item in the rounds before; the items of this round go on from it.
   */
  attempt: number;
  /** Attempts of this round and agent that count against maxAttempts. */
  tries: number;
  losses: number;
  /** Dependencies that have not ended. */
  waitingOn: number;
  /** Dependencies that were skipped. */
  skippedDependencies: number;
  /** Order of readiness. */
  ticket: number;
  readySince: number | undefined;
  /** The agent of the last attempt, or of the fallback. */
  agent: string | undefined;
  worker: string | undefined;
  input: Json | undefined;
  output: Json | undefined;
  /** Output of the round before, of a repeating task. */
  feedback: Json | undefined;
  /** Output of the round before, of any task of a repeated segment: what stands when a round is skipped. */
  previous: Json | undefined;
  error: ErrorData | undefined;
  firstScheduledAt: number | undefined;
  scheduledAt: number | undefined;
  startedAt: number | undefined;
  endedAt: number | undefined;
  retryAt: number | undefined;
  /** Set once the task has fallen back: to another agent, or to a fallback task. */
  fallback: 'agent' | 'task' | undefined;
  /** The last attempt whose late result was recorded as ignored. */
  ignoredAttempt: number;
  items: ItemsState | undefined;
  /** About how many characters its input, output and items hold; see RunState.held. */
  held: number;
}

/**
 * The state of a run. Owned by whoever folds it: evolve changes it in place and returns it, so that folding an event costs
 * what the event changes, whatever the size of the run. Derived from events alone.
 */
export interface RunState {
  status: RunStatus;
  runId: string;
  /** Revision of the last event that was folded; -1 before the first. */
  revision: number;
  definition: WorkflowDefinition;
  /** The tasks and how they depend on each other. */
  graph: TaskGraph;
  definitionHash: string;
  /** See rules.ts. */
  rules: number;
  input: Json;
  /** W3C trace context that the run was started in. */
  traceparent: string | undefined;
  lineage: Lineage | undefined;
  startedAt: number;
  endedAt: number | undefined;
  /** Time of the last event. */
  updatedAt: number;
  output: Json | undefined;
  error: ErrorData | undefined;
  /** The task whose failure fails the run; settle turns it into RunFailed. */
  failure: string | undefined;
  cancelReason: string | undefined;
  /** Why the run is parked; undefined when it is not. */
  parked: ErrorData | undefined;
  readonly tasks: Map<string, TaskState>;
  /** Tasks about which settle has to decide. Empty between commands. */
  readonly frontier: Set<string>;
  readonly ready: ReadyQueue;
  tickets: number;
  /** Tasks ready, and attempts scheduled or running. */
  readyCount: number;
  inFlight: number;
  /** Tasks of the definition that must still end. */
  open: number;
  /** About how many characters of JSON the run's payloads have in all: what limits and slices go by. */
  held: number;
  /** Ids of commands from outside that took effect: one that comes again changes nothing. */
  readonly commands: Set<string>;
  /** From the last event that carried one: what replay compares with. */
  stateDigest: string | undefined;
}

const NO_DEFINITION: WorkflowDefinition = {
  schemaVersion: 1,
  name: '',
  version: '',
  tasks: [],
  concurrency: 1,
  strategy: 'graph',
};

/** The state before the first event. */
export function initialState(): RunState {
  return {
    status: 'none',
    runId: '',
    revision: -1,
    definition: NO_DEFINITION,
    graph: TaskGraph.of(NO_DEFINITION),
    definitionHash: '',
    rules: 1,
    input: null,
    traceparent: undefined,
    lineage: undefined,
    startedAt: 0,
    endedAt: undefined,
    updatedAt: 0,
    output: undefined,
    error: undefined,
    failure: undefined,
    cancelReason: undefined,
    parked: undefined,
    tasks: new Map(),
    frontier: new Set(),
    ready: new ReadyQueue(),
    tickets: 0,
    readyCount: 0,
    inFlight: 0,
    open: 0,
    held: 0,
    commands: new Set(),
    stateDigest: undefined,
  };
}

export function createTaskState(
  id: string,
  definitionId: string,
  index: number | undefined,
  waitingOn: number,
): TaskState {
  return {
    id,
    definitionId,
    index,
    status: 'pending',
    round: 1,
    attempt: 0,
    tries: 0,
    losses: 0,
    waitingOn,
    skippedDependencies: 0,
    ticket: 0,
    readySince: undefined,
    agent: undefined,
    worker: undefined,
    input: undefined,
    output: undefined,
    feedback: undefined,
    previous: undefined,
    error: undefined,
    firstScheduledAt: undefined,
    scheduledAt: undefined,
    startedAt: undefined,
    endedAt: undefined,
    retryAt: undefined,
    fallback: undefined,
    ignoredAttempt: 0,
    items: undefined,
    held: 0,
  };
}

/** What the definition says of a task, or of the list that an item is of. */
export const definitionOf = (state: RunState, task: TaskState): TaskDefinition | undefined =>
  state.graph.node(task.definitionId)?.definition;

export const isTerminal = (status: RunStatus): boolean =>
  status === 'completed' || status === 'failed' || status === 'cancelled';

export const hasEnded = (task: TaskState): boolean =>
  task.status === 'completed' || task.status === 'failed' || task.status === 'skipped' || task.status === 'cancelled';

/** An attempt of the task is open. A forEach task has none itself: its items have. */
export const isInFlight = (task: TaskState): boolean =>
  (task.status === 'scheduled' || task.status === 'running') && task.items === undefined;

/** The output of the task is that of its items. Not so when a value stood in for the whole of a forEach. */
export const joinsItems = (task: TaskState): boolean =>
  task.items !== undefined && task.items.ended === task.items.total;

/** Ready tasks, by priority, then age, then declaration. Lazy. */
export function readyTasks(state: RunState): Iterable<TaskState> {
  return {
    *[Symbol.iterator]() {
      const holds = (taskId: string, ticket: number): boolean => {
        const task = state.tasks.get(taskId);
        return task !== undefined && task.status === 'ready' && task.ticket === ticket;
      };
      for (const taskId of state.ready.entries(holds)) {
        const task = state.tasks.get(taskId);
        if (task !== undefined) yield task;
      }
    },
  };
}

/** The output of a run whose definition computes none: that of the only leaf, or of all of them by task id. */
export function outputOfLeaves(state: RunState, leaves: readonly string[]): Json {
  const [only, ...others] = leaves;
  if (only !== undefined && others.length === 0) return state.tasks.get(only)?.output ?? null;
  return Object.fromEntries(leaves.map((id) => [id, state.tasks.get(id)?.output ?? null]));
}
