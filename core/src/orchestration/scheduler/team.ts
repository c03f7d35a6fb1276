import type { ErrorCode } from '../../shared/error-codes.ts';
import type { Json, JsonObject } from '../../shared/json.ts';

// What a strategy that leads a *team* sees and says. A team is a block (the run is one) whose `strategy` is an object: it has a ledger, hears what its
// tasks come to, and is open until the strategy ends it. Ids (`id`, `task`) are those of the block: `draft` of `review/draft`.

/** Beside what a decision does. */
interface Thought {
  /** For people: at most 1,000 characters. */
  readonly why?: string;
  /** All that the strategy remembers from now on: at most 256 KiB. Left out: what it was. What of it has changed is recorded. */
  readonly ledger?: JsonObject;
}

/** A ready task is given to an agent that has room. What there is no room or slot for is passed over. */
export interface Assign extends Thought {
  readonly kind?: 'assign';
  /** The path of the task: as in `view.ready`. */
  readonly taskId: string;
  readonly agent: string;
}

/** More tasks for the block, as data: as an agent adds them by `spawn` (the same words as in a workflow). Each counts one of the budget `delegations`. */
export interface Add extends Thought {
  readonly kind: 'add';
  readonly tasks: readonly JsonObject[];
}

/** A question for an agent, as a task of which nothing is a result of the block. Its output comes as news of its end. Counts one of the budget `delegations`. */
export interface Ask extends Thought {
  readonly kind: 'ask';
  readonly id: string;
  /** What the strategy asked it for: comes back with the news. */
  readonly role: string;
  readonly agent?: string;
  readonly capability?: string;
  readonly input: Json;
  /** JSON Schema that the agent is told of; what the output is like is for the strategy to check. */
  readonly output?: JsonObject;
  /** For one attempt, in ms. */
  readonly timeoutMs?: number;
  /** Default 1: a question is asked again by the strategy. */
  readonly attempts?: number;
}

/**
 * A call for proposals about a task: each of the candidates is asked, by a task of its own (`ask`, role `bid`) and, in the same step, by a message `cfp` in a
 * conversation with that task. The agent bids by `propose` or `refuse` in the conversation, or by its output, which is put into it on its behalf:
 * `{ refuse: why }` refuses, anything else proposes.
 */
export interface Announce extends Thought {
  readonly kind: 'announce';
  /** What it is about. */
  readonly task: string;
  readonly bids: readonly { readonly id: string; readonly agent: string }[];
  /** What is said in the call, and is the input of the bids. */
  readonly data: Json;
  readonly deadlineMs: number;
}

/** Who called for proposals takes one: `accept-proposal` to it, `reject-proposal` to the other bids about the task that are open. */
export interface Award extends Thought {
  readonly kind: 'award';
  readonly task: string;
  /** The id of the bid; left out: none of them. */
  readonly bid?: string;
}

/** A result will do. Changes nothing but the ledger. */
export interface Accept extends Thought {
  readonly kind: 'accept';
  readonly task: string;
}

/** A task that has ended is to be done again, told `feedback`; what comes after it begins again, too. */
export interface Reject extends Thought {
  readonly kind: 'reject';
  readonly task: string;
  readonly feedback: Json;
}

/** What is open of these is not wanted any more. */
export interface Drop extends Thought {
  readonly kind: 'drop';
  readonly tasks: readonly string[];
}

/** A task that is ready is for another agent from now on. */
export interface HandOver extends Thought {
  readonly kind: 'handOver';
  readonly task: string;
  readonly agent: string;
  /** What it is handed. Default: what the one before was. */
  readonly input?: Json;
}

/** Nothing but what is to be remembered; and to be asked again after a while (1 s to 30 days), whatever happens. */
export interface Note extends Thought {
  readonly kind: 'note';
  readonly wakeInMs?: number;
}

/** The team has done what it is for: the block gives this. What is open in it is cancelled. */
export interface Finish extends Thought {
  readonly kind: 'finish';
  readonly output: Json;
}

/** The team cannot: the block fails with this. */
export interface GiveUp extends Thought {
  readonly kind: 'giveUp';
  /** Default REPRISE_TEAM_FAILED. */
  readonly code?: ErrorCode;
  readonly message: string;
  /** The task whose error is the cause. */
  readonly task?: string;
}

