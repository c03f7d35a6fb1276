import type { ErrorCode } from '../../../shared/error-codes.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import type { Json, JsonObject } from '../../../shared/json.ts';

// What is kept of a team.

/** Something that the strategy has not decided about yet. Ids are of the block. */
export type TeamNews =
  | { readonly kind: 'ended'; readonly task: string; readonly revision: number }
  | { readonly kind: 'handedOff'; readonly task: string; readonly revision: number }
  | { readonly kind: 'bid'; readonly task: string; readonly revision: number }
  | { readonly kind: 'changed'; readonly tasks: readonly string[]; readonly revision: number }
  | {
      readonly kind: 'refused';
      readonly decision: string;
      readonly code: ErrorCode;
      readonly message: string;
      readonly revision: number;
    }
  | { readonly kind: 'woken'; readonly revision: number };

/** A task that the strategy asked. */
export interface AskedTask {
  readonly role: string;
  /** Of a bid: the task that it is about. */
  readonly about?: string;
}

/** How a bid stands: what was proposed; or that there is none, because it was refused or will not come. */
export type Bid = { readonly proposal: Json } | { readonly none: true };

export interface TeamState {
  /** The format of the ledger; undefined before there is one. */
  format: number | undefined;
  ledger: JsonObject | undefined;
  /** Decisions of this round, refused ones included. */
  n: number;
  /** Refused in a row. */
  refused: number;
  /** Decisions in a row since anything was new. */
  quiet: number;
  /** Woken in a row, with nothing else that is new. */
  wakes: number;
  news: readonly TeamNews[];
  /** A reading of the run's clock. */
  wakeAt: number | undefined;
  /** By id. */
  readonly asked: Record<string, AskedTask>;
  /** By id of the task that they are about, then by that of the bid. */
  readonly bids: Record<string, Record<string, Bid>>;
  /** How it ended. */
  ruling: { readonly output: Json } | { readonly error: ErrorData } | undefined;
  /** About how many characters ledger and bids have; see RunState.held. */
  held: number;
}
