import type { Json } from '../../../shared/json.ts';
import { roughSize } from '../../../shared/json-size.ts';
import { leavesUnknown } from '../../task-chaining/failure.ts';
import type {
  ConversationExpired,
  DeadLetterEdited,
  DeadLettersRedriven,
  MailboxSubscribed,
  MailboxUnsubscribed,
  MessageAcknowledged,
  MessageAwaited,
  MessageDeadLettered,
  MessageDelivered,
  MessageExpired,
  MessageMissed,
  MessageRejected,
  MessageSent,
  MessagesClosed,
  TaskAttemptFailed,
} from '../events.ts';
import { askAgain, converse, endConversation, goneAt } from '../messaging/conversations.ts';
import { comeBack, notTaken, tellSender } from '../messaging/leave.ts';
import {
  type AttemptMail,
  awaitAt,
  awaitNoMore,
  failedBefore,
  forgetDue,
  giveBack,
  type MailState,
  type OpenMessage,
  putIn,
  receiverKey,
  remove,
  subscribe,
  unsubscribe,
} from '../messaging/mail.ts';
import { DEAD_LETTERS, sentAs } from '../messaging/message.ts';
import { contentOf, isFull, openedBy } from '../messaging/opened.ts';
import { receivedFrom } from '../messaging/received.ts';
import { definitionOf, isInFlight, isListening, mailOf, type RunState, type TaskState } from '../state.ts';
import { countInFlight } from './status.ts';

// How messages come, go, and are had. Everything that a message was is forgotten with it.

export function messageSent(state: RunState, event: MessageSent): RunState {
  const mail = mailOf(state);
  const { from, recipients, key, worker, call } = event;
  if (from.task !== undefined && from.attempt !== undefined && worker !== undefined && call !== undefined) {
    const calls = noteCall(state, mail, { taskId: from.task, attempt: from.attempt, worker, call });
    if (recipients !== undefined) calls.published = recipients.length;
  }
  if (key !== undefined && from.task !== undefined) noteKey(mail, from.task, key, event);
  for (const { id, mailbox } of sentAs(event)) if (!mail.open.has(id)) come(state, mail, event, id, mailbox);
  return tidied(state, mail, event.at);
}

function come(state: RunState, mail: MailState, event: MessageSent, id: string, mailbox: string): void {
  const message = openedBy(event, id, mailbox);
  // The next events say that it is a dead letter.
  message.doomed = event.recipients !== undefined && isFull(state, mailbox);
  state.held += roughSize(event.data);
  putIn(mail, message);
  converse(state, mail, { ...event, message: id, to: mailbox });
  const gone = goneAt(state, mailbox);
  if (gone !== undefined) tellSender(state, message, notTaken(message, `'${gone}' has ended`));
}

export function subscribed(state: RunState, event: MailboxSubscribed): RunState {
  const { taskId, attempt, worker, call, topic, mailbox, filter } = event;
  noteCall(state, mailOf(state), { taskId, attempt, worker, call });
  subscribe(mailOf(state), topic, mailbox, filter);
  return state;
}

export function unsubscribed(state: RunState, event: MailboxUnsubscribed): RunState {
  const { taskId, attempt, worker, call, topic, mailbox } = event;
  noteCall(state, mailOf(state), { taskId, attempt, worker, call });
  unsubscribe(mailOf(state), topic, mailbox);
  return state;
}

export function conversationExpired(state: RunState, { message, at }: ConversationExpired): RunState {
  const mail = mailOf(state);
  const one = mail.conversations.get(message);
  if (one !== undefined) endConversation(mail, one);
  return tidied(state, mail, at);
}

export function awaited(state: RunState, task: TaskState, event: MessageAwaited): void {
  const mail = mailOf(state);
  if (!isInFlight(task)) return;
  const { taskId, attempt, call, worker, mailbox, wanted, schema, max, until } = event;
  const calls = noteCall(state, mail, { taskId, attempt, worker, call });
  const before = isListening(state, task);
  calls.waits.set(call, mailbox);
  if (!before) countInFlight(state, task, -1);
  awaitAt(mail, mailbox, {
    taskId,
    attempt,
    call,
    worker,
    wanted,
    ...(schema === undefined ? {} : { schema }),
    max,
    until,
    since: state.revision,
  });
  tidied(state, mail, event.at);
}

