import type { Json } from './json.ts';
import type { Performative } from './performatives.ts';

/**
 * A message as whoever takes it sees it, a `wait` or an attempt. Plain JSON. Nobody else has it until the attempt is done with it: with `ack`, with a final
 * reply (inform, failure, refuse), or with what the attempt gives. It comes back, to be delivered again, with `nack`, and when the attempt fails or is lost.
 */
export interface ReceivedMessage<Data = Json> {
  readonly id: string;
  /** A task, by its id, or the name of a program. */
  readonly from: string;
  /** The run that it came from, when that is another. */
  readonly run?: string;
  readonly mailbox: string;
  /** What it was published under (`#news`). */
  readonly topic?: string;
  readonly data: Data;
  readonly performative: Performative;
  readonly type?: string;
  readonly conversation?: string;
  readonly inReplyTo?: string;
  /** ms since the epoch. */
  readonly sentAt: number;
  /** 1, then one more for each delivery that came to nothing. */
  readonly delivery: number;
  /** Of one that was taken from `#dead-letters`: why it is there, and where it was. */
  readonly dead?: { readonly code: string; readonly message: string; readonly mailbox: string };
}

/** Which messages somebody wants. All that is said has to fit. */
export interface Wanted {
  /** A task, by its id (a list means any of its items), or the name that a program gave itself. */
  readonly from?: string;
  /** The run that it came from. Default: with `from`, this one; else any. */
  readonly run?: string;
  readonly performative?: Performative;
  readonly type?: string;
  readonly conversation?: string;
  /** The id of the message that it answers. */
  readonly inReplyTo?: string;
  /** CEL that reads `message`: `message.data.total > 100`. What it cannot be asked of does not fit. */
  readonly where?: string;
}
