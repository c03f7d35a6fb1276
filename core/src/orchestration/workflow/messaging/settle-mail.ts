import type { DecisionContext } from '../decisions/decision-context.ts';
import type { RunEvent } from '../events.ts';
import type { RunState } from '../state.ts';
import { settleName } from './ask.ts';
import { giveUpOn, receiptOf, whenAgain, whoHad } from './came-back.ts';
import { closedOf } from './closing.ts';
import { answerFor } from './conversations.ts';
import { handOut, isPutOff } from './hand-out.ts';
import { type OpenMessage, type Returned, tooManyDead } from './mail.ts';

/** Whether something follows for the messages of a run by itself. */
export const isMailUnsettled = ({ mail }: RunState): boolean =>
  mail !== undefined &&
  (tooManyDead(mail).length > 0 ||
    mail.left.size > 0 ||
    mail.back.size > 0 ||
    mail.owed.size > 0 ||
    mail.receipts.size > 0 ||
    mail.restless.size > 0 ||
    mail.stirred.size > 0);

/**
 * What follows for messages by itself, one step at a time: those of a block that is no more are closed, what came back is put back in its place or
 * becomes a dead letter, what is there is handed to those that wait. Nothing when there is nothing more.
 */
export function settleMail(state: RunState, context: DecisionContext): readonly RunEvent[] {
  const { mail } = state;
  if (mail === undefined) return [];
  const gone = tooManyDead(mail);
  if (gone.length > 0) return [{ type: 'DeadLettersDiscarded', at: context.now, messages: gone }];
  for (const [scope, ids] of mail.left) return [closedOf(mail, scope, ids, context.now)];
  for (const id of mail.back) {
    const message = mail.open.get(id);
    if (message?.back !== undefined) return whatCameBack(state, message, message.back, context);
    mail.back.delete(id);
  }
  for (const [id, why] of mail.owed) {
    const events = answerFor(state, mail, id, why, context);
    if (events.length > 0) return events;
    mail.owed.delete(id);
  }
  for (const [id, { to, outcome }] of mail.receipts) {
    const receipt = receiptOf(state, mail, id, to, outcome, context);
    if (receipt !== undefined) return [receipt];
    mail.receipts.delete(id);
  }
  for (const mailbox of mail.stirred) {
    const events = handOut(state, mailbox, context);
    if (events.length > 0) return events;
    if (!isPutOff(state, mailbox)) mail.stirred.delete(mailbox);
  }
  for (const name of mail.restless) {
    const events = settleName(state, mail, name, context);
    if (events.length > 0) return events;
    if (!isPutOff(state, name)) mail.restless.delete(name);
  }
  return [];
}

function whatCameBack(
  state: RunState,
  message: OpenMessage,
  back: Returned,
  context: DecisionContext,
): readonly RunEvent[] {
  const { because } = back;
  if (back.unknown === true) {
    const error = 'The attempt that had the message may have done what it asks, and may not do it twice.';
    return giveUpOn(state, message, back, { code: 'REPRISE_OUTCOME_UNKNOWN', message: error }, context);
  }
  const retryAt = whenAgain(state, message, back, context);
  if (retryAt === undefined) return giveUpOn(state, message, back, undefined, context);
  return [
    {
      type: 'MessageRejected',
      at: context.now,
      message: message.id,
      ...whoHad(back),
      reason: back.reason,
      ...(back.code === undefined ? {} : { code: back.code }),
      retryAt,
      ...(because === undefined ? {} : { because }),
    },
  ];
}
