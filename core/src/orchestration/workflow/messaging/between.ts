import type { ErrorData } from '../../../shared/errors.ts';
import { jsonSize, roughSize } from '../../../shared/json-size.ts';
import type { MailBetween, NoteUndelivered, ReceiveMessage } from '../commands.ts';
import type { DecisionContext } from '../decisions/decision-context.ts';
import { beyondLimit } from '../decisions/outcome.ts';
import { type Answer, isRefusal, problem } from '../decisions/refusal.ts';
import { reject } from '../decisions/rejection.ts';
import type { MessageReceived, RunEvent } from '../events.ts';
import { hasEnded, type RunState } from '../state.ts';
import { mailboxOf } from './addresses.ts';
import { refuseAsk } from './ask.ts';
import { deadLetterOf } from './came-back.ts';
import { conversationProblem } from './conversations.ts';
import { isMailboxRun, MAILBOX_INBOX, MAILBOX_WORKFLOW, mailboxRun } from './elsewhere.ts';
import { DEFAULT_MAILBOX_LIMIT, isUnwanted, mailboxDefinition, type OpenMessage } from './mail.ts';
import { DEAD_LETTERS, type Party } from './message.ts';
import { openedBy } from './opened.ts';
import { beyond, DEDUPE_MS, isClient, isOutbox, outboxOf, partyAt, placeText } from './outbox.ts';
import { MAX_MESSAGE_CHARS } from './outgoing.ts';
import { protocolOf } from './protocols.ts';

// Messages between runs: the sender's event, the receiver's, and the sender's that it has been received. Each command may come again, and late: numbers tell.
//
//   sender: MessageSent (n) ──ReceiveMessage──► receiver: MessageReceived (mark n) ──NoteHandedOver──► sender: MessagesHandedOver (up to n)
//                                                └─ refused for good ──NoteUndelivered──► sender: MessageDeadLettered

export function decideBetween(state: RunState, command: MailBetween, context: DecisionContext): readonly RunEvent[] {
  switch (command.type) {
    case 'ReceiveMessage': {
      const answer = received(state, command, context);
      return isRefusal(answer) ? [reject(command, answer.code, answer.message, context)] : answer;
    }
    case 'NoteHandedOver': {
      const { outbox, upTo } = command;
      for (const { n = 0 } of state.mail?.boxes.get(outbox)?.messages.values() ?? [])
        return n <= upTo ? [{ type: 'MessagesHandedOver', at: context.now, ...beyond(outbox), upTo }] : [];
      return [];
    }
    case 'NoteUndelivered':
      return undelivered(state, command, context);
    default:
      return command satisfies never;
  }
}

/** Whether the run has taken it, or one of a higher number. */
export const isTaken = (state: RunState, { from, sent, n }: ReceiveMessage): boolean =>
  (state.mail?.marks.get(outboxOf(from, sent.to))?.n ?? 0) >= n;

