import type { MailboxDefinition, RetryPolicy } from '../../../definition/definition.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { Heap } from '../../../shared/heap.ts';
import type { Json } from '../../../shared/json.ts';
import { DEFAULT_DELIVERIES } from '../../../shared/message-limits.ts';
import type { Wanted } from '../../../shared/received-message.ts';
import { outer } from '../../../shared/task-path.ts';
import { PathIndex } from '../path-index.ts';
import {
  type Ask,
  DEAD_LETTERS,
  type DeadLetter,
  type Doom,
  type FailedDelivery,
  type Outgoing,
  type Party,
  type Question,
  type Receipt,
} from './message.ts';
import { isOutbox, isTeamName } from './outbox.ts';
import type { Protocol, Stage } from './protocols.ts';

// The messages of a run that are open, and who waits for some. What is gone leaves no trace here: it is in the history.

/** Who has a message: an attempt; or a program, until the time is up (then `taskId` is empty). */
export interface Holder {
  readonly taskId: string;
  readonly attempt: number;
  readonly call: number;
  readonly client?: string;
  readonly until?: number;
}

/** The attempt that had a message has ended, and nobody has decided what becomes of the message. */
export interface Returned {
  readonly taskId: string;
  readonly attempt: number;
  /** See Holder. */
  readonly client?: string;
  readonly reason: string;
  readonly code?: string;
  /** See MessageRejected. Absent: the attempt failed. */
  readonly because?: 'lost' | 'ended';
  /** Whether its effect happened cannot be known, and it may not happen twice. */
  readonly unknown?: true;
  readonly retryable: boolean;
}

export interface OpenMessage extends Omit<Outgoing, 'to' | 'run' | 'expiresMs' | 'deadlineMs' | 'type' | 'key'> {
  readonly id: string;
  readonly from: Party;
  readonly subject: string | undefined;
  mailbox: string;
  data: Json;
  readonly sentAt: number;
  readonly expiresAt: number | undefined;
  /** In an outbox: its number there, from 1. */
  n?: number;
  /** See MessageSent. */
  readonly receipt?: Receipt;
  /** In an outbox: of what opens a conversation, and of an agree; a moment. */
  readonly deadline?: number;
  /** In an outbox: the run says it by itself. */
  readonly onBehalf?: boolean;
  readonly ask?: Ask;
  /** In an outbox: it is handed on; by what it was asked for, if it was. */
  readonly handedOn?: { readonly ask?: string; readonly dead?: Doom };
  /** In an outbox: since when, when it was sent before; a moment. */
  readonly outAt?: number;
  /** How often it came back because of what is in it, and because a worker was lost. */
  deliveries: number;
  losses: number;
  /** Nobody has it before then; a moment. */
  retryAt: number | undefined;
  holder: Holder | undefined;
  back: Returned | undefined;
  /** The last of its deliveries that came to nothing. */
  failed: readonly FailedDelivery[];
  dead: DeadLetter | undefined;
  /** Nobody is to have it any more: the next event says that it is a dead letter. */
  doomed: boolean;
}

/** Who waits at a mailbox: a task of the run (then `call` is 0), or a call of an attempt; or, at a name of no run, another run (then `taskId` is made of that). */
export interface Receiver {
  readonly taskId: string;
  readonly attempt: number;
  readonly call: number;
  readonly worker: string;
  readonly wanted: Wanted | undefined;
  /** Of a call; that of a wait is in the definition. */
  readonly schema?: Json;
  /** Of a call; a `send` that waits for its answer has its message. */
  readonly question?: Question;
  readonly max: number;
  readonly until: number | undefined;
  readonly since: number;
  /** Another run, the address that it asked at, and what it asked by. */
  readonly consumer?: { readonly run: string; readonly to: string; readonly ask: string };
}

/** A conversation that is open, between whoever opened it and whoever was asked. */
export interface ConversationState {
  /** The message that opened it. */
  readonly id: string;
  readonly conversation: string;
  readonly protocol: Protocol;
  stage: Stage;
  /** Where it was when the question came back: nothing was said since. */
  before?: Stage;
  readonly initiator: string;
  /** Where it was asked. */
  readonly mailbox: string;
  /** Undefined until somebody has answered who takes from a name. */
  participant: string | undefined;
  readonly subject: string | undefined;
  /** When it came to its stage. */
  since: number;
  /** A moment. */
  deadline: number | undefined;
}

