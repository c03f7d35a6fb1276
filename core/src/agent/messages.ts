import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Duration } from '../shared/duration.ts';
import type { Json, JsonObject } from '../shared/json.ts';
import type { Performative } from '../shared/performatives.ts';
import type { ReceivedMessage as Message, Wanted as MessageFilter } from '../shared/received-message.ts';

export type { Message, MessageFilter };

/** A message that was sent: it is on record, and in its mailbox. (With `on: 'completion'`, it will be.) */
export interface Sent {
  readonly id: string;
}

/** What was published: it is on record, and in the mailboxes of all that subscribe. */
export interface Published extends Sent {
  /** How many they are: nobody is no error. Absent with `on: 'completion'`: they are who subscribes then. */
  readonly recipients?: number;
}

/** What is published is in no conversation, and answers nothing. One that opens a conversation (`cfp`) opens one with each that gets it. */
export type PublishOptions = Omit<SendOptions, 'conversation' | 'inReplyTo'>;

export interface SubscribeOptions {
  /** Which messages. Default: all. */
  readonly filter?: MessageFilter;
}

/** What is published under a topic comes to the mailbox of the task. */
export interface Subscription {
  readonly topic: string;
  /** From now on nothing more comes, unless the workflow names the task among the subscribers. What has come stays. */
  close(): Promise<void>;
}

/** What a message carries beside its data, and how it is treated. */
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
  /**
   * It is sent with what the attempt gives, in the same step, or not at all: nobody hears of an attempt that came to nothing. Default: at once. What the run
   * cannot take then fails the attempt (REPRISE_DIRECTIVE_REFUSED).
   */
  readonly on?: 'completion';
}

export interface RequestOptions extends Omit<SendOptions, 'on'> {
  /**
   * Answers a question back (query): what it returns, or resolves to, is told (inform), and the answer is waited for again. When it throws, the question
   * stays with the attempt. Default: the question is answered with not-understood, and the request rejects with REPRISE_REQUEST_REFUSED.
   */
  onQuery?(question: Message): unknown;
}

export interface ReceiveOptions<Data = Json> extends MessageFilter {
  /**
   * What the data has to be like: a JSON Schema of the kind that forms have, or a Standard Schema that gives one, which types it. What comes to be taken and
   * does not fit is not left to others: in a conversation the run answers not-understood, else it is a dead letter.
   */
  readonly schema?: StandardSchemaV1<Data, unknown> | JsonObject;
  /** A name of the run (`#desk`), or of no run (`@desk`: takes `may: [sendAcross]`). Default: the mailbox of this task. */
  readonly mailbox?: string;
  /** How long to wait: ms, or text. Default: as long as the attempt may take. */
  readonly timeout?: Duration;
}

/** Why a message is given back, and whether, and when, it is handed out again. */
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
 * REPRISE_CONVERSATION_ENDED, REPRISE_REPLY_TIMEOUT, REPRISE_REQUEST_REFUSED.
 */
export interface Messages {
  /**
   * To a task, by its id (found in the block of this task, then in those around it), to an item (`inspect[12]`), or to a name (`#desk`): takes `may: [send]`. To a
   * task or a name of another run (`run`), or to a name of no run (`@desk`): takes `may: [sendAcross]`. What goes to another run is durable here, is there soon, and
   * arrives in the order in which it was sent; what that run refuses is a dead letter of this one.
   */
  send(to: string, data: unknown, options?: SendOptions): Promise<Sent>;
  /**
   * To all whose mailboxes subscribe to a topic of the workflow (`#news`) at this moment, in one step; each has a message of its own, and is done with it by
   * itself. Nobody who subscribes is no error. Where a mailbox is full, the message is a dead letter, and the others get it. Takes `may: [send]`.
   */
  publish(topic: string, data: unknown, options?: PublishOptions): Promise<Published>;
  /**
   * From now on the mailbox of this task has what is published under the topic, in later attempts and rounds, too, as long as the mailbox is there; not what the
   * task itself publishes. To subscribe again is to change the filter. Takes `may: [send]`.
   */
  subscribe(topic: string, options?: SubscribeOptions): Promise<Subscription>;
  /** Asks, and resolves to the answer (inform; to a `cfp`, the proposal). Refusals and failures reject with REPRISE_REQUEST_REFUSED, which has the answer in its details. Default deadline: 10 minutes. */
  request(to: string, data: unknown, options?: RequestOptions): Promise<Message>;
  /** The oldest message that fits, once there is one; undefined when the time is up. Meanwhile the attempt takes no room: others may begin. */
  receive<Data = Json>(options?: ReceiveOptions<Data>): Promise<Message<Data> | undefined>;
  /** Up to `max` messages (256 at the most), at least one; none when the time is up. */
  receiveMany<Data = Json>(options: ReceiveOptions<Data> & { readonly max: number }): Promise<readonly Message<Data>[]>;
  /** Answers a message that the attempt has taken; takes no permission. Inform (the default), failure and refuse are final: the message is done with. */
  reply(message: Pick<Message, 'id'>, data: unknown, options?: SendOptions): Promise<Sent>;
  /** The attempt is done with these. */
  ack(...messages: readonly Pick<Message, 'id'>[]): Promise<void>;
  /** Gives one back. */
  nack(message: Pick<Message, 'id'>, options: NackOptions): Promise<void>;
}
