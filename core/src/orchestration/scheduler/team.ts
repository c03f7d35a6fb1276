import type { ErrorCode } from '../../shared/error-codes.ts';
import type { Json, JsonObject } from '../../shared/json.ts';

export type * from '../workflow/team/decision.ts';

// What a strategy that leads a *team* is shown. A team is a block (the run is one) whose `strategy` is an object. Ids (`id`, `task`) are those of the block:
// `draft` of `review/draft`.

/** What has happened in the team since its last decision that was recorded. */
export type News =
  /** A task of the block has ended; its output and error are in `tasks`. */
  | { readonly kind: 'ended'; readonly task: string; readonly role?: string }
  /** The agent of a task of the block handed it to another: `TeamTask.handOffs` has it. */
  | { readonly kind: 'handedOff'; readonly task: string }
  /** A bid about a task came in by a message: `bids(task)` has it. One that an agent makes by its output comes as the end of its task, with role `bid`. */
  | { readonly kind: 'bid'; readonly task: string }
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

/** The status of a task of a team. */
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
  /** Not once it is for an agent by its name: it was handed to one, or fell back to it. */
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
  /** Once it has begun; of one that is ready, what it is to be handed. */
  readonly input: Json | undefined;
  /** Once it has completed. */
  readonly output: Json | undefined;
  readonly error: { readonly code: string; readonly message: string } | undefined;
}

/** Kinds of budgets: counts, tokens, and cost in the user's unit. */
export type TeamBudget = 'tasks' | 'attempts' | 'messages' | 'delegations' | 'tokens' | 'cost';

/** What an expression of a strategy may read beside the team: what there is to do, what there is on the board, and what somebody bids. */
export type TeamNames = Readonly<Partial<Record<'work' | 'board' | 'bid', Json>>>;

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
  /** How many of its tasks have not ended: those that began with the block, and what was added. */
  readonly open: number;
  /** Attempts under way in the block. */
  readonly inFlight: number;
  /** What its tasks gave, by id: those that have completed, and that the strategy did not ask. Made when it is read. */
  readonly outputs: JsonObject;
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
  /**
   * Whether a condition in CEL holds over what is given, and `input`, `round` and `runId` of the team. Metered; throws a RepriseError where it is none, or gives
   * no boolean.
   */
  holds(condition: string, names: TeamNames): boolean;
  /** What an expression in CEL gives. As `holds`. */
  evaluate(expression: string, names: TeamNames): Json;
}
