import type { Wanted } from '../../../shared/received-message.ts';
import { addConversation } from './conversations.ts';
import {
  type AttemptMail,
  awaitAt,
  boxAt,
  type ConversationState,
  createMail,
  inOrder,
  type MailState,
  type Mark,
  type OpenMessage,
  putIn,
  type Receiver,
  type SentUnderKey,
  stirAll,
  subscribe,
  type Told,
} from './mail.ts';

// The messages of a run as lines of a snapshot, mostly one: mailboxes in their order, with what is in them and who waits at them, and all else.

interface SavedBox {
  readonly mailbox: string;
  readonly messages: readonly OpenMessage[];
  readonly receivers: readonly Receiver[];
}

type SavedAttempt = Omit<AttemptMail, 'waits' | 'held'> & {
  readonly waits: readonly (readonly [number, string])[];
  readonly held: readonly string[];
};

interface SavedSubscription {
  readonly topic: string;
  readonly mailbox: string;
  readonly wanted?: Wanted;
}

/** One line. The last has all that is not of one mailbox. */
export interface SavedMail {
  readonly boxes: readonly SavedBox[];
  readonly rest?: {
    readonly attempts: readonly (readonly [string, SavedAttempt])[];
    readonly keys: readonly (readonly [string, readonly (readonly [string, SentUnderKey])[]])[];
    readonly back: readonly string[];
    readonly left: readonly (readonly [string, readonly string[]])[];
    readonly order: readonly string[];
    readonly conversations: readonly ConversationState[];
    readonly subscriptions?: readonly SavedSubscription[];
    readonly owed: readonly (readonly [string, string])[];
    /** Absent: nothing goes to other runs, or came from there. */
    readonly elsewhere?: {
      readonly numbers: readonly (readonly [string, number])[];
      readonly marks: readonly (readonly [string, Mark])[];
      readonly receipts: readonly (readonly [string, Told])[];
      readonly told: readonly string[];
      readonly asks: readonly (readonly [string, string])[];
      readonly handOverUntil?: number;
    };
  };
}

/** Mailboxes and messages of a line: what is made or read without a pause. */
const PARTS_A_LINE = 500;

export function* savedMail(mail: MailState): Generator<SavedMail> {
  let boxes: SavedBox[] = [];
  let parts = 0;
  for (const [mailbox, { messages, receivers }] of mail.boxes) {
    let some: OpenMessage[] = [];
    for (const message of messages.values()) {
      some.push(message);
      parts += 1;
      if (parts < PARTS_A_LINE) continue;
      yield { boxes: [...boxes, { mailbox, messages: some, receivers: [] }] };
      [boxes, some, parts] = [[], [], 0];
    }
    boxes.push({ mailbox, messages: some, receivers: [...receivers.values()] });
    parts += 1;
  }
  yield {
    boxes,
    rest: {
      attempts: [...mail.attempts].map(([task, { waits, held, ...others }]) => [
        task,
        { ...others, waits: [...waits], held: [...held] },
      ]),
      keys: [...mail.keys].map(([task, keys]) => [task, [...keys]]),
      back: [...mail.back],
      left: [...mail.left],
      order: [...mail.open.keys()],
      conversations: [...mail.conversations.values()],
      ...(mail.subscriptions.size === 0 ? {} : { subscriptions: savedSubscriptions(mail) }),
      owed: [...mail.owed],
      ...elsewhereOf(mail),
    },
  };
}

function elsewhereOf({ numbers, marks, receipts, told, asks, handOverUntil }: MailState): object {
  if (numbers.size === 0 && marks.size === 0 && receipts.size === 0 && told.size === 0) return {};
  const elsewhere = {
    numbers: [...numbers],
    marks: [...marks],
    receipts: [...receipts],
    told: [...told],
    asks: [...asks],
  };
  return { elsewhere: { ...elsewhere, ...(handOverUntil === undefined ? {} : { handOverUntil }) } };
}

const savedSubscriptions = (mail: MailState): readonly SavedSubscription[] =>
  [...mail.subscriptions].flatMap(([topic, all]) =>
    [...all].map(([mailbox, wanted]) => ({ topic, mailbox, ...(wanted === undefined ? {} : { wanted }) })),
  );

export function restoreMail(given: MailState | undefined, saved: SavedMail): MailState {
  const mail = given ?? createMail();
  for (const { mailbox, messages, receivers } of saved.boxes) {
    boxAt(mail, mailbox);
    for (const message of messages) putIn(mail, inOrder(message));
    for (const receiver of receivers) awaitAt(mail, mailbox, receiver);
  }
  return saved.rest === undefined ? mail : restoreRest(mail, saved.rest);
}

function restoreRest(mail: MailState, saved: NonNullable<SavedMail['rest']>): MailState {
  for (const [task, { attempt, worker, past, calls, waits, held, published, refused }] of saved.attempts)
    mail.attempts.set(task, {
      attempt,
      worker,
      past,
      calls,
      waits: new Map(waits),
      held: new Set(held),
      ...(published === undefined ? {} : { published }),
      ...(refused === undefined ? {} : { refused }),
    });
  for (const [task, keys] of saved.keys) mail.keys.set(task, new Map(keys));
  for (const id of saved.back) mail.back.add(id);
  for (const [scope, ids] of saved.left) mail.left.set(scope, [...ids]);
  // In the order in which they came, over all mailboxes.
  const open = new Map(mail.open);
  mail.open.clear();
  for (const id of saved.order) {
    const message = open.get(id);
    if (message !== undefined) mail.open.set(id, message);
  }
  for (const one of saved.conversations) addConversation(mail, conversing(one));
  for (const { topic, mailbox, wanted } of saved.subscriptions ?? []) subscribe(mail, topic, mailbox, wanted);
  for (const [id, why] of saved.owed) mail.owed.set(id, why);
  const { numbers = [], marks = [], receipts = [], told = [], asks = [], handOverUntil } = saved.elsewhere ?? {};
  for (const [outbox, n] of numbers) mail.numbers.set(outbox, n);
  for (const [key, { n, at }] of marks) mail.marks.set(key, { n, at });
  for (const [id, { to, outcome }] of receipts) mail.receipts.set(id, { to, outcome });
  for (const id of told) mail.told.add(id);
  for (const [ask, name] of asks) mail.asks.set(ask, name);
  mail.handOverUntil = handOverUntil;
  if (handOverUntil !== undefined) mail.due.push({ at: handOverUntil, kind: 'hand-over', id: '' });
  stirAll(mail);
  return mail;
}

/** All fields, in the order that a digest has them in. */
const conversing = (saved: ConversationState): ConversationState => ({
  id: saved.id,
  conversation: saved.conversation,
  protocol: saved.protocol,
  stage: saved.stage,
  initiator: saved.initiator,
  mailbox: saved.mailbox,
  participant: saved.participant,
  subject: saved.subject,
  since: saved.since,
  deadline: saved.deadline,
  ...(saved.before === undefined ? {} : { before: saved.before }),
});
