import { jsonSize, roughSize } from '../../../shared/json-size.ts';
import { exhausted, usedUp } from '../budgets.ts';
import type { DecisionContext } from '../decisions/decision-context.ts';
import { beyondLimit } from '../decisions/outcome.ts';
import { problem, type Refusal } from '../decisions/refusal.ts';
import type { MessageSent } from '../events.ts';
import type { RunState } from '../state.ts';
import { contentOf } from '../transitions/mail.ts';
import { mailboxOf } from './addresses.ts';
import { conversationProblem } from './conversations.ts';
import { DEFAULT_MAILBOX_LIMIT, mailboxDefinition } from './mail.ts';
import { DEAD_LETTERS, type Outgoing, type Party } from './message.ts';
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
  /** Those that are sent with it, before it, by mailbox. */
  readonly ahead?: ReadonlyMap<string, number>;
}

/** The event that a message is sent by, or why it cannot be. Nothing: it was, under the same key. */
export function sending(state: RunState, what: Sending, context: DecisionContext): MessageSent | Refusal | undefined {
  const { scope, from, id, message, more, ahead } = what;
  const limitChars = Math.min(MAX_MESSAGE_CHARS, context.maxPayloadChars);
  if (jsonSize(message.data, limitChars) > limitChars)
    return problem(
      'REPRISE_PAYLOAD_TOO_LARGE',
      `The message is larger than the limit of ${limitChars} characters of JSON. Pass a reference to large data instead.`,
    );
  const to = mailboxOf(state, scope, message.to);
  if (typeof to !== 'string') return to;
  if (to === DEAD_LETTERS)
    return problem('REPRISE_MAILBOX_UNKNOWN', `Nothing is sent to '${DEAD_LETTERS}': dead letters come there.`);
  const { data, performative, type, inReplyTo, expiresMs, deadlineMs, drop, key } = message;
  // What opens a conversation names it, unless it was given a name.
  const opens = protocolOf(performative ?? 'inform') !== undefined;
  const conversation = message.conversation ?? (opens ? id : undefined);
  const event: MessageSent = {
    type: 'MessageSent',
    at: context.now,
    message: id,
    from,
    to,
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
    const before = keys?.get(key);
    if (before !== undefined) {
      if (before.content === contentOf(event)) return undefined;
      return problem(
        'REPRISE_MESSAGE_CONFLICT',
        `'${from.task}' has said something else under the key ${JSON.stringify(key)}.`,
      );
    }
    if ((keys?.size ?? 0) >= MAX_KEYS) return invalid(`'${from.task}' has used ${MAX_KEYS} keys in this round`);
  }
  const broken = conversationProblem(state, event);
  if (broken !== undefined) return broken;
  const box = state.mail?.boxes.get(to);
  const limit = mailboxDefinition(state.definition.mailboxes, to)?.limit ?? DEFAULT_MAILBOX_LIMIT;
  if ((box?.messages.size ?? 0) + (ahead?.get(to) ?? 0) >= limit)
    return problem('REPRISE_MAILBOX_FULL', `${limit} messages are open in '${to}', which takes no more.`);
  const others = ahead === undefined ? 0 : [...ahead.values()].reduce((sum, count) => sum + count, 0);
  const over = from.task === undefined ? undefined : usedUp(state, scope, ['messages'], undefined, others);
  if (over !== undefined)
    return problem('REPRISE_BUDGET_EXHAUSTED', exhausted(over, `Another message of '${from.task}'`).message);
  const error = beyondLimit(state, `the message to '${to}'`, roughSize(data), context);
  return error === undefined ? event : problem('REPRISE_RUN_TOO_LARGE', error.message);
}

const invalid = (what: string): Refusal => problem('REPRISE_MESSAGE_INVALID', `The message cannot be sent: ${what}.`);
