import {
  type AmountKind,
  type Budget,
  type BudgetKind,
  type CountKind,
  isForAgents,
  type TaskDefinition,
  type WorkflowDefinition,
} from '../../definition/definition.ts';
import { GrownGraph } from '../../definition/grown-graph.ts';
import { TaskGraph } from '../../definition/task-graph.ts';
import type { ErrorData } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import type { Labels } from '../../shared/labels.ts';
import type { Wanted } from '../../shared/received-message.ts';
import { inside, outer } from '../../shared/task-path.ts';
import type { Lineage, ParentTask, StrategySaid, TaskCancelled, TaskClosing, TaskSkipped, Usage } from './events.ts';
import { createMail, type MailState } from './messaging/mail.ts';
import { PathIndex } from './path-index.ts';
import { ReadyQueues } from './ready-queue.ts';
import type { RecordedPlace, Source, SourceOf } from './sources/source.ts';
import type { TeamState } from './team/team-state.ts';
import type { Turns } from './turn-queue.ts';
import { UndoIndex } from './undo-index.ts';

/** The status of a run; `none`: there is no event of it. */
export type RunStatus = 'none' | 'forking' | 'running' | 'paused' | 'parked' | 'completed' | 'failed' | 'cancelled';

/** Who has paused a run: a person or a program, or its parent run. */
export type PausedBy = 'user' | 'parent';

/** The status of a task. */
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
  values: Json[];
  /** Their tasks, by index; undefined until released. Derived: the same objects as in RunState.tasks. */
  readonly instances: (TaskState | undefined)[];
  total: number;
  /** Index of the next item that was not released yet. */
  cursor: number;
  /** Released and not ended, but for those that wait for a retry. */
  active: number;
  /** Items whose retry is due and that wait for a place, in order. */
  readonly returning: number[];
  ended: number;
  /** Of those that have ended: how many completed. */
  completed: number;
  /** Items that never begin: the list has what it is for without them. */
  dropped: number;
  /** The list has what it is for, and cancels the rest: nothing more of it begins. */
  stopped: boolean;
  /** How many have to complete, when that was said. */
  need: number | undefined;
  /** Set once the time of the whole list is up: what every item that had not ended then failed with. */
  expired?: ErrorData;
}

/** How something ends that waits for what is outstanding in it first. `within`: with `of`, which is closing. */
export type Closing =
  | (Pick<TaskClosing, 'why' | 'error' | 'commandId' | 'reason' | 'by' | 'compensate' | 'output'> & {
      /** Since when the run is ended by force; a moment. */
      readonly forcedAt?: number;
    })
  | { readonly why: 'within'; readonly of: string };

/** How much of each a block has spent, over all its rounds. */
export type Spent = Readonly<Record<CountKind, number>>;

/** Of cost, millionths. */
export type Amounts = Readonly<Record<AmountKind, number>>;
export const NONE: Amounts = { tokens: 0, cost: 0 };

/** What the attempts of a block have used, of all its rounds, and what those under way may use. */
export interface Meters {
  readonly spent: Amounts;
  readonly reserved: Amounts;
  /** By the agents that made them, in the order in which they first did. */
  readonly agents: readonly AgentMeter[];
}

export interface AgentMeter {
  readonly agent: string;
  readonly attempts: number;
  /** Attempts under way. */
  readonly open: number;
  readonly spent: Amounts;
  readonly reserved: Amounts;
  /** The most that one of them is known to have used. */
  readonly seen: Usage;
}

/** A failure that a block caught, while its handler runs. */
export interface Handling {
  readonly clause: number;
  readonly taskId: string;
  readonly error: ErrorData;
}

/** What a task did and can be undone. */
export interface Undoable {
  readonly taskId: string;
  /** The path of the task in the definition. */
  readonly definitionId: string;
  readonly attempt: number;
  /** The round of the task that it was done in. */
  readonly round: number;
  /** Of the event that put it there, or the end of the block that it was done in: what came last is undone first. */
  readonly revision: number;
  /** Its place among what that event put there. */
  readonly place: number;
  /** `unknown`: an attempt may have had its effect, or not. */
  readonly outcome: 'completed' | 'unknown';
  readonly input: Json;
  readonly output: Json;
  /** What undoes it, of a task that was added to the run: the task may be gone by then. */
  readonly by?: TaskDefinition;
}