export type Decision =
  | Assign
  | Add
  | Ask
  | Announce
  | Award
  | Accept
  | Reject
  | Drop
  | HandOver
  | Note
  | Finish
  | GiveUp;

/** What has happened in the team since its last decision that was recorded. */
export type News =
  /** A task of the block has ended; its output and error are in `tasks`. */
  | { readonly kind: 'ended'; readonly task: string; readonly role?: string }
  /** The agent of a task of the block handed it to another: `TeamTask.handOffs` has it. */
  | { readonly kind: 'handedOff'; readonly task: string }
  /** Somebody else than the strategy added tasks to the block, or skipped, linked or began again some. */
  | { readonly kind: 'changed'; readonly tasks: readonly string[] }
  /** The first decision of its last answer that could not be, and why. Nothing behind it took effect. */
  | {
      readonly kind: 'refused';
      readonly decision: string;
      readonly code: ErrorCode;
      readonly message: string;
    }
  /** The time that it asked for. */
  | { readonly kind: 'woken' };

export type TeamTaskStatus =
  | 'pending'
  | 'ready'
  | 'scheduled'
  | 'running'
  | 'waiting'
  | 'completed'
  | 'failed'
  | 'skipped'
  | 'cancelled';

/** A task of the block; a list or a block in it is one. */
export interface TeamTask {
  readonly id: string;
  /** Its path. */
  readonly taskId: string;
  readonly status: TeamTaskStatus;
  /** Who has it, had it last, or is to have it. */
  readonly agent: string | undefined;
  readonly capability: string | undefined;
  readonly priority: number;
  /** How often it was begun again. */
  readonly again: number;
  /** Attempts of this round of it that came to nothing. */
  readonly tries: number;
  /** Agents that failed at it, lost it or were too slow in this round, oldest first. Of tasks for a capability. */
  readonly tried: readonly string[];
  /** What the strategy asked it for. */
  readonly role: string | undefined;
  /** Oldest first. */
  readonly handOffs: readonly { readonly from: string; readonly to: string; readonly why?: string }[];
  /** Once it has begun. */
  readonly input: Json | undefined;
  /** Once it has completed. */
  readonly output: Json | undefined;
  readonly error: { readonly code: string; readonly message: string } | undefined;
}

/** Kinds of budgets, in counts. */
export type TeamBudget = 'tasks' | 'attempts' | 'messages' | 'delegations';

/** What the strategy of a team is asked with, beside what is ready. */
export interface TeamView {
  /** What the workflow says of the strategy beside its name. */
  readonly spec: JsonObject;
  /** What it remembers; undefined before its first decision that says something. */
  readonly ledger: JsonObject | undefined;
  /** Oldest first. Empty: it is asked because something is ready, or because nothing else would ever happen (`idle`). */
  readonly news: readonly News[];
  /** What the block was handed. */
  readonly input: Json;
  /** What the round before handed on; null in the first. */
  readonly feedback: Json;
  readonly round: number;
  /** All tasks of the block, by id, in the order in which they came. */
  readonly tasks: ReadonlyMap<string, TeamTask>;
  /** The bids about a task that have come in, by id of the bid: what was proposed, or undefined when it was refused or will not come. Those that may still come are left out. */
  bids(task: string): ReadonlyMap<string, Json | undefined>;
  /** Of each budget that a block around has: what is left, over all of them. */
  readonly left: Partial<Readonly<Record<TeamBudget, number>>>;
  /** Decisions of this round so far, and how many there may be. */
  readonly decisions: number;
  readonly maxDecisions: number;
  /** Teams around this one. */
  readonly depth: number;
  /** When it asked to be woken, in ms since the epoch. */
  readonly wakeAt: number | undefined;
  /** Nothing in the team is under way, ready or waiting for a time, nothing is new, and it is not to be woken. Without a decision now, the team fails. */
  readonly idle: boolean;
  /** Whether a condition in CEL holds over what is given. Metered; throws a RepriseError where it is none or gives no boolean. */
  holds(condition: string, names: Readonly<Record<string, Json>>): boolean;
  /** What an expression in CEL gives. As `holds`. */
  evaluate(expression: string, names: Readonly<Record<string, Json>>): Json;
}
