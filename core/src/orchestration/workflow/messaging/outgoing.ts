import { errorData } from '../../../shared/errors.ts';
import { jsonSize, roughSize } from '../../../shared/json-size.ts';
import { type Ahead, costOfMessage, exhausted, usedUp } from '../budgets.ts';
import type { DecisionContext } from '../decisions/decision-context.ts';
import { beyondLimit } from '../decisions/outcome.ts';
import { type Answer, isRefusal, problem, type Refusal } from '../decisions/refusal.ts';
import type { MessageSent, RunEvent } from '../events.ts';
import type { RunState } from '../state.ts';
import { mailboxOf } from './addresses.ts';
import { deadLetterOf } from './came-back.ts';
import { conversationProblem, isLateProposal, opens, questionOf } from './conversations.ts';
import { placeOf } from './elsewhere.ts';
import { limitOf } from './mail.ts';
import { copyId, DEAD_LETTERS, type Outgoing, type Party } from './message.ts';
import { contentOf, isFull, openedBy } from './opened.ts';
import { isClient, isOutbox, outboxOf, placeText } from './outbox.ts';
import { protocolOf } from './protocols.ts';
import { recipientsOf, topicProblem } from './topics.ts';

/** Characters of JSON that a message may have, unless payloads may have fewer. */
export const MAX_MESSAGE_CHARS = 256 * 1024;

/** How many keys a task may use in one round. */
export const MAX_KEYS = 10_000;

/** Until when a question is to be answered of which nothing else is said. A subscription has no end of its own. */
export const DEFAULT_DEADLINE_MS = 10 * 60 * 1000;

/** About to be sent. */
export interface Sending {
  /** The block in which the address is looked up. */
  readonly scope: string;
  readonly from: Party;
  readonly id: string;
  readonly message: Outgoing;
  readonly more?: Pick<MessageSent, 'call' | 'worker' | 'commandId' | 'on'>;
  /** Whoever sends waits for what becomes of it. */
  readonly receipt?: boolean;
  /** Those that are sent with it, before it, by mailbox of the state; it is counted among them. */
  readonly ahead?: Map<string, number>;
  /** What those that are sent with it, before it, spend. One that is published is one, however many have it. */
  readonly spent?: Ahead;
}

/** The events that a message is sent by, that of itself first, or why it cannot be. None: it was, under the same key. */
export function sending(state: RunState, what: Sending, context: DecisionContext): Answer {
  const limitChars = Math.min(MAX_MESSAGE_CHARS, context.maxPayloadChars);
  if (jsonSize(what.message.data, limitChars) > limitChars)
    return problem(
      'REPRISE_PAYLOAD_TOO_LARGE',
      `The message is larger than the limit of ${limitChars} characters of JSON. Pass a reference to large data instead.`,
    );
  const events =
    what.message.topic === undefined ? toOne(state, what, context) : toAll(state, what, what.message.topic, context);
  if (!isRefusal(events) && events.length > 0) what.spent?.add(state, what.scope, costOfMessage(state, what.from));
  return events;
}

function toOne(state: RunState, what: Sending, context: DecisionContext): Answer {
  const { scope, message, ahead } = what;
  const place = placeOf(state, message.to ?? '', message.run);
  if ('code' in place) return place;
  const { run } = place;
  const here = message.run === undefined ? scope : '';
  const to = run === undefined && !isClient(place.to) ? mailboxOf(state, here, place.to) : place.to;
  if (typeof to !== 'string') return to;
  const mailbox = run === undefined ? to : outboxOf(run, to);
  if (to === DEAD_LETTERS)
    return problem('REPRISE_MAILBOX_UNKNOWN', `Nothing is sent to '${DEAD_LETTERS}': dead letters come there.`);
  if (isClient(to) && protocolOf(message.performative ?? 'inform') !== undefined)
    return problem('REPRISE_MESSAGE_INVALID', `'${to}' is a program, which is asked nothing.`);
  const waiting = ahead?.get(mailbox) ?? 0;
  const far =
    run === undefined
      ? {}
      : {
          run,
          n: (state.mail?.numbers.get(mailbox) ?? 0) + waiting + 1,
          ...(what.receipt === true ? { receipt: 'wanted' as const } : {}),
        };
  const event = eventOf(state, what, { to, ...far }, context);
  const said = saidBefore(state, event);
  if (said !== undefined) return said;
  const broken = conversationProblem(state, event) ?? budgetProblem(state, what);
  if (broken !== undefined) return broken;
  if (isLateProposal(state, event)) return [{ ...event, late: true }, rejectionOf(event)];
  if (isFull(state, mailbox, waiting)) return problem('REPRISE_MAILBOX_FULL', full(state, mailbox));
  const error = beyondLimit(state, `the message to ${placeText(mailbox)}`, roughSize(event.data), context);
  if (error !== undefined) return problem('REPRISE_RUN_TOO_LARGE', error.message);
  ahead?.set(mailbox, waiting + 1);
  return [event];
}

/** Whoever called for proposals hears nothing of one that comes too late; who makes it is told so. */
function rejectionOf({ at, message, from, to, subject, conversation }: MessageSent): MessageSent {
  const why = `'${to}' takes no proposals in '${conversation}' any more.`;
  return {
    type: 'MessageSent',
    at,
    message: `${message}!`,
    from: { task: to },
    to: from.task ?? to,
    data: { code: 'REPRISE_REPLY_TIMEOUT', message: why },
    performative: 'reject-proposal',
    ...(subject === undefined ? {} : { subject }),
    ...(conversation === undefined ? {} : { conversation }),
    inReplyTo: message,
    onBehalf: true,
  };
}