function received(state: RunState, command: ReceiveMessage, context: DecisionContext): Answer {
  const { from: sender, tenant, n, after, since, sent } = command;
  const { now } = context;
  if (isTaken(state, command)) return [];
  if (tenant !== state.tenant)
    return problem('REPRISE_RUN_NOT_FOUND', `There is no run '${state.runId}' for whoever sends.`);
  const mark = state.mail?.marks.get(outboxOf(sender, sent.to));
  if (after > (mark?.n ?? 0))
    return problem('REPRISE_MESSAGE_OUT_OF_ORDER', `Message ${after} of run '${sender}' is to come before ${n}.`);
  if (mark === undefined && since < now - DEDUPE_MS)
    return problem('REPRISE_MESSAGE_STALE', `The message was sent more than ${DEDUPE_MS / 86_400_000} days ago.`);
  const { expiresAt = now + 1, receipt, message: id } = sent;
  const dead = sent.handedOn?.dead;
  const isQuestion = protocolOf(sent.performative ?? 'inform') !== undefined;
  const until = isQuestion ? Math.min(expiresAt, sent.deadline ?? expiresAt) : expiresAt;
  // What is handed on is its name's, also when its time is up.
  if (until <= now && sent.handedOn === undefined)
    return problem('REPRISE_MESSAGE_EXPIRED', `Run '${state.runId}' could not take the message in time.`);
  const origin = { run: sender, to: sent.to, n };
  const event: MessageReceived = {
    type: 'MessageReceived',
    at: now,
    ...sent,
    from: fromHere(state, sent.from),
    origin,
  };
  const { ask } = sent;
  if (ask?.over === true && isHandedOnTo(state, sender, sent.to))
    return [event, ...refuseAsk(state, sent.to, ask.id, sent.data as unknown as ErrorData, context)];
  if (ask !== undefined)
    return isMailboxRun(state, sent.to)
      ? [{ ...event, to: MAILBOX_INBOX }]
      : problem('REPRISE_MAILBOX_UNKNOWN', `Run '${state.runId}' is no name of no run: nobody asks there.`);
  // They are done with as they come.
  if (receipt === 'acknowledged' || receipt === 'failed' || isClient(sent.to)) return [event];
  const to =
    sent.handedOn !== undefined && isHandedOnTo(state, sender, sent.to) ? sent.to : mailboxOf(state, '', sent.to);
  if (typeof to !== 'string') return { ...to, message: `In run '${state.runId}': ${to.message}` };
  if (to === DEAD_LETTERS)
    return problem('REPRISE_MAILBOX_UNKNOWN', `Nothing is sent to '${DEAD_LETTERS}': dead letters come there.`);
  const limitChars = Math.min(MAX_MESSAGE_CHARS, context.maxPayloadChars);
  if (jsonSize(sent.data, limitChars) > limitChars)
    return problem('REPRISE_PAYLOAD_TOO_LARGE', `The message is larger than the limit of ${limitChars} characters.`);
  const there = state.mail?.open.get(id);
  // It comes back before it is on record here that the other had it.
  if (there !== undefined && isOutbox(there.mailbox))
    return problem(
      'REPRISE_MESSAGE_OUT_OF_ORDER',
      `Message '${id}' is on its way to ${placeText(there.mailbox)} still.`,
    );
  // Forks of one run say the same under the same key.
  if (there !== undefined) return [];
  const here = { ...event, to };
  const broken = conversationProblem(state, here);
  if (broken !== undefined) return broken;
  if (dead !== undefined) {
    const message = openedBy(here, id, to);
    return [here, deadLetterOf(state, message, dead.error, message.failed, now)];
  }
  const limit = mailboxDefinition(state.definition.mailboxes, to)?.limit ?? DEFAULT_MAILBOX_LIMIT;
  if ((state.mail?.boxes.get(to)?.messages.size ?? 0) >= limit)
    return problem('REPRISE_MAILBOX_FULL', `${limit} messages are open in '${to}', which takes no more.`);
  const error = beyondLimit(state, `the message to '${to}'`, roughSize(sent.data), context);
  return error === undefined ? [here] : problem('REPRISE_RUN_TOO_LARGE', error.message);
}

/** Whether it is of the name of no run that it is said to be handed on from. */
const isHandedOnTo = ({ tenant }: RunState, from: string, to: string): boolean =>
  to.startsWith('@') && mailboxRun(tenant, to.slice(1)) === from;

/** A party of this run is named as such. */
function fromHere(state: RunState, from: Party): Party {
  if (from.run !== state.runId) return from;
  const { run: _, ...here } = from;
  return here as Party;
}

/** Whoever said it is told, when it broke a conversation; and it is a dead letter, unless it was to be dropped when it expires. */
function undelivered(state: RunState, command: NoteUndelivered, context: DecisionContext): readonly RunEvent[] {
  const message = state.mail?.open.get(command.message);
  if (message === undefined || !isOutbox(message.mailbox)) return [];
  const { error } = command;
  const at = context.now;
  // Whoever asked for it is gone: others may have it.
  if (message.handedOn !== undefined && state.definition.name === MAILBOX_WORKFLOW)
    return [{ type: 'MessageHandedOn', at, message: message.id, to: MAILBOX_INBOX }];
  if (isUnwanted(message)) {
    const gone = { type: 'MessageExpired', at, messages: [message.id] } as const;
    const { ask, mailbox } = message;
    // Nobody hears that it is asked: whoever does would wait forever.
    return ask === undefined || ask.over === true
      ? [gone]
      : [gone, ...refuseAsk(state, beyond(mailbox).to, ask.id, error, context)];
  }
  if (error.code === 'REPRISE_MESSAGE_EXPIRED') {
    const expired = { type: 'MessageExpired', at, messages: [message.id] } as const;
    return message.drop === true ? [expired] : [expired, deadLetterOf(state, message, error, message.failed, at)];
  }
  const dead = deadLetterOf(state, message, message.handedOn?.dead?.error ?? error, message.failed, at);
  return error.code === 'REPRISE_CONVERSATION_BROKEN' ? [dead, ...notUnderstood(state, message, error, at)] : [dead];
}

function notUnderstood(
  state: RunState,
  { id, from, mailbox, conversation, subject }: OpenMessage,
  { code, message }: ErrorData,
  at: number,
): readonly RunEvent[] {
  const task = from.task === undefined ? undefined : state.tasks.get(from.task);
  if (task === undefined || hasEnded(task)) return [];
  const answer: RunEvent = {
    type: 'MessageSent',
    at,
    message: `${id}!`,
    from: partyAt(mailbox),
    to: task.id,
    data: { code, message },
    performative: 'not-understood',
    ...(subject === undefined ? {} : { subject }),
    ...(conversation === undefined ? {} : { conversation }),
    inReplyTo: id,
    onBehalf: true,
  };
  return [answer];
}