/** A block that is under way; that of the run has the path ''. */
export interface ScopeState {
  /** The id of its task. */
  readonly path: string;
  /** The block of the definition. */
  readonly definitionId: string;
  /** Of the tasks that began together (those of the block, or of a handler): how many must still end. */
  open: number;
  /** The task whose failure is the block's; settle decides what follows. */
  failure: string | undefined;
  /** The task that ended the block: an `end`, or one whose agent did. */
  ending: string | undefined;
  handling: Handling | undefined;
  /** By catch: how often it led to another round. */
  readonly catches: number[];
  /** 0 until the first round begins: a loop asks first. */
  round: number;
  /** What the round before handed on. */
  feedback: Json;
  /** New tasks count their attempts from here on. */
  floor: number;
  /** How often agents went back to a task of it in this round. */
  gotos: number;
  /** The revision at which it was entered, and at which its present round began: what was done later was done in it. */
  readonly since: number;
  roundSince: number;
  /** What its tasks did, of all rounds; that of an inner block that completed is among it. */
  readonly undo: Set<Undoable>;
  /** Counted when it has a budget. */
  spent: Spent | undefined;
  /** When its budget limits tokens or cost, or what single agents do. */
  meters: Meters | undefined;
  /** What child runs under way may spend in all, when one has an allotment. */
  allotted: Usage | undefined;
  /** By how much its budget was raised, of each kind. */
  raised: Budget | undefined;
  /** Of which of its budgets somebody is asked for more, or has said no. */
  asked: readonly Asked[] | undefined;
  /** Attempts in flight inside. Derived. */
  inFlight: number;
  /** Its ready tasks, when it has a concurrency or a strategy of its own. Derived. */
  ready: ReadyQueues | undefined;
  /** Whose turn it is, when its strategy is that tasks take turns. Derived. */
  turns: Turns | undefined;
  /** Of a block whose strategy leads a team. */
  team: TeamState | undefined;
}

/** A form that is open, or was. */
export interface FormState {
  assignee: string | undefined;
  /** Who it goes to, one after another, as long as nobody answers. */
  readonly escalate: readonly string[];
  /** How many of them have had it. */
  step: number;
  /** Accepted, and not the task's output yet. */
  answer: { readonly value: Json } | undefined;
}

/** A budget of a block: that of a kind, in all or at one agent. */
export interface Asked {
  readonly kind: BudgetKind;
  readonly agent?: string;
  /** The task that asks for more of it, as an open form; absent: the answer was no. */
  readonly task?: string;
}

/** What a task waits for that asks for more of a budget. As it is counted: of cost, millionths. */
export interface Asks {
  /** The path of the block. */
  readonly scope: string;
  readonly kind: BudgetKind;
  readonly agent?: string;
  readonly limit: number;
  readonly spent: number;
  /** What attempts under way may use; absent: nothing. */
  readonly reserved?: number;
  /** By how much it has to be raised. */
  readonly least: number;
  /** When it is in vain, unless the run is paused before. */
  readonly until?: number;
  /** There is more of it, or there will not be. */
  readonly outcome?: 'raised' | 'refused';
}

/** What came from outside and was not taken yet. */
export interface PendingSignal {
  readonly id: string;
  readonly data: Json;
  /** That of the event that brought it. */
  readonly revision: number;
}

/** Another agent was given the task. */
export interface HandedOff {
  readonly attempt: number;
  readonly from: string;
  readonly to: string;
  readonly why?: string;
}

