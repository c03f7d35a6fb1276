import { errorData } from '../../../shared/errors.ts';
import type { DecisionContext } from '../decisions/decision-context.ts';
import type { HandOverAwaited, RunEvent } from '../events.ts';
import { isInFlight, type RunState, rootOf } from '../state.ts';
import { consumersOf, tellConsumer } from './ask.ts';
import { receiptOf } from './came-back.ts';
import { answerFor, isOwed } from './conversations.ts';
import { notTaken } from './leave.ts';
import { type MailState, outboxesOf } from './mail.ts';
import { isOutbox } from './outbox.ts';

// What a run owes others before it ends: an answer to whoever asked from another run, word of what became of their messages, and that what it said is there.

/** How long the end of a run waits for others to take what it sent them, in ms. */
export const HAND_OVER_MS = 5 * 60 * 1000;

/**
 * What comes before the end of the run: events; none while others have yet to take what is on its way to them; undefined when nothing does.
 */
export function beforeEnd(state: RunState, context: DecisionContext): readonly RunEvent[] | undefined {
  const { mail } = state;
  if (mail === undefined || !talksAcross(mail)) return undefined;
  for (const { id, initiator } of mail.conversations.values()) {
    if (!isOutbox(initiator)) continue;
    const events = answerFor(state, mail, id, `has ended with its run`, context);
    if (events.length > 0) return events;
  }
  for (const message of mail.open.values()) {
    if (message.from.run === undefined || message.receipt !== 'wanted' || mail.told.has(message.id)) continue;
    const receipt = receiptOf(state, mail, message.id, message.from, notTaken(message, 'the run has ended'), context);
    if (receipt !== undefined) return [receipt];
  }
  const told = tellConsumer(state, mail, context.now);
  if (told !== undefined) return [told];
  // What somebody in it has of a name of no run goes back once that one is ended.
  if (outboxesOf(mail).next().done === true) return hasOfNames(state) ? [] : undefined;
  return mail.handOverUntil === undefined ? [handOverFrom(mail, context.now)] : [];
}

export function handOverFrom(mail: MailState, at: number): HandOverAwaited {
  let messages = 0;
  for (const outbox of outboxesOf(mail)) messages += mail.boxes.get(outbox)?.messages.size ?? 0;
  return { type: 'HandOverAwaited', at, until: at + HAND_OVER_MS, messages };
}

/** Whether all is done, and others have yet to take what was said: its time is its own. */
export const isOnlyHandingOver = (state: RunState): boolean =>
  state.mail?.handOverUntil !== undefined && isAtItsEnd(state);

/** Whether nothing is left to do in the run, but to end. Somebody may have added to it since. */
export const isAtItsEnd = (state: RunState): boolean => {
  const { failure, ending, open } = rootOf(state);
  return state.closing !== undefined || failure !== undefined || ending !== undefined || open === 0;
};

/** Whether the end of the run would leave others without what they are owed. */
export function owesOthers(state: RunState): boolean {
  const { mail } = state;
  if (mail === undefined || !talksAcross(mail)) return false;
  if (outboxesOf(mail).next().done !== true || hasOfNames(state)) return true;
  if (consumersOf(mail).next().done !== true) return true;
  if (mail.conversations.values().some((one) => isOutbox(one.initiator) && isOwed(one))) return true;
  return mail.open
    .values()
    .some(({ id, from, receipt }) => from.run !== undefined && receipt === 'wanted' && !mail.told.has(id));
}

/** Whether an attempt under way has messages of a name of no run. */
const hasOfNames = ({ mail, tasks }: RunState): boolean =>
  mail?.open.values().some(({ mailbox, holder }) => {
    const task = mailbox.startsWith('@') && holder !== undefined ? tasks.get(holder.taskId) : undefined;
    return task !== undefined && isInFlight(task);
  }) === true;

const talksAcross = ({ marks, numbers }: MailState): boolean => marks.size > 0 || numbers.size > 0;

/** Why what is on its way then is a dead letter. */
export const undeliveredError = () =>
  errorData(
    'REPRISE_MESSAGE_UNDELIVERED',
    `The run had nothing left to do, and nobody took the message within ${HAND_OVER_MS / 60_000} minutes.`,
  );
