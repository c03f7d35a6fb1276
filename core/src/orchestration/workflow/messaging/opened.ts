import { sha256 } from '../../../shared/hash.ts';
import type { MessageReceived, MessageSent } from '../events.ts';
import type { RunState } from '../state.ts';
import { limitOf, type OpenMessage } from './mail.ts';
import { sentTo } from './outbox.ts';

/** The message that somebody has to take, once it was sent: `id` and `mailbox` are those of a copy, where it was published. */
export function openedBy(event: MessageSent | MessageReceived, id: string, mailbox: string): OpenMessage {
  const { from, to, data, performative, subject, conversation, inReplyTo, expiresAt, drop, receipt, ask } = event;
  const isHere = event.type === 'MessageReceived';
  const recipients = isHere ? undefined : event.recipients;
  const before = isHere ? event.handedOn : undefined;
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
    sentAt: isHere ? event.sentAt : event.at,
    expiresAt,
    ...(isHere ? {} : onItsWay(event)),
    ...(receipt === undefined ? {} : { receipt }),
    ...(ask === undefined ? {} : { ask }),
    deliveries: before?.deliveries ?? 0,
    losses: before?.losses ?? 0,
    retryAt: before?.retryAt,
    holder: undefined,
    back: undefined,
    failed: before?.failed ?? [],
    dead: undefined,
    doomed: false,
  };
}

/** What the other run is to know of one that goes there. */
const onItsWay = ({ n, deadline, onBehalf }: MessageSent) =>
  n === undefined
    ? {}
    : { n, ...(deadline === undefined ? {} : { deadline }), ...(onBehalf === undefined ? {} : { onBehalf }) };

/** Whether the mailbox takes no more, once it has `more` than it has. */
export const isFull = (state: RunState, mailbox: string, more = 0): boolean =>
  (state.mail?.boxes.get(mailbox)?.messages.size ?? 0) + more >= limitOf(state.definition.mailboxes, mailbox);

/** What a message says, as a hash: what is said again under the same key has to be the same. */
export const contentOf = (
  event: Pick<MessageSent, 'to' | 'run' | 'data' | 'performative' | 'subject' | 'conversation' | 'inReplyTo'>,
): string =>
  sha256(
    JSON.stringify([sentTo(event), event.data, event.performative, event.subject, event.conversation, event.inReplyTo]),
  );