/** One task, or one item of a forEach task. Fields are undefined until they are known. */
export interface TaskState {
  readonly id: string;
  /** The path of the task in the definition: for an item, that of the forEach task. What was added to the run has one that begins with its path in the run. */
  readonly definitionId: string;
  /** The block that it is in, by the id of its task; '' is the run. */
  readonly scope: string;
  /** Place among the items; undefined for a task of the definition. */
  readonly index: number | undefined;
  status: TaskStatus;
  round: number;
  /** How often it was begun again within the round of its block. */
  again: number;
  /** The revision at which it was, the last time: what was done before is as that of an earlier round. */
  againSince: number | undefined;
  /**
   * The last attempt's number; 0 before the first. Never reused, not by a later round either. Of a forEach task: the highest
   * attempt of an item in the rounds before; the items of this round go on from it.
   */
  attempt: number;
  /** Attempts of this round and agent that count against maxAttempts. */
  tries: number;
  losses: number;
  /** Of a task for a capability that is made again: the agents that failed at it in this round, the one that did so longest ago first. */
  tried: readonly string[] | undefined;
  /** Dependencies that have not ended. */
  waitingOn: number;
  /** Dependencies that were skipped. */
  skippedDependencies: number;
  /** Of a join of any, n or each: dependencies that completed. */
  met: number;
  /** Of a join of each: the places of dependencies that have completed, and whose items have not begun. */
  arrived: number[] | undefined;
  /** The revision at which that join was met: outputs that came later are not seen. */
  joinedAt: number | undefined;
  /** What a person or a program said, instead of what the definition says. */
  priority: number | undefined;
  /** Order of readiness. */
  ticket: number;
  readySince: number | undefined;
  /** The agent of the last attempt, or of the fallback. */
  agent: string | undefined;
  worker: string | undefined;
  /** Of an attempt under way, where a block around meters: what it may use. */
  reserved: Usage | undefined;
  /** Of a child run under way that has an allotment: what it may spend. */
  allotted: Usage | undefined;
  input: Json | undefined;
  /** The revision at which it was handed its input; of a list, that of its first items. Derived. */
  boundAt: number | undefined;
  /** What that event recorded instead of the value, if it did. Derived. */
  source: Source | undefined;
  output: Json | undefined;
  /** Output of the round before, of a repeating task. */
  feedback: Json | undefined;
  /** Output of the round before, of any task of a repeated segment: what stands when a round is skipped. */
  previous: Json | undefined;
  error: ErrorData | undefined;
  firstScheduledAt: number | undefined;
  /** For how long the run's clock had stood still by then. */
  stoppedBefore: number;
  scheduledAt: number | undefined;
  startedAt: number | undefined;
  endedAt: number | undefined;
  /** When the next attempt is due, unless the run is paused before. */
  retryAt: number | undefined;
  /** For how long the run's clock had stood still when what the task waits for (a retry, the end of a sleep) was put on record. */
  stoppedBeforeWait: number;
  /** An item that waits for a retry, and so holds no place among the active ones. */
  idle: boolean;
  /** Set once the task has fallen back: to another agent, or to a fallback task. */
  fallback: 'agent' | 'task' | undefined;
  /** Of those that stand in one after the other: how many have failed. */
  passed: number;
  /** The last attempt whose late result was recorded as ignored. */
  ignoredAttempt: number;
  /** In this round, oldest first: `agent` is the last that it was given to, or what it has fallen back to since. */
  handOffs: readonly HandedOff[] | undefined;
  /** What its agent gave for the block, which ended with it. */
  ends: Json | undefined;
  /** What a switch chose. */
  chosen: string | undefined;
  /** When a sleep ends; one for a time, unless the run is paused before. */
  wakeAt: number | undefined;
  /** The signal that a wait is for. */
  signal: string | undefined;
  /** Of a wait for a message: where it waits, and for what of it that was computed when it began. */
  awaits: { readonly mailbox: string; readonly wanted: Wanted | undefined } | undefined;
  /** Of a `send` that waits for what comes of its message. */
  sent: { readonly message: string; outcome: 'open' | 'acknowledged' | ErrorData } | undefined;
  /** The revision at which it began to wait. Derived. */
  waitsSince: number | undefined;
  /** The form that it asks somebody. */
  form: FormState | undefined;
  /** That form asks for more of a budget. */
  asks: Asks | undefined;
  /** The id of the child run of the last attempt. */
  child: string | undefined;
  /** The child run that the next, or the last, one goes on from. */
  retries: string | undefined;
  /** The key of the mutex that it holds, or waits for. */
  mutex: string | undefined;
  /** When it asked for one of several runs. */
  askedAt: number | undefined;
  /** It has that mutex, which is one of several runs. */
  granted: boolean;
  /** An attempt of this round ended without anybody knowing whether it had its effect: that is what is to be undone of it, until another completes. */
  unknown: boolean;
  /** Of what undoes a task: what it undoes. */
  undoes: Undoable | undefined;
  /** Set while it waits for what is outstanding in it before it ends. */
  closing: Closing | undefined;
  /** Why it was skipped or cancelled, or that its output was said from outside; undefined when it ended with what it is in, or otherwise. */
  because: TaskSkipped['reason'] | TaskCancelled['reason'] | 'override' | undefined;
  /** The revision of the event that ended it. Derived. */
  endRevision: number | undefined;
  /** That event has its output itself. Derived. */
  carriesOutput: boolean;
  items: ItemsState | undefined;
  /** Of a list: the revision at which it yielded. Its output is that of then. */
  yieldedAt: number | undefined;
  /** About how many characters its input, output and items hold, but for what they refer to; see RunState.held. */
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
  /** The tasks and how they depend on each other: those of the definition, and those that were added to the run. */
  graph: TaskGraph;
  definitionHash: string;
  /** See rules.ts. */
  rules: number;
  input: Json;
  /** Of a child run: where its input stands on record. */
  inputFrom: SourceOf<RecordedPlace> | undefined;
  /** W3C trace context that the run was started in. */
  traceparent: string | undefined;
  /** On whose behalf the run is. */
  tenant: string | undefined;
  labels: Labels | undefined;
  /** See RunStarted. */
  strategies: Readonly<Record<string, StrategySaid>> | undefined;
  /** See RunStarted. */
  budget: Budget | undefined;
  /** Of a child that goes on from another, and has a budget of its own: what that one had spent. */
  carried: Usage | undefined;
  lineage: Lineage | undefined;
  parent: ParentTask | undefined;
  startedAt: number;
  endedAt: number | undefined;
  /** Time of the last event. */
  updatedAt: number;
  output: Json | undefined;
  error: ErrorData | undefined;
  cancelReason: string | undefined;
  /** Why the run is parked; undefined when it is not. */
  parked: ErrorData | undefined;
  /** Who holds the run paused; undefined until somebody paused it. */
  pausedBy: readonly PausedBy[] | undefined;
  /** For how long the clock of the run stood still, in the pauses that are over. */
  stoppedMs: number;
  /** Since when it stands still; undefined while it runs. */
  stoppedAt: number | undefined;
  /** For how long it had stood still when the time of the run began. */
  stoppedBefore: number;
  /** What tasks are said to give, by path, once nothing that they come after is done again; undefined when nothing is left of it. */
  given: Readonly<Record<string, Json>> | undefined;
  /** Set while the run waits for what is outstanding before it ends. */
  closing: Closing | undefined;
  readonly tasks: Map<string, TaskState>;
  /** Tasks about which settle has to decide. Empty between commands. */
  readonly frontier: Set<string>;
  /** Tasks with a `while` of which something may have come further that it asks about. Empty between commands. Derived. */
  readonly milestones: Set<string>;
  /** Lists that are to be asked whether they have what they are for. What settle has asked in vain is taken out, until another item ends. Derived. */
  readonly weighing: Set<string>;
  /** Attempts under way of which the last event keeps nothing: what they were of begins anew. Derived. */
  readonly leftOver: { readonly taskId: string; readonly attempt: number }[];
  /** Blocks under way, by path; the run itself is ''. */
  readonly scopes: Map<string, ScopeState>;
  readonly ready: ReadyQueues;
  /** Blocks with a queue of their own. Derived. */
  readonly limited: Set<ScopeState>;
  /** Blocks with a budget, by path; that of the run is '', to its end and after it. Derived. */
  readonly budgets: Map<string, ScopeState>;
  /** Ready tasks that no agent performs, but for child runs that wait for their turn. Derived. */
  readonly entering: Set<string>;
  /** Blocks, but the run, that have a strategy of their own, by path. Derived. */
  readonly regions: Map<string, ScopeState>;
  /** Of the blocks with a strategy of their own, the run included, those whose tasks take turns. Derived. */
  readonly sequences: Set<ScopeState>;
  /** Blocks that are led as teams, by path. Derived. */
  readonly teams: Map<string, ScopeState>;
  /**
   * What is waited for before what it is in ends otherwise than by completing: child runs, attempts that would have to be undone, and what
   * undoes others (which counts where that was done). Derived.
   */
  readonly awaited: PathIndex;
  /** What is on the stacks of all blocks. Derived. */
  readonly undo: UndoIndex<Undoable>;
  /** Signals that nobody has taken, by name, oldest first. */
  readonly signals: Map<string, PendingSignal[]>;
  /** Waits by the name of their signal, in the order in which they began. */
  readonly waits: Map<string, Set<string>>;
  /** The same, of those that take only what comes while they wait. */
  readonly unbuffered: Map<string, Set<string>>;
  /** Tasks that give the same mutex key, in order: the first has it. */
  readonly mutexes: Map<string, string[]>;
  /** Of their keys, those that other runs may give, too. Derived. */
  readonly shared: Set<string>;
  /** Tasks that wait for others of the run to have had theirs, with their key. Derived. */
  readonly mutexWaits: PathIndex;
  tickets: number;
  /** Budgets that the last events used up, and of which that is not on record yet. Empty between commands. */
  usedUp: { readonly scope: string; readonly kind: BudgetKind; readonly agent?: string }[];
  /** Tasks ready, and attempts scheduled or running. */
  readyCount: number;
  inFlight: number;
  /** About how many characters of JSON the run's payloads have in all, each counted where it is and not where it is referred to: what limits and slices go by. */
  held: number;
  /** Its messages; undefined until there was something about one. */
  mail: MailState | undefined;
  /** Ids of commands from outside that took effect: one that comes again changes nothing. */
  readonly commands: Set<string>;
  /** Ids of those that were refused for good: likewise. */
  readonly refused: Set<string>;
  /** Agents that rested when an event last said so, and until when: for explain. What the driver does goes by its own admission. */
  rested: readonly { readonly agent: string; readonly until: number }[] | undefined;
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

export const createScopeState = (path: string, definitionId: string, floor: number, since = 0): ScopeState => ({
  path,
  definitionId,
  open: 0,
  failure: undefined,
  ending: undefined,
  handling: undefined,
  catches: [],
  round: 0,
  feedback: null,
  floor,
  gotos: 0,
  since,
  roundSince: since,
  undo: new Set(),
  spent: undefined,
  meters: undefined,
  allotted: undefined,
  raised: undefined,
  asked: undefined,
  inFlight: 0,
  ready: undefined,
  turns: undefined,
  team: undefined,
});

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
    inputFrom: undefined,
    traceparent: undefined,
    tenant: undefined,
    labels: undefined,
    strategies: undefined,
    budget: undefined,
    carried: undefined,
    lineage: undefined,
    parent: undefined,
    startedAt: 0,
    endedAt: undefined,
    updatedAt: 0,
    output: undefined,
    error: undefined,
    cancelReason: undefined,
    parked: undefined,
    pausedBy: undefined,
    stoppedMs: 0,
    stoppedAt: undefined,
    stoppedBefore: 0,
    given: undefined,
    closing: undefined,
    tasks: new Map(),
    frontier: new Set(),
    milestones: new Set(),
    weighing: new Set(),
    leftOver: [],
    scopes: new Map([['', createScopeState('', '', 0)]]),
    ready: new ReadyQueues(),
    limited: new Set(),
    budgets: new Map(),
    entering: new Set(),
    regions: new Map(),
    sequences: new Set(),
    teams: new Map(),
    awaited: new PathIndex(),
    undo: new UndoIndex(),
    signals: new Map(),
    waits: new Map(),
    unbuffered: new Map(),
    mutexes: new Map(),
    shared: new Set(),
    mutexWaits: new PathIndex(),
    tickets: 0,
    usedUp: [],
    readyCount: 0,
    inFlight: 0,
    held: 0,
    mail: undefined,
    commands: new Set(),
    refused: new Set(),
    rested: undefined,
    stateDigest: undefined,
  };
}

