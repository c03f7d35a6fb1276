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
  stirAll,
} from './mail.ts';

// The messages of a run as lines of a snapshot: mailboxes in their order, with what is in them and who waits at them, then all else.

/** One line. */
export type SavedMail =
  | { readonly mailbox: string; readonly messages: readonly OpenMessage[]; readonly receivers: readonly Receiver[] }
  | {
      readonly attempts: readonly (readonly [
        string,
        Omit<AttemptMail, 'waits' | 'held'> & {
          readonly waits: readonly (readonly [number, string])[];
          readonly held: readonly string[];
        },
      ])[];
      readonly keys: readonly (readonly [
        string,
        readonly (readonly [string, { readonly message: string; readonly content: string }])[],
      ])[];
      readonly back: readonly string[];
      readonly left: readonly (readonly [string, readonly string[]])[];
      readonly order: readonly string[];
      readonly conversations: readonly ConversationState[];
      readonly owed: readonly (readonly [string, string])[];
    };

/** Messages of a line: what is made or read without a pause. */
const MESSAGES_A_LINE = 500;

export function* savedMail(mail: MailState): Generator<SavedMail> {
  for (const [mailbox, { messages, receivers }] of mail.boxes) {
    let some: OpenMessage[] = [];
    for (const message of messages.values()) {
      some.push(message);
      if (some.length < MESSAGES_A_LINE) continue;
      yield { mailbox, messages: some, receivers: [] };
      some = [];
    }
    yield { mailbox, messages: some, receivers: [...receivers.values()] };
  }
  yield {
    attempts: [...mail.attempts].map(([task, { attempt, worker, calls, waits, held }]) => [
      task,
      { attempt, worker, calls, waits: [...waits], held: [...held] },
    ]),
    keys: [...mail.keys].map(([task, keys]) => [task, [...keys]]),
    back: [...mail.back],
    left: [...mail.left],
    order: [...mail.open.keys()],
    conversations: [...mail.conversations.values()],
    owed: [...mail.owed],
  };
}

export function restoreMail(given: MailState | undefined, saved: SavedMail): MailState {
  const mail = given ?? createMail();
  if ('mailbox' in saved) {
    boxAt(mail, saved.mailbox);
    for (const message of saved.messages) putIn(mail, restored(message));
    for (const receiver of saved.receivers) awaitAt(mail, saved.mailbox, receiver);
    return mail;
  }
  for (const [task, { attempt, worker, calls, waits, held }] of saved.attempts)
    mail.attempts.set(task, { attempt, worker, calls, waits: new Map(waits), held: new Set(held) });
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
  for (const {
    id,
    conversation,
    protocol,
    stage,
    initiator,
    mailbox,
    participant,
    subject,
    ...more
  } of saved.conversations) {
    const { since, deadline } = more;
    addConversation(mail, {
      id,
      conversation,
      protocol,
      stage,
      initiator,
      mailbox,
      participant,
      subject,
      since,
      deadline,
    });
  }
  for (const [id, why] of saved.owed) mail.owed.set(id, why);
  stirAll(mail);
  return mail;
}

/** All fields, in the order that a digest has them in. */
function restored(saved: OpenMessage): OpenMessage {
  const { id, from, mailbox, data, performative, subject, conversation, inReplyTo, drop, sentAt, expiresAt } = saved;
  return {
    id,
    from,
    mailbox,
    data,
    ...(performative === undefined ? {} : { performative }),
    subject,
    ...(conversation === undefined ? {} : { conversation }),
    ...(inReplyTo === undefined ? {} : { inReplyTo }),
    ...(drop === undefined ? {} : { drop }),
    sentAt,
    expiresAt,
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
