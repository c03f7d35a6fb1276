import { type ErrorData, errorData } from '../../../shared/errors.ts';
import { hasEnded, isEntered, mailOf, type RunState, type TaskState } from '../state.ts';
import { leaveConversations, mayRunAgain } from './conversations.ts';
import {
  awaitNoMore,
  filledWithin,
  isName,
  type MailState,
  type OpenMessage,
  type Returned,
  receiverKey,
  unsubscribe,
  unsubscribeAll,
} from './mail.ts';

// What becomes of messages when whoever has them, or waits for them, is no more.

/** The attempt, or the wait, is over: it waits for nothing more, and what it had comes back. */
export function leaveMail(state: RunState, task: TaskState): void {
  const { mail } = state;
  if (mail === undefined) return;
  if (task.awaits !== undefined) {
    awaitNoMore(mail, task.awaits.mailbox, receiverKey({ taskId: task.id, call: 0 }));
    task.awaits = undefined;
  }
  const calls = mail.attempts.get(task.id);
  if (calls === undefined) return;
  for (const [call, mailbox] of calls.waits) awaitNoMore(mail, mailbox, receiverKey({ taskId: task.id, call }));
  const ended = {
    taskId: task.id,
    attempt: calls.attempt,
    reason: 'the attempt was ended',
    because: 'ended',
    retryable: true,
  } as const;
  for (const id of calls.held) comeBack(mail, id, ended);
  mail.attempts.delete(task.id);
}

/** The task has ended, or begins anew: in the next round, keys do, too. One that failed may be retried in its round, by a run that goes on. */
export function leaveTask(state: RunState, mail: MailState, task: TaskState): void {
  if (task.status !== 'failed') mail.keys.delete(task.id);
  if (!hasEnded(task)) return;
  if (mail.conversations.size > 0) leaveConversations(state, mail, task);
  if (mayRunAgain(state, task)) return;
  for (const topic of [...mail.subscriptions.keys()]) unsubscribe(mail, topic, task.id);
  for (const mailbox of mail.filled.within(task.id))
    for (const message of mail.boxes.get(mailbox)?.messages.values() ?? [])
      tellSender(state, message, notTaken(message, `'${task.id}' has ended`));
}

/** A `send` that waits for it is settle's to end, by the first that became of it; that of another run is told. */
export function tellSender(
  state: RunState,
  message: Pick<OpenMessage, 'id' | 'from'> & Partial<OpenMessage>,
  outcome: 'acknowledged' | ErrorData,
): void {
  const { id, from, receipt } = message;
  if (from.run !== undefined) {
    if (receipt === 'wanted' && from.task !== undefined && state.mail?.told.has(id) !== true)
      mailOf(state).receipts.set(id, { to: from, outcome });
    return;
  }
  const task = state.tasks.get(from.task ?? '');
  // An agent that stands in for the send waits for nothing of it.
  if (task?.sent?.message !== id || task.sent.outcome !== 'open' || !isEntered(task)) return;
  // Who took it has yet to answer.
  if (outcome === 'acknowledged' && task.awaits !== undefined) return;
  task.sent.outcome = outcome;
  state.frontier.add(task.id);
}

export const notTaken = ({ mailbox }: OpenMessage, why: string): ErrorData =>
  errorData('REPRISE_MAILBOX_CLOSED', `Nobody took the message from '${mailbox}': ${why}.`);

/** A block is no more: so are the mailboxes of its tasks. */
export function leaveBlock(state: RunState, path: string): void {
  const { mail } = state;
  if (mail === undefined) return;
  if (mail.subscriptions.size > 0)
    unsubscribeAll(mail, (mailbox) => !isName(mailbox) && mailbox.startsWith(`${path}/`));
  // What is left in a block inside of it, which ended with it, is closed with that one.
  const inside = new Set([...mail.left.values()].flat());
  const left: string[] = [];
  for (const mailbox of filledWithin(mail, path))
    for (const id of mail.boxes.get(mailbox)?.messages.keys() ?? []) if (!inside.has(id)) left.push(id);
  for (const { id, mailbox } of mail.conversations.values())
    if (!isName(mailbox) && mailbox.startsWith(`${path}/`)) mail.owed.set(id, 'is gone with its block');
  if (left.length > 0) mail.left.set(path, [...(mail.left.get(path) ?? []), ...left]);
}

/** Nobody has it any more; what becomes of it is settled. */
export function comeBack(mail: MailState, id: string, how: Returned): void {
  const message = mail.open.get(id);
  if (message?.holder === undefined || message.back !== undefined) return;
  message.back = how;
  mail.back.add(id);
}
