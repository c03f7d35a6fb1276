import type { Json, JsonObject } from '../shared/json.ts';
import type { Performative } from '../shared/performatives.ts';

/**
 * What an expression may read. All of it comes from the run's history.
 * - `input`: the run's input.
 * - `outputs`: outputs by task id, of the tasks that come before: those of the task's own block, and those before the blocks that it is in.
 *   null for one that gave none (skipped, or passed over by a join).
 * - `item`, `index`: of the innermost list around the expression. Of a forEach task in its input, and in all of a block that is one of many.
 * - `round`: 1, then one more for every round of the innermost loop around the task.
 * - `output`: in `repeat.until` and in a loop's `while`, `until` and `feedback`: what the round gave. In the `until` of a forEach: the list so
 *   far, with null for what has not completed; beside it `completed`, `ended` and `total`, numbers of items.
 * - `feedback`: what the round before handed on; null in round 1. After a caught retry `{ error, output }`.
 * - `block`: inside a block, `{ input }`: what the block was handed.
 * - `error`: in a catch (its `when`, its handler, its output): what failed.
 * - `status`: in `while`: how far each task of the same block is.
 * - `message`: in the `where` of a wait for a message: the message.
 */
export interface Scope {
  readonly input: Json;
  readonly outputs: Readonly<Record<string, Json>>;
  readonly runId: string;
  readonly round: number;
  readonly item?: Json;
  readonly index?: number;
  readonly output?: Json;
  readonly feedback?: Json;
  readonly block?: { readonly input: Json };
  readonly error?: Json;
  readonly status?: Readonly<Record<string, Progress>>;
  readonly completed?: number;
  readonly ended?: number;
  readonly total?: number;
  readonly message?: Json;
}

/** How far a task is: `running` from when it may begin until it ends, whatever it waits for. */
export type Progress = 'pending' | 'running' | 'completed' | 'failed' | 'skipped' | 'cancelled';

/** A pure function of a workflow. `fn` lives in code; `digest` (SHA-256 of its source) is what is recorded. */
export interface FunctionExpression {
  readonly kind: 'function';
  readonly digest: string;
  readonly fn?: (scope: Scope) => unknown;
}

/**
 * A computed value. `cel`: one CEL expression. `template`: JSON in which every string of the form "${…}" is replaced by
 * the value of the CEL expression inside it.
 */
export type Expression =
  | { readonly kind: 'cel'; readonly source: string }
  | { readonly kind: 'template'; readonly template: Json }
  | FunctionExpression;

/** Attempt n is made `min(cap, initial * factor^(n-2))` ms after attempt n-1 failed, plus or minus `jitter` of that. */
export interface RetryPolicy {
  /** Attempts in all, the first included. 1: no retry. */
  readonly maxAttempts: number;
  readonly initialDelayMs: number;
  readonly factor: number;
  readonly maxDelayMs: number;
  /** Fraction of the delay, 0 to 1. */
  readonly jitter: number;
  /** Error codes that are never retried. */
  readonly nonRetryable: readonly string[];
}

export interface TaskTimeouts {
  /** From the start of an attempt, in ms. */
  readonly attemptMs?: number;
  /** From the first scheduling of the task, retries included, in ms. Of a forEach: of each item, from the item's first scheduling. */
  readonly taskMs?: number;
  /** Of a forEach as a whole: from when it is expanded until all its items have ended, in ms. */
  readonly allMs?: number;
  /** Longest silence between two heartbeats of the agent, in ms. */
  readonly heartbeatMs?: number;
}

/**
 * What stands in when every attempt has failed. A fallback task has no edges of its own, runs only then, and is handed
 * `{ input, error }` of the failed one. The items of a forEach may fall back to a value or an agent, not to a task.
 */
