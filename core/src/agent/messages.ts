import type { Duration } from '../shared/duration.ts';
import type { Performative } from '../shared/performatives.ts';
import type { ReceivedMessage as Message, Wanted as MessageFilter } from '../shared/received-message.ts';

export type { Message, MessageFilter };

/** A message that was sent: it is on record, and in its mailbox. */
export interface Sent {
  readonly id: string;
}

export interface SendOptions {
  /**
   * What must be said once, whatever becomes of this attempt: another attempt of the task (in the same round) that says it again says nothing new. Other
   * content under the same key is REPRISE_MESSAGE_CONFLICT.
   */
  readonly key?: string;
  /** The run that the mailbox is of, when it is another: its id, or `parent`. Takes `may: [sendAcross]`. */
  readonly run?: string;
  /** What the message does. Default: inform. */
  readonly performative?: Performative;
  /** What it is about, in words that whoever takes it knows. */
  readonly type?: string;
  /** Default of a reply: that of the message that it answers. */
  readonly conversation?: string;
  /** The id of the message that it answers. */
  readonly inReplyTo?: string;
  /** Of what opens a conversation, and of an `agree`: until when it is to be answered; then whoever waits is told so (failure). */
  readonly deadline?: Duration;
  /** How long anybody may take to take it: ms, or text such as "30s". Then it is a dead letter; with `drop`, that is only noted. */
  readonly expires?: Duration;
  readonly drop?: boolean;
}

export interface RequestOptions extends SendOptions {
  /**
   * Answers a question back (query): what it returns, or resolves to, is told (inform), and the answer is waited for again. When it throws, the question
   * stays with the attempt. Default: the question is answered with not-understood, and the request rejects with REPRISE_REQUEST_REFUSED.
   */
  onQuery?(question: Message): unknown;
}

export interface ReceiveOptions extends MessageFilter {
  /** A name of the run (`#desk`), or of no run (`@desk`: takes `may: [sendAcross]`). Default: the mailbox of this task. */
  readonly mailbox?: string;
  /** How long to wait: ms, or text. Default: as long as the attempt may take. */
  readonly timeout?: Duration;
}

export interface NackOptions {
  readonly reason: string;
  /** Until it is delivered again: ms, or text. Default: as its mailbox says. */
  readonly delay?: Duration;
  /** False: it is not delivered again, but is a dead letter. */
  readonly requeue?: boolean;
}

/**
 * The messages of a run, as an attempt has them. What is sent is durable when the promise resolves; what is wrong rejects with a RepriseError, of which
 * the run has no trace. Each message is delivered until somebody is done with it, at least once, in the order of its mailbox.
 *
 * Errors: REPRISE_MAILBOX_UNKNOWN, REPRISE_MAILBOX_CLOSED, REPRISE_MAILBOX_FULL (retryable), REPRISE_MESSAGE_INVALID, REPRISE_MESSAGE_CONFLICT,
 * REPRISE_MESSAGE_NOT_HELD (the attempt is over, too), REPRISE_CONVERSATION_BROKEN, REPRISE_INVALID_PAYLOAD, REPRISE_PAYLOAD_TOO_LARGE, REPRISE_RUN_TOO_LARGE; of `request`, too,
 * REPRISE_REPLY_TIMEOUT, REPRISE_REQUEST_REFUSED.
 */
export interface Messages {
  /**
   * To a task, by its id (found in the block of this task, then in those around it), to an item (`inspect[12]`), or to a name (`#desk`): takes `may: [send]`. To a
   * task or a name of another run (`run`), or to a name of no run (`@desk`): takes `may: [sendAcross]`. What goes to another run is durable here, is there soon, and
   * arrives in the order in which it was sent; what that run refuses is a dead letter of this one.
   */
  send(to: string, data: unknown, options?: SendOptions): Promise<Sent>;
  /** Asks, and resolves to the answer (inform; to a `cfp`, the proposal). Refusals and failures reject with REPRISE_REQUEST_REFUSED, which has the answer in its details. Default deadline: 10 minutes. */
  request(to: string, data: unknown, options?: RequestOptions): Promise<Message>;
  /** The oldest message that fits, once there is one; undefined when the time is up. Meanwhile the attempt takes no room: others may begin. */
  receive(options?: ReceiveOptions): Promise<Message | undefined>;
  /** Up to `max` messages (256 at the most), at least one; none when the time is up. */
  receiveMany(options: ReceiveOptions & { readonly max: number }): Promise<readonly Message[]>;
  /** Answers a message that the attempt has taken; takes no permission. Inform (the default), failure and refuse are final: the message is done with. */
  reply(message: Pick<Message, 'id'>, data: unknown, options?: SendOptions): Promise<Sent>;
  /** The attempt is done with these. */
  ack(...messages: readonly Pick<Message, 'id'>[]): Promise<void>;
  /** Gives one back. */
  nack(message: Pick<Message, 'id'>, options: NackOptions): Promise<void>;
}
