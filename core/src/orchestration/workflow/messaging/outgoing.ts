import { jsonSize, roughSize } from '../../../shared/json-size.ts';
import type { DecisionContext } from '../decisions/decision-context.ts';
import { beyondLimit } from '../decisions/outcome.ts';
import { problem, type Refusal } from '../decisions/refusal.ts';
import type { MessageSent } from '../events.ts';
import type { RunState } from '../state.ts';
import { contentOf } from '../transitions/mail.ts';
import { mailboxOf } from './addresses.ts';
import { conversationProblem } from './conversations.ts';
import { placeOf } from './elsewhere.ts';
import { DEFAULT_MAILBOX_LIMIT, mailboxDefinition } from './mail.ts';
import { DEAD_LETTERS, type Outgoing, type Party } from './message.ts';
import { isClient, isOutbox, outboxOf, placeText } from './outbox.ts';
import { protocolOf } from './protocols.ts';

/** Characters of JSON that a message may have, unless payloads may have fewer. */
export const MAX_MESSAGE_CHARS = 256 * 1024;

/** How many keys a task may use in one round. */
export const MAX_KEYS = 10_000;

/** About to be sent. */
export interface Sending {
  /** The block in which the address is looked up. */
  readonly scope: string;
  readonly from: Party;
  readonly id: string;
  readonly message: Outgoing;
  readonly more?: Pick<MessageSent, 'call' | 'worker' | 'commandId'>;
  /** Whoever sends waits for what becomes of it. */
  readonly receipt?: boolean;
  /** Those that are sent with it, before it, by mailbox of the state. */
  readonly ahead?: ReadonlyMap<string, number>;
}

/** The event that a message is sent by, or why it cannot be. Nothing: it was, under the same key. */
export function sending(state: RunState, what: Sending, context: DecisionContext): MessageSent | Refusal | undefined {
  const { scope, from, id, message, more, receipt, ahead } = what;
  const limitChars = Math.min(MAX_MESSAGE_CHARS, context.maxPayloadChars);
  if (jsonSize(message.data, limitChars) > limitChars)
    return problem(
      'REPRISE_PAYLOAD_TOO_LARGE',
      `The message is larger than the limit of ${limitChars} characters of JSON. Pass a reference to large data instead.`,
    );
  const place = placeOf(state, message.to, message.run);
  if ('code' in place) return place;
  const { run } = place;
  const here = message.run === undefined ? scope : '';
  const to = run === undefined && !isClient(place.to) ? mailboxOf(state, here, place.to) : place.to;
  if (typeof to !== 'string') return to;
  const mailbox = run === undefined ? to : outboxOf(run, to);
  if (to === DEAD_LETTERS)
    return problem('REPRISE_MAILBOX_UNKNOWN', `Nothing is sent to '${DEAD_LETTERS}': dead letters come there.`);
  const { data, performative, type, inReplyTo, expiresMs, deadlineMs, drop, key } = message;
  // What opens a conversation names it, unless it was given a name.
  const opens = protocolOf(performative ?? 'inform') !== undefined;
  const conversation = message.conversation ?? (opens ? id : undefined);
  if (opens && isClient(to)) return invalid(`'${to}' is a program, which is asked nothing`);
  const waiting = ahead?.get(mailbox) ?? 0;
  const event: MessageSent = {
    type: 'MessageSent',
    at: context.now,
    message: id,
    from,
    to,
    ...(run === undefined ? {} : { run, n: (state.mail?.numbers.get(mailbox) ?? 0) + waiting + 1 }),
    ...(receipt === true && run !== undefined ? { receipt: 'wanted' } : {}),
    data,
    ...(performative === undefined ? {} : { performative }),
    ...(type === undefined ? {} : { subject: type }),
    ...(conversation === undefined ? {} : { conversation }),
    ...(inReplyTo === undefined ? {} : { inReplyTo }),
    ...(expiresMs === undefined ? {} : { expiresAt: context.now + Math.ceil(expiresMs) }),
    ...(deadlineMs === undefined ? {} : { deadline: context.now + Math.ceil(deadlineMs) }),
    ...(drop === true ? { drop } : {}),
    ...(key === undefined ? {} : { key }),
    ...more,
  };
  if (key !== undefined && from.task !== undefined) {
    const keys = state.mail?.keys.get(from.task);
    const before = keys?.get(key)?.content ?? openContent(state, id);
    if (before !== undefined) {
      if (before === contentOf(event)) return undefined;
      return problem(
        'REPRISE_MESSAGE_CONFLICT',
        `'${from.task}' has said something else under the key ${JSON.stringify(key)}.`,
      );
    }
    if ((keys?.size ?? 0) >= MAX_KEYS) return invalid(`'${from.task}' has used ${MAX_KEYS} keys in this round`);
  }
  const broken = conversationProblem(state, { ...event, mailbox });
  if (broken !== undefined) return broken;
  const box = state.mail?.boxes.get(mailbox);
  const limit = mailboxDefinition(state.definition.mailboxes, mailbox)?.limit ?? DEFAULT_MAILBOX_LIMIT;
  if ((box?.messages.size ?? 0) + waiting >= limit) return problem('REPRISE_MAILBOX_FULL', fullText(mailbox, limit));
  const error = beyondLimit(state, `the message to ${placeText(mailbox)}`, roughSize(data), context);
  return error === undefined ? event : problem('REPRISE_RUN_TOO_LARGE', error.message);
}

const fullText = (mailbox: string, limit: number): string =>
  isOutbox(mailbox)
    ? `${limit} messages to ${placeText(mailbox)} are on their way, and it takes none of them; no more may be.`
    : `${limit} messages are open in '${mailbox}', which takes no more.`;

/** What a message says that is open: a task that begins again as if for the first time has forgotten its keys, and not what lies about. */
function openContent({ mail }: RunState, id: string): string | undefined {
  const open = mail?.open.get(id);
  if (open === undefined) return undefined;
  const { subject, dead, mailbox, ...said } = open;
  return contentOf({ ...said, to: dead?.mailbox ?? mailbox, ...(subject === undefined ? {} : { subject }) });
}

const invalid = (what: string): Refusal => problem('REPRISE_MESSAGE_INVALID', `The message cannot be sent: ${what}.`);
