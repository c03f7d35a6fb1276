import type { ErrorData } from '../../../shared/errors.ts';
import type { Json } from '../../../shared/json.ts';
import type { Performative } from '../../../shared/performatives.ts';

export { DEAD_LETTERS } from '../../../shared/message-limits.ts';

// What a message is, as events, commands and whoever takes it see it. docs/communication_protocol.md has the whole of it.

/** Whose a message is: a task of the run (in an attempt, when an agent sent it), or somebody outside, by the name that they gave. */
export type Party =
  | { readonly task: string; readonly attempt?: number }
  | { readonly client: string; readonly task?: undefined };

/** A message about to be sent: to a mailbox (`to`), or to whoever subscribes (`topic`). */
export interface Outgoing {
  /** The id of a task or of an item, found as a `cancel` finds one, or the name of a mailbox (`#desk`). */
  readonly to?: string;
  /** What it is published under (`#news`). */
  readonly topic?: string;
  readonly data: Json;
  /** What the message does. Default: inform. */
  readonly performative?: Performative;
  /** What it is about, as the users of the mailbox understand it. */
  readonly type?: string;
  readonly conversation?: string;
  /** The id of the message that it answers. */
  readonly inReplyTo?: string;
  /** How long anybody may take to take it, in ms. */
  readonly expiresMs?: number;
  /** Of what opens a conversation, and of an agree: until when it is to be answered, in ms. */
  readonly deadlineMs?: number;
  /** One that expired is no dead letter: it is only noted. */
  readonly drop?: boolean;
  /** Said once by all attempts of the task in one round: another attempt that says it again says nothing new. */
  readonly key?: string;
}

/** A delivery that came to nothing. */
export interface FailedDelivery {
  /** Who had it. */
  readonly task: string;
  readonly attempt: number;
  readonly at: number;
  readonly code?: string;
  readonly reason: string;
}

/** A message that nobody could do anything with. */
export interface DeadLetter {
  /** REPRISE_MESSAGE_EXPIRED, REPRISE_MESSAGE_REJECTED, REPRISE_OUTCOME_UNKNOWN; of what was published, REPRISE_MAILBOX_FULL. */
  readonly code: string;
  readonly error: ErrorData;
  /** The mailbox that it was in. */
  readonly mailbox: string;
  readonly at: number;
}

/** What a dead letter was given back with for good; that it was given back says less. Else why it is one. */
export const whyDead = (error: ErrorData): ErrorData =>
  (error.code === 'REPRISE_MESSAGE_REJECTED' ? error.cause : undefined) ?? error;

/** The id of a message that a command from outside posts. */
export const postedId = (runId: string, commandId: string): string => `${runId}#${commandId}`;

/** The id of what one of those has that a message was published to. */
export const copyId = (message: string, mailbox: string): string => `${message}@${mailbox}`;

/** The messages that are there once one was sent: itself (unless it came too late), or a copy in each mailbox that it was published to. */
export const sentAs = ({
  message,
  to,
  recipients,
  late,
}: {
  readonly message: string;
  readonly to: string;
  readonly recipients?: readonly string[];
  readonly late?: boolean;
}): readonly { readonly id: string; readonly mailbox: string }[] => {
  if (late === true) return [];
  return recipients?.map((mailbox) => ({ id: copyId(message, mailbox), mailbox })) ?? [{ id: message, mailbox: to }];
};

/** The name that a sender has for whoever takes its message. */
export const nameOf = (from: Party): string => from.task ?? from.client;