export function createTaskState(
  id: string,
  definitionId: string,
  index: number | undefined,
  waitingOn: number,
  scope = '',
): TaskState {
  return {
    id,
    definitionId,
    scope,
    index,
    status: 'pending',
    round: 1,
    again: 0,
    againSince: undefined,
    attempt: 0,
    tries: 0,
    losses: 0,
    tried: undefined,
    waitingOn,
    skippedDependencies: 0,
    met: 0,
    arrived: undefined,
    joinedAt: undefined,
    priority: undefined,
    ticket: 0,
    readySince: undefined,
    agent: undefined,
    worker: undefined,
    reserved: undefined,
    allotted: undefined,
    input: undefined,
    boundAt: undefined,
    source: undefined,
    output: undefined,
    feedback: undefined,
    previous: undefined,
    error: undefined,
    firstScheduledAt: undefined,
    stoppedBefore: 0,
    scheduledAt: undefined,
    startedAt: undefined,
    endedAt: undefined,
    retryAt: undefined,
    stoppedBeforeWait: 0,
    idle: false,
    fallback: undefined,
    passed: 0,
    ignoredAttempt: 0,
    handOffs: undefined,
    ends: undefined,
    chosen: undefined,
    wakeAt: undefined,
    signal: undefined,
    awaits: undefined,
    sent: undefined,
    waitsSince: undefined,
    form: undefined,
    asks: undefined,
    child: undefined,
    retries: undefined,
    mutex: undefined,
    askedAt: undefined,
    granted: false,
    unknown: false,
    undoes: undefined,
    closing: undefined,
    because: undefined,
    endRevision: undefined,
    carriesOutput: false,
    items: undefined,
    yieldedAt: undefined,
    held: 0,
  };
}

