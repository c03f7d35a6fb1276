import type { ProgramCall, SettleTaken, TakeMessages } from '../commands.ts';
import type { DecisionContext } from '../decisions/decision-context.ts';
import { type Answer, isRefusal, problem, type Refusal } from '../decisions/refusal.ts';
import { reject } from '../decisions/rejection.ts';
import type { RunEvent } from '../events.ts';
import type { RunState } from '../state.ts';
import { mailboxOf } from './addresses.ts';
import { extendFlaw, settleFlaw, takeFlaw } from './call-shapes.ts';
import { giveUpOn, whenAgain } from './came-back.ts';
import { lyingAt } from './hand-out.ts';
import { isLentTo, isName } from './mail.ts';
import { DEAD_LETTERS } from './message.ts';
import { clientFlaw } from './outside.ts';

// What programs outside the runs do with messages: they take some that lie there, for so long, and are done with them or give them back. A program that is gone
// says nothing: then its time is up, and others have what it had.

export function decideProgram(state: RunState, command: ProgramCall, context: DecisionContext): readonly RunEvent[] {
  const answer = command.type === 'TakeMessages' ? take(state, command, context) : settle(state, command, context);
  return isRefusal(answer) ? [reject(command, answer.code, answer.message, context)] : answer;
}

function take(state: RunState, command: TakeMessages, context: DecisionContext): Answer {
  const { client, wanted = {}, max, leaseMs } = command;
  const flaw = clientFlaw(state, client) ?? takeFlaw(command);
  if (flaw !== undefined) return flaw;
  const mailbox = mailboxOf(state, '', command.mailbox);
  if (typeof mailbox !== 'string') return mailbox;
  if (!isName(mailbox) || mailbox === DEAD_LETTERS)
    return problem(
      'REPRISE_MAILBOX_UNKNOWN',
      `A program takes from names; '${mailbox}' is ${mailbox === DEAD_LETTERS ? 'where dead letters lie: redrive them, or discard them' : 'the mailbox of a task'}.`,
    );
  // Whoever waits comes first; while the run stands still nobody has anything.
  if (state.status === 'parked') return [];
  const found = lyingAt(state, mailbox, wanted, max, context.now);
  if (found.length === 0) return [];
  const messages = found.map(({ id }) => id);
  return [{ type: 'MessageTaken', at: context.now, messages, client, until: context.now + leaseMs }];
}

function settle(state: RunState, command: SettleTaken, context: DecisionContext): Answer {
  const { client, acknowledge = [], reject: given = [], extend = [], leaseMs = 0 } = command;
  const flaw =
    extendFlaw(command) ??
    (extend.length > 0 && acknowledge.length + given.length === 0 ? undefined : settleFlaw(command));
  if (flaw !== undefined) return flaw;
  const ids = [...acknowledge, ...given.map(({ message }) => message), ...extend];
  if (new Set(ids).size < ids.length) return problem('REPRISE_MESSAGE_INVALID', 'A message is to be settled twice.');
  for (const id of ids) {
    const held = notHeld(state, client, id);
    if (held !== undefined) return held;
  }
  const at = context.now;
  const events: RunEvent[] = [];
  if (acknowledge.length > 0) events.push({ type: 'MessageAcknowledged', at, messages: acknowledge, client });
  if (extend.length > 0) events.push({ type: 'MessageTaken', at, messages: extend, client, until: at + leaseMs });
  for (const { message: id, reason, code, delayMs, requeue = true } of given) {
    const message = state.mail?.open.get(id);
    if (message === undefined) continue;
    const back = { taskId: '', attempt: 0, client, reason, ...(code === undefined ? {} : { code }) };
    const retryAt = whenAgain(state, message, { retryable: requeue }, context);
    if (retryAt === undefined) events.push(...giveUpOn(state, message, back, undefined, context));
    else {
      const due = delayMs === undefined ? retryAt : at + Math.ceil(delayMs);
      const why = { reason, ...(code === undefined ? {} : { code }) };
      events.push({ type: 'MessageRejected', at, message: id, client, ...why, retryAt: due });
    }
  }
  return events;
}

const notHeld = (state: RunState, client: string, id: string): Refusal | undefined =>
  isLentTo(state.mail?.open.get(id), client)
    ? undefined
    : problem('REPRISE_MESSAGE_NOT_HELD', `'${client}' does not have the message '${id}'; its time may have been up.`);
