import type { Wanted } from '../../../shared/received-message.ts';
import { addConversation } from './conversations.ts';
import {
  type AttemptMail,
  awaitAt,
  boxAt,
  type ConversationState,
  createMail,
  type MailState,
  type OpenMessage,
  putIn,
  type Receiver,
  type SentUnderKey,
  stirAll,
  subscribe,
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
    },
  };
}

const savedSubscriptions = (mail: MailState): readonly SavedSubscription[] =>
  [...mail.subscriptions].flatMap(([topic, all]) =>
    [...all].map(([mailbox, wanted]) => ({ topic, mailbox, ...(wanted === undefined ? {} : { wanted }) })),
  );

export function restoreMail(given: MailState | undefined, saved: SavedMail): MailState {
  const mail = given ?? createMail();
  for (const { mailbox, messages, receivers } of saved.boxes) {
    boxAt(mail, mailbox);
    for (const message of messages) putIn(mail, restored(message));
    for (const receiver of receivers) awaitAt(mail, mailbox, receiver);
  }
  return saved.rest === undefined ? mail : restoreRest(mail, saved.rest);
}

function restoreRest(mail: MailState, saved: NonNullable<SavedMail['rest']>): MailState {
  for (const [task, { attempt, worker, past, calls, waits, held, published }] of saved.attempts)
    mail.attempts.set(task, {
      attempt,
      worker,
      past,
      calls,
      waits: new Map(waits),
      held: new Set(held),
      ...(published === undefined ? {} : { published }),
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
});

/** Likewise. */
function restored(saved: OpenMessage): OpenMessage {
  const { id, from, mailbox, topic, data, performative, subject, conversation, inReplyTo, drop, sentAt } = saved;
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