/** What the definition says of a task, or of the list that an item is of. */
export const definitionOf = (state: RunState, task: TaskState): TaskDefinition | undefined =>
  state.graph.node(task.definitionId)?.definition;

/** Whether a run of that status has ended. */
export const isTerminal = (status: RunStatus): boolean =>
  status === 'completed' || status === 'failed' || status === 'cancelled';

/** Whether what is refused finds a place in the history: not without a run, after its end, or before its own history has begun. */
export const recordsRejections = (status: RunStatus): boolean =>
  status !== 'none' && status !== 'forking' && !isTerminal(status);

/** Whether the run stands still because of `by`. */
export const isPausedBy = (state: RunState, by: PausedBy): boolean => state.pausedBy?.includes(by) === true;

/** Whether what comes after the task need not wait for it any more: it has ended, or its list has yielded. */
export const hasPassed = (task: Pick<TaskState, 'status' | 'yieldedAt'>): boolean =>
  task.yieldedAt !== undefined || hasEnded(task);

/** The revision of the event that gave the task its output. */
export const passedAt = ({ yieldedAt, endRevision }: TaskState): number | undefined => yieldedAt ?? endRevision;

/** How the task has passed, for what comes after it: a list that has yielded completes, whatever becomes of the rest of it. */
export const outcomeOf = ({ status, yieldedAt }: TaskState): TaskStatus =>
  yieldedAt === undefined ? status : 'completed';