/** How far what another run sends to one of its addresses here has come. */
export interface Mark {
  /** The number of the last that was taken. */
  readonly n: number;
  /** When; a moment. */
  readonly at: number;
}

/** What became of a message, and who is to know it. */
export interface Told {
  readonly to: Party;
  readonly outcome: 'acknowledged' | ErrorData;
}

export interface Mailbox {
  /** By id, in the order of arrival. */
  readonly messages: Map<string, OpenMessage>;
  /** By task and call, in the order in which they began to wait. */
  readonly receivers: Map<string, Receiver>;
}

/** What an attempt has done with messages: of one that has ended, nothing. */
export interface AttemptMail {
  readonly attempt: number;
  worker: string;
  /** Workers that made it before, one after another: its dispatch was delivered again, because they were gone. */
  past: readonly string[];
  /** The number of its last call. */
  calls: number;
  /** Its calls that wait, with the mailbox. */
  readonly waits: Map<number, string>;
  /** The messages that it has. */
  readonly held: Set<string>;
  /** How many got what its last call published. */
  published?: number;
  /** Its last calls that waited for what will not come, for a call that comes again. */
  refused?: readonly RefusedCall[];
}

export interface RefusedCall {
  readonly call: number;
  readonly error: ErrorData;
}

/** What a task has said under a key, and a hash of what that was. */
export interface SentUnderKey {
  readonly message: string;
  readonly content: string;
  /** Of what was published: how many got it. */
  readonly recipients?: number;
}

interface Due {
  readonly at: number;
  readonly kind: 'expiry' | 'retry' | 'wait' | 'deadline' | 'hand-over' | 'lease';
  /** The message, the receiver, or the conversation. */
  readonly id: string;
}

export interface MailState {
  /** By address; those with nothing in them and nobody at them are not there. */
  readonly boxes: Map<string, Mailbox>;
  /** All open messages by id. */
  readonly open: Map<string, OpenMessage>;
  /** Mailboxes of tasks with something in them. Derived. */
  readonly filled: PathIndex;
  /** By task. */
  readonly attempts: Map<string, AttemptMail>;
  /** By task, then by key: what was sent, as text that tells whether it is the same. Until the task ends its round. */
  readonly keys: Map<string, Map<string, SentUnderKey>>;
  /** Mailboxes at which a message may be handed to somebody. Empty between commands. Derived. */
  readonly stirred: Set<string>;
  /** Messages that came back. Empty between commands. */
  readonly back: Set<string>;
  /** Blocks that have ended, with messages left in mailboxes of their tasks. Empty between commands. */
  readonly left: Map<string, string[]>;
  /** By the message that opened each. */
  readonly conversations: Map<string, ConversationState>;
  /** The same by name. Derived. */
  readonly byConversation: Map<string, Set<string>>;
  /** By topic, then by mailbox, in the order in which they began: what each wants of it. Those that the definition names are not among them. */
  readonly subscriptions: Map<string, Map<string, Wanted | undefined>>;
  /** Conversations in which an answer will not come, and why. Empty between commands. */
  readonly owed: Map<string, string>;
  /** By outbox: the last number that was given. */
  readonly numbers: Map<string, number>;
  /** By the run that sends and the address that it sends to (as an outbox is written), the longest silent first. */
  readonly marks: Map<string, Mark>;
  /** What became of messages of other runs that want to know it. Empty between commands. */
  readonly receipts: Map<string, Told>;
  /** Messages of other runs that are open, and whose senders were told that nobody takes them. */
  readonly told: Set<string>;
  /** What somebody of the run waits for at names of no run: by ask, the name. */
  readonly asks: Map<string, string>;
  /** Names of no run at which something has changed: what follows from that is settled. Derived. */
  readonly restless: Set<string>;
  /** Until when the run, with nothing else left to do, waits for others to take what it sent them; a moment. */
  handOverUntil: number | undefined;
  /** Derived. */
  readonly due: Heap<Due>;
}

