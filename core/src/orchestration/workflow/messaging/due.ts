import type { DecisionContext } from '../decisions/decision-context.ts';
import type { RunEvent } from '../events.ts';
import type { RunState } from '../state.ts';
import { deadLetterOf, giveUpOn, whenAgain } from './came-back.ts';
import { answerFor, LATE } from './conversations.ts';
import { handOut } from './hand-out.ts';
import { handOverFrom, isAtItsEnd, undeliveredError } from './hand-over.ts';
import { dueBy, isUnwanted, type MailState, type OpenMessage, outboxesOf, receiverOf } from './mail.ts';
import { isOutbox } from './outbox.ts';
import { expire } from './over.ts';

/** What expires, or is missed, in one decision; the rest is due at once after it. */
const MOST_AT_ONCE = 256;

/**
 * The time `set` has come, which something of the messages of a run waits for: they expire, attempts have waited for long enough, or what came back may be
 * had again. (A clock may ring a moment before its time.)
 */
export function messagesDue(state: RunState, set: number, context: DecisionContext): readonly RunEvent[] {
  const { mail } = state;
  if (mail === undefined) return [];
  const at = context.now;
  const events: RunEvent[] = [];
  const expired = new Set<OpenMessage>();
  let count = 0;
  const seen = new Set<string>();
  for (const { kind, id } of dueBy(mail, Math.max(at, set))) {
    if (kind === 'retry' || seen.has(`${kind} ${id}`)) continue;
    seen.add(`${kind} ${id}`);
    if (count >= MOST_AT_ONCE) break;
    count += 1;
    if (kind === 'hand-over') {
      events.push(...(isAtItsEnd(state) ? undelivered(state, mail, at) : [handOverFrom(mail, at)]));
      continue;
    }
    if (kind === 'deadline') {
      const asked = mail.open.get(id);
      const isLying = asked !== undefined && isAtHand(asked);
      if (isLying) expired.add(asked);
      // Its name has the conversation again, and tells.
      if (!isLying || !asked.mailbox.startsWith('@')) events.push(...answerFor(state, mail, id, LATE, context));
      continue;
    }
    if (kind === 'expiry') {
      const message = mail.open.get(id);
      if (message !== undefined) expired.add(message);
      continue;
    }
    if (kind === 'lease') {
      events.push(...leaseOver(state, mail, id, context));
      continue;
    }
    const receiver = receiverOf(mail, id);
    if (receiver === undefined) continue;
    const { taskId, attempt, call } = receiver;
    events.push({ type: 'MessageMissed', at, taskId, attempt, call });
  }
  events.push(...expire(state, [...expired], at, events));
  if (events.length > 0) return events;
  // What may be had again: whoever waits for it has it.
  for (const [mailbox, { receivers, messages }] of mail.boxes) {
    if (receivers.size === 0 || messages.size === 0) continue;
    const handed = handOut(state, mailbox, context, Math.max(at, set));
    if (handed.length > 0) return handed;
  }
  return [];
}

/** Nobody has it, and it is not on its way: it lies where it was sent to. */
const isAtHand = ({ holder, back, dead, doomed, mailbox }: OpenMessage): boolean =>
  holder === undefined && back === undefined && dead === undefined && !doomed && !isOutbox(mailbox);

/** A program had it for as long as it said. */
function leaseOver(state: RunState, mail: MailState, id: string, context: DecisionContext): readonly RunEvent[] {
  const message = mail.open.get(id);
  const client = message?.holder?.client;
  if (message === undefined || client === undefined) return [];
  const back = { taskId: '', attempt: 0, client, reason: 'its time was up', because: 'lost', retryable: true } as const;
  const retryAt = whenAgain(state, message, back, context);
  if (retryAt === undefined) return giveUpOn(state, message, back, undefined, context);
  const { reason, because } = back;
  return [{ type: 'MessageRejected', at: context.now, message: id, client, reason, because, retryAt }];
}

/** The run ends without others having had these. */
function undelivered(state: RunState, mail: MailState, at: number): readonly RunEvent[] {
  const events: RunEvent[] = [];
  for (const outbox of outboxesOf(mail)) {
    for (const message of mail.boxes.get(outbox)?.messages.values() ?? []) {
      if (events.length >= MOST_AT_ONCE) return events;
      if (isUnwanted(message)) events.push({ type: 'MessageExpired', at, messages: [message.id] });
      else
        events.push(
          deadLetterOf(state, message, message.handedOn?.dead?.error ?? undeliveredError(), message.failed, at),
        );
    }
  }
  return events;
}
