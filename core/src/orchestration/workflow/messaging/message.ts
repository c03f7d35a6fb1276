import type { ErrorData } from '../../../shared/errors.ts';
import type { Json } from '../../../shared/json.ts';
import type { Performative } from '../../../shared/performatives.ts';
import type { Wanted } from '../../../shared/received-message.ts';

export { DEAD_LETTERS } from '../../../shared/message-limits.ts';

// What a message is, as events, commands and whoever takes it see it. docs/communication_protocol.md has the whole of it.

/** Whose a message is: a task (in an attempt, when an agent sent it), or somebody outside, by the name that they gave. `run`: of another run than this. */
export type Party =
  | { readonly task: string; readonly attempt?: number; readonly run?: string }
  | { readonly client: string; readonly task?: undefined; readonly run?: string };

/** A message about to be sent: to a mailbox (`to`), or to whoever subscribes (`topic`). */
export interface Outgoing {
  /** The id of a task or of an item, found as a `cancel` finds one, the name of a mailbox (`#desk`), or a name of no run (`@desk`). */
  readonly to?: string;
  /** Another run: then `to` is looked up there, from its top. `parent`: the run that this one is a child of. */
  readonly run?: string;
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

/** `wanted`: whoever sent it to another run waits for what becomes of it. Else it says that: `failed` has the error as its data. */
export type Receipt = 'wanted' | 'acknowledged' | 'failed';

/** What a run says to a name of no run (`@desk`) that somebody in it takes from: that it waits for messages; with `over`, that it no longer does. With `over` the name says, too, that it is closed. */
export interface Ask {
  readonly id: string;
  readonly wanted?: Wanted;
  readonly over?: true;
}

/** What a call waits for an answer to: once its conversation is over, and nothing that fits is there, nothing will come. */
export interface Question {
  readonly message: string;
  readonly conversation: string;
}

/** A message that is handed on, from a name of no run to whoever asked there, or back: what has become of it so far. */
export interface HandedOn {
  /** What it was asked for by. */
  readonly ask?: string;
  readonly deliveries: number;
  readonly losses: number;
  /** When it may be had; a moment. */
  readonly retryAt?: number;
  readonly failed?: readonly FailedDelivery[];
  /** Back: whoever asked for it gave it up for good, and it is a dead letter of the name. */
  readonly dead?: Doom;
}

/** Why nobody is to have a message any more. */
export interface Doom {
  readonly code: string;
  readonly error: ErrorData;
}

/** A delivery that came to nothing. */
export interface FailedDelivery {
  /** Who had it: an attempt of a task, or a program, by the name that it gives itself. */
  readonly task?: string;
  readonly attempt?: number;
  readonly client?: string;
  readonly at: number;
  readonly code?: string;
  readonly reason: string;
}

/** A message that nobody could do anything with. */
export interface DeadLetter {
  /** REPRISE_MESSAGE_EXPIRED, REPRISE_MESSAGE_REJECTED, REPRISE_OUTCOME_UNKNOWN; of what was published, REPRISE_MAILBOX_FULL; of one to another run, also what that refused it with. */
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

/** Where whoever sent a message is answered, in its run. */
export const addressOf = (from: Party): string => from.task ?? `client:${from.client}`;

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

/** Whether a message goes to whoever sent another. */
export const isTo = (from: Party, { to, run }: Outgoing): boolean => to === nameOf(from) && run === from.run;

/** What an agent needs to send it, unless it answers what it has taken. */
export const permissionFor = ({ to, run }: { readonly to?: string | undefined; readonly run?: string | undefined }) =>
  run === undefined && !String(to).startsWith('@') ? 'send' : 'sendAcross';

/** Final words: with them, what they answer is done with. */
export const FINAL: ReadonlySet<unknown> = new Set(['inform', 'failure', 'refuse']);