export type Fallback =
  | { readonly kind: 'value'; readonly value: Json }
  | {
      readonly kind: 'agent';
      readonly agent: string;
      /** What it is handed; reads `error`, too. Default: what the one before was. */
      readonly input?: Expression;
      /** What stands in for this one when it fails, too. */
      readonly then?: Fallback;
    }
  | { readonly kind: 'task'; readonly task: string };

/**
 * Runs the task once for each item; its output is the array of the items' outputs, in order. With `need` or `until` it has what it is for
 * before all items have ended: then what comes after it begins, with null in the place of each item that has not completed.
 */
export interface ForEach {
  readonly items: Expression;
  /** Items in flight at once. */
  readonly concurrency: number;
  /** `fail`: the first item that fails fails the task. `continue`: its place in the output is null. */
  readonly onItemFailure: 'fail' | 'continue';
  /** How many items have to complete. An expression is asked when the list begins. Failures are borne as long as so many can. */
  readonly need?: number | Expression;
  /** Asked after the end of each item. */
  readonly until?: Expression;
  /** What becomes of the items that have not ended by then. Default: let. */
  readonly rest?: 'let' | 'cancel';
}

/** Whether an item may fail without its list. */
export const bearsFailures = ({ onItemFailure, need }: ForEach): boolean =>
  onItemFailure === 'continue' || need !== undefined;

/** Whether a task is many: one for each of its items, or of what it comes after. */
export const isList = ({ forEach, join }: Pick<TaskDefinition, 'forEach' | 'join'>): boolean =>
  forEach !== undefined || join === 'each';

/** How many items of a list may be under way at once. */
export const itemsAtOnce = ({ forEach }: Pick<TaskDefinition, 'forEach'>): number =>
  forEach?.concurrency ?? Number.POSITIVE_INFINITY;

/** Whether what comes after a list may begin before all of it has ended. */
export const mayYield = (forEach: ForEach | undefined): boolean =>
  forEach?.need !== undefined || forEach?.until !== undefined;

/**
 * After this task completes and `until` is not true, the tasks from `from` to this one run again, at most `max` rounds in
 * all. No task outside that segment may depend on any of it but on the repeating task, which may not be a forEach, and a
 * segment may not overlap another.
 */
export interface Repeat {
  readonly from: string;
  readonly until: Expression;
  readonly max: number;
  readonly onExhausted: 'fail' | 'accept';
}

/** A child run of another workflow in the same store: the task's input is the child's, the child's output the task's. */
export interface ChildWorkflow {
  readonly name: string;
  /** Default: the version that the process that starts the child has; it must be the only one. */
  readonly version?: string;
  /** Its allotment: what the child may spend, and is reserved in the budgets of all blocks around. Default: what its own workflow says, and nothing is reserved. */
  readonly budget?: Budget;
}

/** Who a form goes to when it was not answered. */
export interface Escalation {
  /** From when the form was opened, in ms. */
  readonly afterMs: number;
  readonly to: Expression;
}

/** What a person is asked. The answer is the output. */
export interface Form {
  /** A JSON Schema (2020-12) that the answer has to fit. References in it are local. */
  readonly schema: Json;
  /** Who is asked. */
  readonly assignee?: Expression;
  /** In the order in which they come. */
  readonly escalate?: readonly Escalation[];
}

/**
 * Which messages a wait takes: the oldest in the mailbox that fits all that is said. Its output is
 * `{ id, from, run?, mailbox, data, performative, type?, conversation?, inReplyTo?, sentAt, delivery, dead? }`.
 */
export interface MessageFilter {
  /** The id of a task (found as a `cancel` finds one), or a name (`#desk`). Default: the wait's own. */
  readonly mailbox?: string;
  /** Who sent it: the id of a task, or the name that a program gave itself. */
  readonly from?: string;
  /** Gives the run that it came from. Default: with `from`, this one; else any. */
  readonly run?: Expression;
  readonly performative?: Performative;
  readonly type?: string;
  readonly conversation?: Expression;
  /** The id of the message that it answers. */
  readonly inReplyTo?: Expression;
  /** CEL that reads `message` beside the rest; what it cannot be asked of does not fit. */
  readonly where?: Expression;
  /**
   * The JSON Schema of its data. What comes to be taken and does not fit is not left to others: in a conversation it is answered with not-understood, else it is
   * a dead letter.
   */
  readonly schema?: Json;
}