export const hasEnded = (task: Pick<TaskState, 'status'>): boolean =>
  task.status === 'completed' || task.status === 'failed' || task.status === 'skipped' || task.status === 'cancelled';

/** Something of the task is under way, may be begun, or is due at a time. */
export const isActive = ({ status }: Pick<TaskState, 'status'>): boolean =>
  status === 'ready' || status === 'scheduled' || status === 'running' || status === 'waiting';

/** An attempt of the task is open at an agent. */
export const isInFlight = (task: TaskState): boolean =>
  (task.status === 'scheduled' || task.status === 'running') && task.agent !== undefined && task.items === undefined;

/** The attempt waits for messages: it takes no room meanwhile. */
export const isListening = ({ mail }: RunState, task: TaskState): boolean =>
  mail !== undefined && (mail.attempts.get(task.id)?.waits.size ?? 0) > 0;

/** The messages of the run, from now on. */
export function mailOf(state: RunState): MailState {
  state.mail ??= createMail();
  return state.mail;
}

/** The task is under way without an agent: a block, a wait, a sleep or a child run. */
export const isEntered = (task: TaskState): boolean =>
  task.status === 'running' && task.agent === undefined && task.items === undefined;

/** Whether an agent does the task: its performer, or the agent that it has fallen back to. */
export const isAgentTask = (state: RunState, task: TaskState): boolean => {
  if (task.fallback === 'agent') return true;
  const definition = definitionOf(state, task);
  return definition !== undefined && isForAgents(definition);
};