export function delivered(state: RunState, task: TaskState, event: MessageDelivered): void {
  const mail = mailOf(state);
  const { taskId, attempt, call, messages } = event;
  const calls = mail.attempts.get(taskId);
  if (calls === undefined) return;
  endWait(state, mail, task, calls, call);
  for (const id of messages) {
    const message = mail.open.get(id);
    if (message === undefined) continue;
    message.holder = { taskId, attempt, call };
    message.retryAt = undefined;
    calls.held.add(id);
  }
  tidied(state, mail, event.at);
}

export function missed(state: RunState, task: TaskState, event: MessageMissed): void {
  const mail = mailOf(state);
  const calls = mail.attempts.get(event.taskId);
  if (calls !== undefined) endWait(state, mail, task, calls, event.call);
  tidied(state, mail, event.at);
}

export function acknowledged(state: RunState, event: MessageAcknowledged): RunState {
  const mail = mailOf(state);
  noteCallOf(mail, event);
  for (const id of event.messages) take(state, mail, id);
  return tidied(state, mail, event.at);
}

export function rejected(state: RunState, event: MessageRejected): RunState {
  const mail = mailOf(state);
  noteCallOf(mail, event);
  const message = mail.open.get(event.message);
  if (message === undefined) return state;
  const { taskId: task, attempt, at, code, reason, because, retryAt } = event;
  if (because === undefined) message.deliveries += 1;
  else if (because === 'lost') message.losses += 1;
  if (because !== 'ended')
    message.failed = failedBefore(message.failed, {
      task,
      attempt,
      at,
      ...(code === undefined ? {} : { code }),
      reason,
    });
  message.doomed = retryAt === undefined;
  // Whoever takes it next answers anew.
  const asked = mail.conversations.get(message.id);
  if (asked !== undefined) askAgain(asked, at);
  giveBack(mail, message, retryAt);
  return tidied(state, mail, at);
}

export function expired(state: RunState, event: MessageExpired): RunState {
  const mail = mailOf(state);
  for (const id of event.messages) {
    const message = mail.open.get(id);
    if (message?.drop === true) {
      forget(state, mail, id);
      if (mail.conversations.has(id)) mail.owed.set(id, 'was not asked in time');
    } else if (message !== undefined) message.doomed = true;
  }
  return tidied(state, mail, event.at);
}

export function deadLettered(state: RunState, event: MessageDeadLettered): RunState {
  const mail = mailOf(state);
  const { message: id, code, error, mailbox, at } = event;
  const message = remove(mail, id);
  if (message === undefined) return state;
  message.dead = { code, error, mailbox, at };
  message.mailbox = DEAD_LETTERS;
  message.retryAt = undefined;
  message.holder = undefined;
  message.back = undefined;
  message.doomed = false;
  putIn(mail, message);
  tellSender(state, message, error);
  // What was asked reaches nobody.
  if (mail.conversations.has(id)) mail.owed.set(id, `cannot be asked: ${error.message.replace(/\.$/, '')}`);
  return tidied(state, mail, at);
}

/** Of the run it is its end that closes them. */
export function closed(state: RunState, event: MessagesClosed): RunState {
  const { mail } = state;
  if (mail === undefined || event.scope === '') return state;
  for (const id of mail.left.get(event.scope) ?? []) {
    const message = forget(state, mail, id);
    if (message !== undefined) tellSender(state, message, notTaken(message, `'${event.scope}' has ended`));
  }
  mail.left.delete(event.scope);
  return tidied(state, mail, event.at);
}

export function edited(state: RunState, event: DeadLetterEdited): RunState {
  const message = state.mail?.open.get(event.message);
  if (message === undefined) return state;
  state.held += roughSize(event.data) - roughSize(message.data);
  message.data = event.data;
  return state;
}

export function redriven(state: RunState, { messages, to, at }: DeadLettersRedriven): RunState {
  const mail = mailOf(state);
  for (const id of messages) {
    const message = remove(mail, id);
    if (message?.dead === undefined) continue;
    const { mailbox } = message.dead;
    // Its time was up before: it has none now.
    putIn(mail, {
      ...message,
      mailbox: to ?? mailbox,
      expiresAt: undefined,
      deliveries: 0,
      losses: 0,
      retryAt: undefined,
      holder: undefined,
      dead: undefined,
      doomed: false,
    });
  }
  return tidied(state, mail, at);
}

export function discarded(state: RunState, messages: readonly string[], at: number): RunState {
  const mail = mailOf(state);
  for (const id of messages) forget(state, mail, id);
  return tidied(state, mail, at);
}