/** Waits for a signal from outside, for the answer to a form, or for a message: one of them. What comes is the output. */
export interface Wait {
  /** Gives the name of the signal. */
  readonly signal?: Expression;
  readonly form?: Form;
  readonly message?: MessageFilter;
  /** Takes only what comes while it waits: what came before is left to others. */
  readonly buffered?: false;
  /** The output when the task's time is up; without it, the task fails then. */
  readonly default?: Expression;
}

/** How long to wait, or until when. `for` gives a duration (ms or text), `until` a moment (ms since the epoch, or ISO 8601). */
export type Sleep =
  | { readonly kind: 'for'; readonly ms: number }
  | { readonly kind: 'for-computed'; readonly duration: Expression }
  | { readonly kind: 'until'; readonly moment: Expression };

/** Chooses the first case whose `when` holds, else `otherwise`; without either the task fails. */
export interface Switch {
  readonly cases: readonly { readonly when: Expression; readonly then: string }[];
  readonly otherwise?: string;
}

/** Ends the innermost block as completed. `output` is the block's; default: null. */
export interface End {
  readonly output?: Expression;
}

/** Puts a message into a mailbox of the run, or into those of all that subscribe to a topic. One of `to` and `topic`. */
export interface Send {
  /** Gives the address: the id of a task (found as a `cancel` finds one) or of an item, a name (`#desk`), or a name of no run (`@desk`). */
  readonly to?: Expression;
  /** Gives the run that `to` is of: another, or `parent`. Default: this one. */
  readonly run?: Expression;
  /** Gives the topic that it is published under (`#news`). */
  readonly topic?: Expression;
  /** Default: the input of the task. */
  readonly data?: Expression;
  /** Default: inform. */
  readonly performative?: Performative;
  /** What it is about, as the users of the mailbox understand it. */
  readonly type?: string;
  readonly conversation?: Expression;
  readonly inReplyTo?: Expression;
  /** How long anybody may take to take it, in ms. Then it is a dead letter; with `drop`, it is only noted. */
  readonly expiresMs?: number;
  readonly drop?: true;
  /** Of what opens a conversation, and of an agree: how long whoever was asked has to answer, in ms. Default: 10 minutes. */
  readonly deadlineMs?: number;
  /**
   * When the task completes: `sent` at once, with `{ id }` (of a topic `{ id, recipients }`, how many got it); `acknowledged` when somebody is done with it;
   * `replied` when it is answered, with the answer. A dead letter, a refusal, an answer that does not come fail the task. Default: sent.
   */
  readonly until?: 'sent' | 'acknowledged' | 'replied';
}

/** A mailbox that is no task's. Tasks have theirs without a word. */
export interface MailboxDefinition {
  /** Messages that may be open in it at once. Default: 1,000. */
  readonly limit?: number;
  /** How often a message is delivered that is given back, and when again. Default: 5 times, after 1 s, doubled up to 60 s. */
  readonly retry?: RetryPolicy;
}

/** What messages are published under. */
export interface TopicDefinition {
  /**
   * Who has what is published without a word of their own: names (`#desk`), and tasks of the run by their paths, as long as their mailboxes are there. A list
   * means all of its items. Agents subscribe by themselves, too.
   */
  readonly subscribers?: readonly string[];
}

/** Cancels tasks of the block, or of the blocks around it, that have not ended. Its output is the list of those that it did. */
export interface Cancel {
  readonly tasks: readonly string[];
  /** They are lists, which complete with what they have: only what has not ended of their items is cancelled. */
  readonly complete?: true;
}