/** One event for all that subscribe. Whose mailbox is full has it as a dead letter; the others get it. */
function toAll(state: RunState, what: Sending, topic: string, context: DecisionContext): Answer {
  const { ahead } = what;
  const unknown = topicProblem(state, topic);
  if (unknown !== undefined) return unknown;
  const event = eventOf(state, what, { to: topic }, context);
  const said = saidBefore(state, event);
  if (said !== undefined) return said;
  const recipients = recipientsOf(state, topic, openedBy({ ...event, recipients: [] }, event.message, topic));
  if ('code' in recipients) return recipients;
  const published = { ...event, recipients };
  const broken = conversationProblem(state, published) ?? budgetProblem(state, what);
  if (broken !== undefined) return broken;
  const size = roughSize(event.data) * recipients.length;
  const error = beyondLimit(state, `the message to the ${recipients.length} subscribers of '${topic}'`, size, context);
  if (error !== undefined) return problem('REPRISE_RUN_TOO_LARGE', error.message);
  const dead: RunEvent[] = [];
  for (const mailbox of recipients) {
    const before = ahead?.get(mailbox) ?? 0;
    if (!isFull(state, mailbox, before)) ahead?.set(mailbox, before + 1);
    else {
      const message = openedBy(published, copyId(event.message, mailbox), mailbox);
      const why = errorData('REPRISE_MAILBOX_FULL', full(state, mailbox));
      dead.push(deadLetterOf(state, message, why, [], context.now));
    }
  }
  return [published, ...dead];
}

/** What is sent with it, before it, is spent, too. */
function budgetProblem(state: RunState, { scope, from, spent }: Sending): Refusal | undefined {
  const over = usedUp(state, scope, costOfMessage(state, from), spent);
  if (over === undefined) return undefined;
  const { message, details } = exhausted(over, `Another message of '${from.task}'`);
  return { ...problem('REPRISE_BUDGET_EXHAUSTED', message), ...(details === undefined ? {} : { details }) };
}

function full(state: RunState, mailbox: string): string {
  const limit = limitOf(state.definition.mailboxes, mailbox);
  return isOutbox(mailbox)
    ? `${limit} messages to ${placeText(mailbox)} are on their way, and it takes none of them; no more may be.`
    : `${limit} messages are open in '${mailbox}', which takes no more.`;
}

function eventOf(
  state: RunState,
  { from, id, message, more }: Sending,
  place: Pick<MessageSent, 'to' | 'run' | 'n' | 'receipt'>,
  { now: at }: DecisionContext,
): MessageSent {
  const { data, performative, type, inReplyTo, expiresMs, deadlineMs, drop, key } = message;
  // What opens a conversation names it, unless it was given a name.
  const protocol = protocolOf(performative ?? 'inform');
  const conversation = message.conversation ?? (protocol === undefined ? undefined : id);
  const event: MessageSent = {
    type: 'MessageSent',
    at,
    message: id,
    from,
    ...place,
    data,
    ...(performative === undefined ? {} : { performative }),
    ...(type === undefined ? {} : { subject: type }),
    ...(conversation === undefined ? {} : { conversation }),
    ...(inReplyTo === undefined ? {} : { inReplyTo }),
    ...(expiresMs === undefined ? {} : { expiresAt: at + Math.ceil(expiresMs) }),
    ...(deadlineMs === undefined ? {} : { deadline: at + Math.ceil(deadlineMs) }),
    ...(drop === true ? { drop } : {}),
    ...(key === undefined ? {} : { key }),
    ...more,
  };
  const question = inReplyTo === undefined && conversation !== undefined ? questionOf(state, event) : undefined;
  // What has a key has to say the same once its conversation is over, and another name does not tell what had opened that.
  if (question !== undefined && (key === undefined || question === conversation))
    return { ...event, inReplyTo: question };
  const isAsked = deadlineMs === undefined && protocol !== 'subscribe' && opens(state, event);
  return isAsked ? { ...event, deadline: at + DEFAULT_DEADLINE_MS } : event;
}

/** What a message says that is open: a task that begins again as if for the first time has forgotten its keys, and not what lies about. */
function openContent({ mail }: RunState, id: string): string | undefined {
  const open = mail?.open.get(id);
  if (open === undefined) return undefined;
  const { subject, dead, mailbox, ...said } = open;
  return contentOf({ ...said, to: dead?.mailbox ?? mailbox, ...(subject === undefined ? {} : { subject }) });
}

/** What was said before under its key: no events when it was the same. Undefined when it is yet to be said. */
function saidBefore(state: RunState, event: MessageSent): readonly [] | Refusal | undefined {
  const { key, from } = event;
  const isTaken = state.mail?.open.has(event.message) === true;
  const taken = problem('REPRISE_MESSAGE_CONFLICT', `There is a message '${event.message}' already.`);
  if (key === undefined || from.task === undefined) return isTaken ? taken : undefined;
  const keys = state.mail?.keys.get(from.task);
  const before = keys?.get(key)?.content ?? openContent(state, event.message);
  if (before !== undefined) {
    // It was said in its conversation, which is over, and then answered what had opened that.
    const { conversation = '' } = event;
    if (before === contentOf(event) || before === contentOf({ inReplyTo: conversation, ...event })) return [];
    return problem(
      'REPRISE_MESSAGE_CONFLICT',
      `'${from.task}' has said something else under the key ${JSON.stringify(key)}.`,
    );
  }
  if (isTaken) return taken;
  return (keys?.size ?? 0) < MAX_KEYS
    ? undefined
    : problem(
        'REPRISE_MESSAGE_INVALID',
        `The message cannot be sent: '${from.task}' has used ${MAX_KEYS} keys in this round.`,
      );
}
