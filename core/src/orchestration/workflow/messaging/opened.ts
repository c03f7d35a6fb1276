import { sha256 } from '../../../shared/hash.ts';
import type { MessageSent } from '../events.ts';
import type { RunState } from '../state.ts';
import { limitOf, type OpenMessage } from './mail.ts';

/** The message that somebody has to take, once it was sent: `id` and `mailbox` are those of a copy, where it was published. */
export function openedBy(event: MessageSent, id: string, mailbox: string): OpenMessage {
  const { from, to, recipients, data, performative, subject, conversation, inReplyTo, expiresAt, drop } = event;
  return {
    id,
    from,
    mailbox,
    ...(recipients === undefined ? {} : { topic: to }),
    data,
    ...(performative === undefined ? {} : { performative }),
    subject,
    ...(conversation === undefined ? {} : { conversation }),
    ...(inReplyTo === undefined ? {} : { inReplyTo }),
    ...(drop === undefined ? {} : { drop }),
    sentAt: event.at,
    expiresAt,
    deliveries: 0,
    losses: 0,
    retryAt: undefined,
    holder: undefined,
    back: undefined,
    failed: [],
    dead: undefined,
    doomed: false,
  };
}

/** Whether the mailbox takes no more, once it has `more` than it has. */
export const isFull = (state: RunState, mailbox: string, more = 0): boolean =>
  (state.mail?.boxes.get(mailbox)?.messages.size ?? 0) + more >= limitOf(state.definition.mailboxes, mailbox);

/** What a message says, as a hash: what is said again under the same key has to be the same. */
export const contentOf = (
  event: Pick<MessageSent, 'to' | 'data' | 'performative' | 'subject' | 'conversation' | 'inReplyTo'>,
): string =>
  sha256(
    JSON.stringify([event.to, event.data, event.performative, event.subject, event.conversation, event.inReplyTo]),
  );
