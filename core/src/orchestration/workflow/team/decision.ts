import type { ErrorCode } from '../../../shared/error-codes.ts';
import type { Json, JsonObject } from '../../../shared/json.ts';

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

/** More tasks for the block, by id, as data: the words of a workflow that is written as JSON, as for `spawn`. Each counts one of the budget `delegations`. */
export interface Add extends Thought {
  readonly kind: 'add';
  readonly tasks: Readonly<Record<string, JsonObject>>;
}

/** A question for an agent, as a task of which nothing is a result of the block. Its output comes as news of its end. Counts one of the budget `delegations`. */
export interface Ask extends Thought {
  readonly kind: 'ask';
  readonly id: string;
  /** What the strategy asked it for: comes back with the news. */
  readonly role: string;
  readonly agent?: string;
  readonly capability?: string;
  /** What the agent is handed. Whether its output is what was asked for is the strategy's to check. */
  readonly input: Json;
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

/** A task that has ended is to be done again, told `feedback`; what comes after it begins again, too. No bid: award another, or call again. */
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

/** What a strategy that leads a team may decide. */
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