/** The wait has what it waited for; what that is becomes its output. */
export function takeMessage(state: RunState, id: string): Json | undefined {
  const message = state.mail?.open.get(id);
  if (state.mail === undefined || message === undefined) return undefined;
  const received = receivedFrom(message);
  take(state, state.mail, id);
  return received as unknown as Json;
}

export function awaitMessage(state: RunState, task: TaskState): void {
  if (task.awaits === undefined) return;
  awaitAt(mailOf(state), task.awaits.mailbox, {
    taskId: task.id,
    attempt: task.attempt,
    call: 0,
    worker: '',
    wanted: task.awaits.wanted,
    max: 1,
    until: undefined,
    since: state.revision,
  });
}

/** The attempt failed: that is what its messages come back with. Before it is ended. */
export function failMail(state: RunState, task: TaskState, event: TaskAttemptFailed): void {
  const { mail } = state;
  const calls = mail?.attempts.get(task.id);
  if (mail === undefined || calls === undefined) return;
  const { error, lost = false } = event;
  const unknown = definitionOf(state, task)?.delivery === 'at-most-once' && leavesUnknown(event);
  for (const id of calls.held)
    comeBack(mail, id, {
      taskId: task.id,
      attempt: event.attempt,
      reason: error.message,
      code: error.code,
      retryable: error.retryable,
      ...(lost ? { because: 'lost' } : {}),
      ...(unknown ? { unknown } : {}),
    });
}

/** Somebody is done with it. */
function take(state: RunState, mail: MailState, id: string): void {
  const message = forget(state, mail, id);
  if (message !== undefined) tellSender(state, message, 'acknowledged');
}

function forget(state: RunState, mail: MailState, id: string): OpenMessage | undefined {
  const message = remove(mail, id);
  if (message !== undefined) state.held -= roughSize(message.data);
  return message;
}

function endWait(state: RunState, mail: MailState, task: TaskState, calls: AttemptMail, call: number): void {
  const mailbox = calls.waits.get(call);
  if (mailbox === undefined) return;
  calls.waits.delete(call);
  awaitNoMore(mail, mailbox, receiverKey({ taskId: task.id, call }));
  if (calls.waits.size === 0 && isInFlight(task)) countInFlight(state, task, 1);
}

function noteCall(
  state: RunState,
  mail: MailState,
  {
    taskId,
    attempt,
    worker,
    call,
  }: { readonly taskId: string; readonly attempt: number; readonly worker: string; readonly call: number },
): AttemptMail {
  let calls = mail.attempts.get(taskId);
  if (calls?.attempt !== attempt) {
    calls = { attempt, worker, past: [], calls: 0, waits: new Map(), held: new Set() };
    mail.attempts.set(taskId, calls);
  }
  if (calls.worker !== worker) takeOver(state, mail, taskId, calls, worker);
  if (call > calls.calls) delete calls.published;
  calls.calls = Math.max(calls.calls, call);
  return calls;
}

/** Another worker makes the attempt, from its beginning: what the one before waited for and had is no more. */
function takeOver(state: RunState, mail: MailState, taskId: string, calls: AttemptMail, worker: string): void {
  const task = state.tasks.get(taskId);
  const listened = calls.waits.size > 0;
  for (const [call, mailbox] of calls.waits) awaitNoMore(mail, mailbox, receiverKey({ taskId, call }));
  calls.waits.clear();
  const { attempt } = calls;
  const ended = {
    taskId,
    attempt,
    reason: 'another worker makes the attempt',
    because: 'ended',
    retryable: true,
  } as const;
  for (const id of calls.held) comeBack(mail, id, ended);
  calls.past = [...calls.past, calls.worker];
  calls.worker = worker;
  calls.calls = 0;
  if (listened && task !== undefined && isInFlight(task)) countInFlight(state, task, 1);
}

function noteCallOf(mail: MailState, { taskId, call }: Pick<MessageAcknowledged, 'taskId' | 'call'>): void {
  const calls = call === undefined ? undefined : mail.attempts.get(taskId);
  if (calls !== undefined && call !== undefined) calls.calls = Math.max(calls.calls, call);
}

function noteKey(mail: MailState, taskId: string, key: string, event: MessageSent): void {
  const { message, recipients } = event;
  const said = {
    message,
    content: contentOf(event),
    ...(recipients === undefined ? {} : { recipients: recipients.length }),
  };
  const keys = mail.keys.get(taskId);
  if (keys === undefined) mail.keys.set(taskId, new Map([[key, said]]));
  else keys.set(key, said);
}

function tidied(state: RunState, mail: MailState, now: number): RunState {
  forgetDue(mail, now);
  return state;
}