/** Fails with an error of the workflow's own. */
export interface Raise {
  readonly code: string;
  /** A URI that names the kind of the error, as in RFC 9457. */
  readonly type?: string;
  readonly message?: Expression;
  readonly status?: number;
  readonly details?: Expression;
}

/** What is done about a failure inside a block. The first whose filters all fit is taken. */
export interface Catch {
  /** Codes of the error. Absent: any. */
  readonly codes?: readonly string[];
  /** Codes of which one is found among the causes of the error. */
  readonly causes?: readonly string[];
  /** Ids of the tasks of the block that it is for. */
  readonly tasks?: readonly string[];
  /** Reads `error`. */
  readonly when?: Expression;
  /** The handler: tasks of the block that run only then. */
  readonly handler?: readonly TaskDefinition[];
  /** `retry`: the block again, as a new round. `continue`: the block completes. `fail`: it fails with the error. */
  readonly then: 'retry' | 'continue' | 'fail';
  /** Of `retry`: how often at most. */
  readonly max?: number;
  /** Of `continue`: the block's output. Default: that of the handler, else null. */
  readonly output?: Expression;
}

/** Runs a block again. `while` is asked before each round, `until` after it. */
export interface Loop {
  readonly while?: Expression;
  readonly until?: Expression;
  /** Rounds in all. */
  readonly max: number;
  /** When there was no end within `max` rounds: the block fails, or what the last round gave is its output. */
  readonly onExhausted: 'fail' | 'accept';
  /** What the next round gets as `feedback`. Default: the output of this one. */
  readonly feedback?: Expression;
}

/** What may be counted, and limited. */
export const COUNTS = ['tasks', 'attempts', 'messages', 'delegations'] as const;
/** What a budget limits by counting, and so never exceeds. */
export type CountKind = (typeof COUNTS)[number];
/** What attempts report, and what may be limited of it. */
export const AMOUNTS = ['tokens', 'cost'] as const;
/** What a budget limits that is known only afterwards: tokens, cost. */
export type AmountKind = (typeof AMOUNTS)[number];
/** Everything that a budget may limit. */
export const BUDGETS = [...COUNTS, ...AMOUNTS] as const;
/** What a budget may limit. */
export type BudgetKind = CountKind | AmountKind;
/** What may be limited of one agent. */
export const OF_AGENTS = ['attempts', ...AMOUNTS] as const;

/** What attempts may use at most, or have used: whole tokens, and cost in a unit of the user's own, to the millionth. */
export type MaxUsage = Readonly<Partial<Record<AmountKind, number>>>;

/** Costs are counted in whole millionths, so that sums do not depend on their order. */
export const millionths = (cost: number): number => Math.round(cost * 1_000_000);
/** What is counted, as people write it. */
export const inUnits = (kind: BudgetKind, counted: number): number => (kind === 'cost' ? counted / 1_000_000 : counted);

/**
 * What may be spent in a block at most, in all its rounds; what is not said is not limited. `tasks`: tasks and items that agents or child runs do,
 * each time they begin. `attempts`: attempts at agents, and child runs. `messages`: those that tasks send. `delegations`:
 * what strategies add, ask and announce. `tokens`, `cost`: what attempts at agents report (cost in a unit of the user's own): an attempt begins
 * when what it may use fits beside what is spent and what others may use. `agents`: the same of what single agents do in the block. What would be too
 * much fails with REPRISE_BUDGET_EXHAUSTED.
 */
export type Budget = Readonly<Partial<Record<BudgetKind, number>>> & {
  readonly agents?: Readonly<Record<string, AgentBudget>>;
  /**
   * What becomes of an attempt for which nothing is left. Default: `stop`, it fails. `{ agent }`, of tokens and cost: a cheaper one is given the task.
   * `{ ask }`: somebody is asked, by a form, whether the budget is raised, and by how much; `timeoutMs`: for so long at the most.
   */
  readonly onBudget?: OnBudget;
};
/** What a budget that is reached leads to: no further task, a question to an agent, or a form for a person (`timeoutMs`: milliseconds). */
export type OnBudget = 'stop' | { readonly agent: string } | { readonly ask: string; readonly timeoutMs?: number };