/** What is due at once comes in an order that does not depend on how it was noted: a state that was restored says the same. */
const isDueBefore = (a: Due, b: Due): boolean =>
  a.at !== b.at ? a.at < b.at : a.kind !== b.kind ? a.kind < b.kind : a.id < b.id;

export const createMail = (): MailState => ({
  boxes: new Map(),
  open: new Map(),
  filled: new PathIndex(),
  attempts: new Map(),
  keys: new Map(),
  stirred: new Set(),
  back: new Set(),
  left: new Map(),
  conversations: new Map(),
  byConversation: new Map(),
  subscriptions: new Map(),
  owed: new Map(),
  numbers: new Map(),
  marks: new Map(),
  receipts: new Map(),
  told: new Set(),
  asks: new Map(),
  restless: new Set(),
  handOverUntil: undefined,
  due: new Heap(isDueBefore),
});

/** What is left of it when the run has ended: what it has had of others, which may come again. */
export function marksOf(mail: MailState | undefined): MailState | undefined {
  if (mail === undefined || mail.marks.size === 0) return undefined;
  const left = createMail();
  for (const [key, mark] of mail.marks) left.marks.set(key, mark);
  return left;
}

/** Dead letters that a run keeps. When there are more, the oldest are discarded, and an event says so. */
export const MAX_DEAD_LETTERS = 10_000;

const MOST_DISCARDED = 256;

const MAX_FAILED = 10;

const MAX_REFUSED = 32;

/** Messages that a mailbox takes, unless the workflow says otherwise. */
export const DEFAULT_MAILBOX_LIMIT = 1000;

/** How often a message may come back because its worker was lost: one that kills its worker ends, too. */
export const MAX_LOSSES = 10;

export const DEFAULT_MAILBOX_RETRY: RetryPolicy = {
  maxAttempts: DEFAULT_DELIVERIES,
  initialDelayMs: 1000,
  factor: 2,
  maxDelayMs: 60_000,
  jitter: 0.1,
  nonRetryable: [],
};

/** What a run says by itself to another, which is nothing to anybody once it cannot be said: what became of a message, and that there will be no answer. */
export const isUnwanted = ({ receipt, ask, id, performative }: OpenMessage): boolean =>
  ask !== undefined ||
  receipt === 'acknowledged' ||
  receipt === 'failed' ||
  (performative === 'failure' && id.endsWith('!'));

export const isName = (mailbox: string): boolean => mailbox.startsWith('#');