/** Whether all items are there, and nothing of them is left to end. */
export const isThrough = ({ values, total, ended, dropped }: ItemsState): boolean =>
  values.length >= total && ended + dropped >= total;

/** The output of the task is that of its items. Not so when a value stood in for the whole of a forEach, or when the list yielded. */
export const joinsItems = (task: TaskState): boolean =>
  task.items !== undefined &&
  task.yieldedAt === undefined &&
  task.items.ended + task.items.dropped === task.items.total;

/** The task of the same block that is called `id` there. */
export const siblingOf = (state: RunState, task: TaskState, id: string): TaskState | undefined =>
  state.tasks.get(inside(task.scope, id));

/** The graph of the run, as one that can be added to. */
export function grownGraph(state: RunState): GrownGraph {
  const graph = GrownGraph.around(state.graph);
  state.graph = graph;
  return graph;
}

/** What a task (no item) comes after: ids of its block. */
export function dependenciesOf(state: RunState, task: TaskState): readonly string[] {
  const node = state.graph.node(task.definitionId);
  return node === undefined ? [] : state.graph.dependenciesOf(task.id, node);
}

/** Whether the task waits for others still: nothing is to be decided about it, and it asks for no mutex yet. */
export const isHeldBack = (state: RunState, task: TaskState): boolean =>
  task.status === 'pending' &&
  task.waitingOn > 0 &&
  task.joinedAt === undefined &&
  task.mutex === undefined &&
  !state.frontier.has(task.id);

/** What comes after a task (no item): ids of its block. */
export function dependentsOf(state: RunState, task: TaskState): readonly string[] {
  const node = state.graph.node(task.definitionId);
  return node === undefined ? [] : state.graph.dependentsOf(task.id, node);
}

/** The tasks of a block that began, whether it is still open or not. Of a list, its items have them. */
export function* insideOf(state: RunState, task: TaskState): Generator<TaskState> {
  const block = state.graph.block(task.definitionId);
  if (block === undefined || task.items !== undefined) return;
  for (const ids of [block.body.ids, ...block.handlers.map((part) => part.ids), state.graph.addedTo(task.id)]) {
    for (const id of ids) {
      const part = state.tasks.get(inside(task.id, id));
      if (part !== undefined) yield part;
    }
  }
}

/** The list that an item is of. */
export const listOf = (state: RunState, item: TaskState): TaskState | undefined =>
  state.tasks.get(inside(item.scope, outer(item.definitionId)?.id ?? ''));

/** The block that is under way at `path`. */
export const scopeAt = (state: RunState, path: string): ScopeState | undefined => state.scopes.get(path);

/** The block of the run. */
export function rootOf(state: RunState): ScopeState {
  let root = state.scopes.get('');
  if (root === undefined) {
    root = createScopeState('', '', 0);
    state.scopes.set('', root);
  }
  return root;
}

/** The output of a block whose definition computes none: that of the only leaf, or of all of them by task id. */
export function outputOfLeaves(state: RunState, scope: string, leaves: readonly string[]): Json {
  const outputOf = (id: string): Json => state.tasks.get(inside(scope, id))?.output ?? null;
  const [only, ...others] = leaves;
  if (only !== undefined && others.length === 0) return outputOf(only);
  return Object.fromEntries(leaves.map((id) => [id, outputOf(id)]));
}