/** The longest name of who answers a form, in characters. */
export const MAX_ASSIGNEE_CHARS = 256;

/** Who goes on where a budget has no tokens or cost left, if it says so. */
export const cheaperIn = (onBudget: OnBudget | undefined): string | undefined =>
  typeof onBudget === 'object' && 'agent' in onBudget ? onBudget.agent : undefined;
/** What a single agent may spend of a budget. */
export type AgentBudget = Readonly<Partial<Record<(typeof OF_AGENTS)[number], number>>>;

/** A strategy as it is written: its name, or `{ name, … }` of one that leads a team. */
export type StrategyOption = string | ({ readonly name: string } & { readonly [key: string]: unknown });

/** Tasks with a fate of their own. What is outside sees the output only. */
export interface Block {
  readonly tasks: readonly TaskDefinition[];
  /** Default: the output of the only leaf, or the outputs of the leaves by task id. */
  readonly output?: Expression;
  /** Attempts inside that may be in flight at once. */
  readonly concurrency?: number;
  readonly budget?: Budget;
  /** The scheduler strategy that its tasks have of their own, by name. Default: that of the block around it. */
  readonly strategy?: string;
  /** What is said of a strategy that leads its tasks as a team, beside its name. */
  readonly team?: JsonObject;
  readonly catch?: readonly Catch[];
  readonly loop?: Loop;
}

/** What undoes a task when its block fails or is cancelled after it completed. Handed `{ input, output, outcome }`. */
export interface Compensate {
  readonly agent?: string;
  readonly capability?: string;
  readonly input?: Expression;
  readonly retry: RetryPolicy;
  readonly timeouts: TaskTimeouts;
}

/** Of the tasks that give the same `key`, one runs at a time: of the run, of all runs of the workflow, or of all runs of the tenant. */
export interface Mutex {
  readonly key: Expression;
  readonly across: 'run' | 'workflow' | 'tenant';
}

/** What the agent of a task may do to the run beside giving an output: a directive of each name; `send`: messages to whom it likes; `sendAcross`: to other runs, too. */
export const PERMISSIONS = [
  'spawn',
  'link',
  'addItems',
  'finish',
  'handOff',
  'goto',
  'cancel',
  'send',
  'sendAcross',
] as const;
/** What a task may let its agent do to the run. */
export type Permission = (typeof PERMISSIONS)[number];

/** Of how many dependencies a task needs an output: `any` is one. `each`: the task is a list, of an item for each of them that completes. */
export type Join = 'all' | 'any' | 'each' | number;

/**
 * One node of the graph. Exactly one performer is set: `agent`, `capability`, `workflow`, `scope`, `wait`, `sleep`, `set`, `send`, `switch`, `cancel`,
 * `end` or `raise`. Those that compute nothing (`sleep`, `switch`) hand their input on as their output.
 */
export interface TaskDefinition {
  readonly id: string;
  readonly description?: string;
  readonly agent?: string;
  readonly capability?: string;
  readonly workflow?: ChildWorkflow;
  readonly scope?: Block;
  readonly wait?: Wait;
  readonly sleep?: Sleep;
  /** The value that the task gives. */
  readonly set?: Expression;
  readonly send?: Send;
  readonly switch?: Switch;
  readonly cancel?: Cancel;
  readonly end?: End;
  readonly raise?: Raise;
  /** In the same block. */
  readonly after: readonly string[];
  /** By a switch among `after`: the case for which the task runs. Absent for a switch: whatever is chosen. */
  readonly cases?: Readonly<Record<string, string>>;
  /** Default: all. */
  readonly join?: Join;
  /** What becomes of dependencies that have not ended when the join is met. Default: let. */
  readonly rest?: 'let' | 'cancel';
  /** False skips the task. A condition that throws fails it. */
  readonly when?: Expression;
  /** CEL that reads `status`, too. False skips the task; once it is false later, the task is cancelled. */
  readonly while?: Expression;
  /** Default: the item of a forEach; else without dependencies what the block (or the run) was handed, the output of the only one, or the outputs by task id. */
  readonly input?: Expression;
  readonly forEach?: ForEach;
  readonly retry: RetryPolicy;
  readonly timeouts: TaskTimeouts;
  readonly fallback?: Fallback;
  readonly repeat?: Repeat;
  readonly compensate?: Compensate;
  readonly mutex?: Mutex;
  /** Higher first among ready tasks. */
  readonly priority: number;
  readonly delivery: 'at-least-once' | 'at-most-once';
  /** What its agent may do to the run. Default: nothing. */
  readonly may?: readonly Permission[];
  /** What an attempt may use at most. Default: what its agent declares. */
  readonly maxUsage?: MaxUsage;
}