/** Of the run, or of none. */
export const isNameAnywhere = (mailbox: string): boolean => /^[#@]/.test(mailbox);

/** What the workflow says of a mailbox; undefined for one of a task. */
export const mailboxDefinition = (
  mailboxes: Readonly<Record<string, MailboxDefinition>> | undefined,
  mailbox: string,
): MailboxDefinition | undefined =>
  isName(mailbox) && mailboxes !== undefined && Object.hasOwn(mailboxes, mailbox.slice(1))
    ? mailboxes[mailbox.slice(1)]
    : undefined;

/** The block that a mailbox goes with; '' is the run. */
export const blockOfMailbox = (mailbox: string): string => {
  if (isNameAnywhere(mailbox) || isOutbox(mailbox)) return '';
  const list = mailbox.endsWith(']') ? mailbox.slice(0, mailbox.lastIndexOf('[')) : mailbox;
  return outer(list)?.block ?? '';
};

/** What a receiver at a name of no run asks by. */
export const askOf = ({ taskId, attempt, call, since }: Receiver): string => `${taskId}/${attempt}/${call}/${since}`;

/** Messages that may be open in a mailbox. */
export const limitOf = (mailboxes: Readonly<Record<string, MailboxDefinition>> | undefined, mailbox: string): number =>
  mailboxDefinition(mailboxes, mailbox)?.limit ?? DEFAULT_MAILBOX_LIMIT;

export const receiverKey = ({ taskId, call }: Pick<Receiver, 'taskId' | 'call'>): string => `${call} ${taskId}`;

export function boxAt(mail: MailState, mailbox: string): Mailbox {
  let box = mail.boxes.get(mailbox);
  if (box === undefined) {
    box = { messages: new Map(), receivers: new Map() };
    mail.boxes.set(mailbox, box);
  }
  return box;
}

function tidy(mail: MailState, mailbox: string): void {
  const box = mail.boxes.get(mailbox);
  if (box === undefined || box.messages.size > 0 || box.receivers.size > 0) return;
  mail.boxes.delete(mailbox);
  // Else a history that is only read would look as if something followed by itself.
  mail.stirred.delete(mailbox);
}

const stir = (mail: MailState, mailbox: string): void => {
  const box = mail.boxes.get(mailbox);
  if (box === undefined || box.receivers.size === 0) return;
  if (box.messages.size > 0) mail.stirred.add(mailbox);
  else stirAsking(mail, mailbox);
};

/** Whoever waits there for an answer may wait in vain now. */
export const stirAsking = (mail: MailState, mailbox: string): void => {
  if (mail.boxes.get(mailbox)?.receivers.values().some(asks) === true) mail.stirred.add(mailbox);
};

/** Whether it waits for the answer to a question: a call that says so, or a `send`. */
const asks = ({ question, call, consumer, wanted }: Receiver): boolean =>
  question !== undefined || (call === 0 && consumer === undefined && wanted?.inReplyTo !== undefined);

/** What lies at a name of no run, and who waits there, is to be what that knows of. */
const disturb = (mail: MailState, mailbox: string): void => {
  if (mailbox.startsWith('@')) mail.restless.add(mailbox);
};

/** All mailboxes at which somebody waits are to be looked at. */
export const stirAll = (mail: MailState): void => {
  for (const mailbox of mail.boxes.keys()) {
    stir(mail, mailbox);
    disturb(mail, mailbox);
  }
  for (const mailbox of mail.asks.values()) disturb(mail, mailbox);
};

/** Puts a message behind all others of its mailbox. */
export function putIn(mail: MailState, message: OpenMessage): void {
  mail.open.set(message.id, message);
  boxAt(mail, message.mailbox).messages.set(message.id, message);
  disturb(mail, message.mailbox);
  if (!isNameAnywhere(message.mailbox) && !isOutbox(message.mailbox)) mail.filled.add(message.mailbox);
  noteDue(mail, message);
  stir(mail, message.mailbox);
}

/** All fields, in the order that a digest has them in. */
export function inOrder(saved: OpenMessage): OpenMessage {
  const { id, from, mailbox, topic, data, performative, subject, conversation, inReplyTo, drop, sentAt } = saved;
  const { n, deadline, onBehalf, receipt, ask, handedOn, outAt } = saved;
  return {
    id,
    from,
    mailbox,
    ...(topic === undefined ? {} : { topic }),
    data,
    ...(performative === undefined ? {} : { performative }),
    subject,
    ...(conversation === undefined ? {} : { conversation }),
    ...(inReplyTo === undefined ? {} : { inReplyTo }),
    ...(drop === undefined ? {} : { drop }),
    sentAt,
    expiresAt: saved.expiresAt,
    ...(n === undefined ? {} : { n }),
    ...(deadline === undefined ? {} : { deadline }),
    ...(onBehalf === undefined ? {} : { onBehalf }),
    ...(receipt === undefined ? {} : { receipt }),
    ...(ask === undefined ? {} : { ask }),
    ...(handedOn === undefined ? {} : { handedOn }),
    ...(outAt === undefined ? {} : { outAt }),
    deliveries: saved.deliveries,
    losses: saved.losses,
    retryAt: saved.retryAt,
    holder: saved.holder,
    back: saved.back,
    failed: saved.failed,
    dead: saved.dead,
    doomed: saved.doomed,
  };
}

export function remove(mail: MailState, id: string): OpenMessage | undefined {
  const message = mail.open.get(id);
  if (message === undefined) return undefined;
  mail.open.delete(id);
  mail.back.delete(id);
  const box = mail.boxes.get(message.mailbox);
  box?.messages.delete(id);
  if (box?.messages.size === 0) mail.filled.delete(message.mailbox);
  if (message.holder !== undefined) mail.attempts.get(message.holder.taskId)?.held.delete(id);
  tidy(mail, message.mailbox);
  if (message.inReplyTo !== undefined) stirAsking(mail, message.mailbox);
  return message;
}

/** The message is at hand again, in its place. */
export function giveBack(mail: MailState, message: OpenMessage, retryAt: number | undefined): void {
  mail.back.delete(message.id);
  if (message.holder !== undefined) mail.attempts.get(message.holder.taskId)?.held.delete(message.id);
  message.holder = undefined;
  message.back = undefined;
  message.retryAt = retryAt;
  noteDue(mail, message);
  stir(mail, message.mailbox);
  disturb(mail, message.mailbox);
}

/** Whether a program has it. */
export const isLentTo = (message: OpenMessage | undefined, client: string): boolean =>
  message?.holder?.client === client;

/** A program has it, until the time is up. */
export function lend(mail: MailState, message: OpenMessage, client: string, until: number): void {
  message.holder = { taskId: '', attempt: 0, call: 0, client, until };
  message.retryAt = undefined;
  mail.due.push({ at: until, kind: 'lease', id: message.id });
}

export const failedBefore = (failed: readonly FailedDelivery[], one: FailedDelivery): readonly FailedDelivery[] =>
  [...failed, one].slice(-MAX_FAILED);

export const refusedBefore = ({ refused = [] }: AttemptMail, call: number, error: ErrorData): readonly RefusedCall[] =>
  [...refused, { call, error }].slice(-MAX_REFUSED);

export function awaitAt(mail: MailState, mailbox: string, receiver: Receiver): void {
  const key = receiverKey(receiver);
  boxAt(mail, mailbox).receivers.set(key, receiver);
  disturb(mail, mailbox);
  if (receiver.until !== undefined) mail.due.push({ at: receiver.until, kind: 'wait', id: `${mailbox} ${key}` });
  for (const message of notDueIn(mail, mailbox))
    mail.due.push({ at: message.retryAt ?? 0, kind: 'retry', id: message.id });
  stir(mail, mailbox);
}

export function awaitNoMore(mail: MailState, mailbox: string, key: string): void {
  mail.boxes.get(mailbox)?.receivers.delete(key);
  disturb(mail, mailbox);
  tidy(mail, mailbox);
}

/** The first of the messages that nobody may have yet: others follow when it comes. */
function* notDueIn(mail: MailState, mailbox: string): Generator<OpenMessage> {
  const box = mail.boxes.get(mailbox);
  if (box === undefined || box.receivers.size > 1) return;
  for (const message of box.messages.values()) if (message.retryAt !== undefined) yield message;
}

function noteDue(mail: MailState, { id, expiresAt, retryAt, mailbox, dead, holder }: OpenMessage): void {
  if (holder?.until !== undefined) mail.due.push({ at: holder.until, kind: 'lease', id });
  // Of one on its way, whoever it goes to says so: it may be there already.
  if (expiresAt !== undefined && dead === undefined && !isOutbox(mailbox))
    mail.due.push({ at: expiresAt, kind: 'expiry', id });
  if (retryAt !== undefined && isAwaited(mail, { mailbox })) mail.due.push({ at: retryAt, kind: 'retry', id });
}

/** Whether somebody waits where the message is. */
const isAwaited = (mail: MailState, { mailbox }: Pick<OpenMessage, 'mailbox'>): boolean =>
  (mail.boxes.get(mailbox)?.receivers.size ?? 0) > 0;

/** Whether what is noted to be due still is. */
function isDue(mail: MailState, { kind, id, at }: Due): boolean {
  if (kind === 'wait') {
    const [mailbox = '', ...key] = id.split(' ');
    return mail.boxes.get(mailbox)?.receivers.get(key.join(' '))?.until === at;
  }
  if (kind === 'deadline') {
    const one = mail.conversations.get(id);
    // The deadline of a team's call is that of its bids: what is proposed in time waits until it chooses.
    return one?.deadline === at && (one.stage === 'asked' || !isTeamName(one.initiator));
  }
  if (kind === 'hand-over') return mail.handOverUntil === at && !outboxesOf(mail).next().done;
  const message = mail.open.get(id);
  if (kind === 'lease') return message?.holder?.until === at;
  if (message === undefined || message.holder !== undefined) return false;
  // Whoever comes to wait there notes it anew.
  if (kind === 'retry') return message.retryAt === at && isAwaited(mail, message);
  return message.expiresAt === at && message.dead === undefined && !message.doomed;
}

/** Forgets what is due no more. What may be taken again by now is no longer waited for: it is looked at where it lies, by settle. */
export function forgetDue(mail: MailState, now: number): void {
  for (let first = mail.due.peek(); first !== undefined; first = mail.due.peek()) {
    const stillDue = isDue(mail, first);
    if (stillDue && (first.kind !== 'retry' || first.at > now)) return;
    mail.due.pop();
    const message = stillDue ? mail.open.get(first.id) : undefined;
    if (message !== undefined) stir(mail, message.mailbox);
  }
}

/** When the first of what is due is; of what may be taken again, after `now`: what may be by then was looked at, and nobody wants it. */
export function nextDue(mail: MailState, now = Number.NEGATIVE_INFINITY): number | undefined {
  for (let first = mail.due.peek(); first !== undefined; first = mail.due.peek()) {
    if (isDue(mail, first) && (first.kind !== 'retry' || first.at > now)) return first.at;
    mail.due.pop();
  }
  return undefined;
}

/** What is due by `now`, `most` of it at the most. */
export function* dueBy(mail: MailState, now: number): Generator<Due> {
  for (const due of mail.due.upTo(({ at }) => at <= now)) if (isDue(mail, due)) yield due;
}

/** Who waits, of a receiver that is due. */
export function receiverOf(mail: MailState, id: string): Receiver | undefined {
  const [mailbox = '', ...key] = id.split(' ');
  return mail.boxes.get(mailbox)?.receivers.get(key.join(' '));
}

/** Where something is on its way to other runs. */
export function* outboxesOf(mail: MailState): Generator<string> {
  if (mail.numbers.size === 0) return;
  for (const mailbox of mail.boxes.keys()) if (isOutbox(mailbox)) yield mailbox;
}

/** From now on the mailbox has what is published under the topic and is wanted; what it wanted before is of no concern any more. */
export function subscribe(mail: MailState, topic: string, mailbox: string, wanted: Wanted | undefined): void {
  const all = mail.subscriptions.get(topic);
  if (all === undefined) mail.subscriptions.set(topic, new Map([[mailbox, wanted]]));
  else all.set(mailbox, wanted);
}

export function unsubscribe(mail: MailState, topic: string, mailbox: string): void {
  const all = mail.subscriptions.get(topic);
  all?.delete(mailbox);
  if (all?.size === 0) mail.subscriptions.delete(topic);
}

/** The mailboxes are no more, and what they subscribe to goes with them. */
export function unsubscribeAll(mail: MailState, isGone: (mailbox: string) => boolean): void {
  for (const [topic, all] of [...mail.subscriptions])
    for (const mailbox of [...all.keys()]) if (isGone(mailbox)) unsubscribe(mail, topic, mailbox);
}

/** The mailboxes of the tasks in a block, at any depth, that have something in them. */
export function* filledWithin(mail: MailState, block: string): Generator<string> {
  for (const mailbox of mail.filled.within(block)) if (mailbox !== block) yield mailbox;
}

export const deadLetters = (mail: MailState): ReadonlyMap<string, OpenMessage> =>
  mail.boxes.get(DEAD_LETTERS)?.messages ?? new Map<string, OpenMessage>();

/** The oldest of those that are too many, and that nobody has; 256 at once. */
export function tooManyDead(mail: MailState): readonly string[] {
  const dead = deadLetters(mail);
  const gone: string[] = [];
  if (dead.size <= MAX_DEAD_LETTERS) return gone;
  for (const [id, { holder, back }] of dead) {
    if (gone.length === Math.min(dead.size - MAX_DEAD_LETTERS, MOST_DISCARDED)) break;
    if (holder === undefined && back === undefined) gone.push(id);
  }
  return gone;
}