/** Who does a task, by the name of the field that says so. */
export type Performer =
  | 'agent'
  | 'capability'
  | 'workflow'
  | 'scope'
  | 'wait'
  | 'sleep'
  | 'set'
  | 'send'
  | 'switch'
  | 'cancel'
  | 'end'
  | 'raise';

/** What a task may be performed by: exactly one of these keys. */
export const PERFORMERS: readonly Performer[] = [
  ...([
    'agent',
    'capability',
    'workflow',
    'scope',
    'wait',
    'sleep',
    'set',
    'send',
    'switch',
    'cancel',
    'end',
    'raise',
  ] as const),
];

/** The performer of a task that is valid. */
export const performerOf = (task: TaskDefinition): Performer =>
  PERFORMERS.find((performer) => task[performer] !== undefined) ?? 'agent';

/** Whether attempts of the task are handed to agents. */
export const isForAgents = (task: TaskDefinition): boolean => task.agent !== undefined || task.capability !== undefined;

/** The workflow's tasks, or those of a block, and the handlers of its catches. */
export const tasksWithin = ({
  tasks,
  catch: clauses = [],
}: Pick<Block, 'tasks' | 'catch'>): readonly TaskDefinition[] =>
  clauses.length === 0 ? tasks : [...tasks, ...clauses.flatMap(({ handler }) => handler ?? [])];

/**
 * A workflow as data, normalised: defaults filled in, durations in milliseconds. JSON.stringify of it is its recorded
 * form (functions drop out, their digests stay).
 */
export interface WorkflowDefinition {
  readonly schemaVersion: 1;
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly tasks: readonly TaskDefinition[];
  /** The run's output. Default: the output of the only leaf, or the outputs of the leaves by task id. */
  readonly output?: Expression;
  /** The run is the outermost block. */
  readonly catch?: readonly Catch[];
  readonly timeoutMs?: number;
  readonly budget?: Budget;
  /** By name, without `#`. */
  readonly mailboxes?: Readonly<Record<string, MailboxDefinition>>;
  /** By name, without `#`. */
  readonly topics?: Readonly<Record<string, TopicDefinition>>;
  /** Attempts of one run in flight at once. */
  readonly concurrency: number;
  /** The scheduler strategy's name. */
  readonly strategy: string;
  /** What is said of a strategy that leads the run as a team, beside its name. */
  readonly team?: JsonObject;
}

/** The retry policy of an agent's task that has none: three attempts, after 1 s and 2 s. */
export const DEFAULT_RETRY: RetryPolicy = {
  maxAttempts: 3,
  initialDelayMs: 1000,
  factor: 2,
  maxDelayMs: 60_000,
  jitter: 0.1,
  nonRetryable: [],
};

/** Attempts of a run that may be in flight at once, unless its workflow says otherwise. */
export const DEFAULT_CONCURRENCY = 64;

/** The strategies that core brings: all that is ready at once, or one task after another. */
export const GRAPH = 'graph';
export const SEQUENTIAL = 'sequential';
