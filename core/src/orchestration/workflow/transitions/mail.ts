import { type ErrorData, errorData } from '../../../shared/errors.ts';
import type { Json } from '../../../shared/json.ts';
import { roughSize } from '../../../shared/json-size.ts';
import { leavesUnknown } from '../../task-chaining/failure.ts';
import type {
  ConversationExpired,
  DeadLetterEdited,
  DeadLettersRedriven,
  HandOverAwaited,
  MailboxSubscribed,
  MailboxUnsubscribed,
  MessageAcknowledged,
  MessageAwaited,
  MessageDeadLettered,
  MessageDelivered,
  MessageExpired,
  MessageHandedOn,
  MessageMissed,
  MessageReceived,
  MessageRejected,
  MessageSent,
  MessagesClosed,
  MessagesHandedOver,
  MessageTaken,
  TaskAttemptFailed,
} from '../events.ts';
import { noBid, noteBid } from '../messaging/bids.ts';
import { askAgain, converse, endConversation, goneAt } from '../messaging/conversations.ts';
import { comeBack, notTaken, tellSender } from '../messaging/leave.ts';
import {
  type AttemptMail,
  awaitAt,
  awaitNoMore,
  failedBefore,
  forgetDue,
  giveBack,
  inOrder,
  isUnwanted,
  lend,
  type MailState,
  type OpenMessage,
  outboxesOf,
  putIn,
  receiverKey,
  refusedBefore,
  remove,
  stirAll,
  subscribe,
  unsubscribe,
} from '../messaging/mail.ts';
import { type Ask, DEAD_LETTERS, sentAs } from '../messaging/message.ts';
import { contentOf, isFull, openedBy } from '../messaging/opened.ts';
import { beyond, DEDUPE_MS, isClient, isOutbox, outboxOf, sentTo } from '../messaging/outbox.ts';
import { receivedFrom } from '../messaging/received.ts';
import { definitionOf, isEntered, isInFlight, isListening, mailOf, type RunState, type TaskState } from '../state.ts';
import { countInFlight } from './status.ts';

// How messages come, go, and are had. Everything that a message was is forgotten with it.

export function messageSent(state: RunState, event: MessageSent): RunState {
  const mail = mailOf(state);
  const { message: id, from, to, run, n, recipients, key, worker, call, at } = event;
  if (from.task !== undefined && from.attempt !== undefined && worker !== undefined && call !== undefined) {
    const calls = noteCall(state, mail, { taskId: from.task, attempt: from.attempt, worker, call });
    if (recipients !== undefined) calls.published = recipients.length;
  }
  if (key !== undefined && from.task !== undefined) noteKey(mail, from.task, key, event);
  if (run !== undefined && n !== undefined) mail.numbers.set(sentTo(event), n);
  if (event.receipt === 'acknowledged' || event.receipt === 'failed') noteReceipt(mail, event.inReplyTo ?? '');
  if (event.ask !== undefined && from.task !== undefined) noteAsked(mail, event.ask, to);
  else if (event.ask !== undefined && run !== undefined) leaveAsk(mail, run, to, event.ask.id);
  noteBid(state, mail, event);
  if (event.late === true && event.decidedBy !== undefined) converse(state, mail, event);
  if (run !== undefined) come(state, mail, event, id, sentTo(event));
  else for (const one of sentAs(event)) come(state, mail, event, one.id, one.mailbox);
  return tidied(state, mail, at);
}

/** What another run has sent. That of what this one sent there becomes of it, it waited for. */
export function messageReceived(state: RunState, event: MessageReceived): RunState {
  const mail = mailOf(state);
  const { message: id, origin, receipt, inReplyTo, data, to, at } = event;
  const key = outboxOf(origin.run, origin.to);
  mail.marks.delete(key);
  mail.marks.set(key, { n: origin.n, at });
  forgetMarks(mail, at);
  if (receipt === 'acknowledged' || receipt === 'failed') {
    const outcome = receipt === 'failed' ? (data as unknown as ErrorData) : receipt;
    tellSender(state, { id: inReplyTo ?? '', from: { task: to } }, outcome);
  } else if (event.ask !== undefined) noteAsk(state, mail, event);
  else come(state, mail, event, id, to);
  const asked = event.handedOn?.ask;
  if (asked !== undefined) mail.asks.delete(asked);
  return tidied(state, mail, at);
}

function noteAsked(mail: MailState, { id, over }: Ask, name: string): void {
  if (over === true) mail.asks.delete(id);
  else mail.asks.set(id, name);
}

/** The name is closed, and whoever asked is told. */
function leaveAsk(mail: MailState, run: string, to: string, ask: string): void {
  const key = receiverKey(consumerOf(run, to, ask));
  for (const mailbox of [...mail.boxes.keys()]) awaitNoMore(mail, mailbox, key);
}

/** Whoever sent it knows now what became of it. */
function noteReceipt(mail: MailState, message: string): void {
  mail.receipts.delete(message);
  if (mail.open.has(message)) mail.told.add(message);
}

/** On its way on; or back, where nobody is any more who asked for it. */
export function handedOn(state: RunState, { message: id, to, run, n, ask, dead, at }: MessageHandedOn): RunState {
  const mail = mailOf(state);
  const message = remove(mail, id);
  if (message === undefined) return state;
  const one = mail.conversations.get(id);
  // Whoever answers it is elsewhere. That of a task here that asked the name has its place there.
  const asked = one?.mailbox === message.mailbox ? one : undefined;
  if (asked !== undefined) endConversation(mail, asked);
  const { n: _n, handedOn: _handedOn, outAt: _outAt, deadline: _deadline, ...others } = message;
  if (run === undefined) {
    leaveConsumer(mail, to, beyond(message.mailbox).run);
    putIn(mail, inOrder({ ...others, mailbox: to }));
    converse(state, mail, { ...openingOf(message, at), to });
    return tidied(state, mail, at);
  }
  const mailbox = outboxOf(run, to);
  const deadline = one?.deadline ?? message.deadline;
  if (n !== undefined) mail.numbers.set(mailbox, n);
  const why = { ...(ask === undefined ? {} : { ask }), ...(dead === undefined ? {} : { dead }) };
  const onWay = { ...others, mailbox, handedOn: why, outAt: at, doomed: false };
  const numbered = { ...onWay, ...(n === undefined ? {} : { n }), ...(deadline === undefined ? {} : { deadline }) };
  putIn(mail, inOrder(numbered));
  if (ask !== undefined) awaitNoMore(mail, message.mailbox, receiverKey(consumerOf(run, to, ask)));
  return tidied(state, mail, at);
}

/** As if it had just been sent. */
function openingOf(message: OpenMessage, at: number): MessageSent {
  const { id, from, data, performative, subject, conversation, inReplyTo, deadline } = message;
  return {
    type: 'MessageSent',
    at,
    message: id,
    from,
    to: message.mailbox,
    data,
    ...(performative === undefined ? {} : { performative }),
    ...(subject === undefined ? {} : { subject }),
    ...(conversation === undefined ? {} : { conversation }),
    ...(inReplyTo === undefined ? {} : { inReplyTo }),
    ...(deadline === undefined ? {} : { deadline }),
  };
}

/** A run asks for messages of a name, or no longer does. */
function noteAsk(state: RunState, mail: MailState, { origin, ask, to, from }: MessageReceived): void {
  if (ask === undefined || from.run === undefined) return;
  // It is closed; it is that which says so.
  if (to.startsWith('@')) return noteAsked(mail, ask, to);
  const { id, wanted, over } = ask;
  const who = consumerOf(from.run, origin.to, id);
  if (over === true) awaitNoMore(mail, to, receiverKey(who));
  else awaitAt(mail, to, { ...who, worker: '', wanted, max: 1, until: undefined, since: state.revision });
}

const consumerOf = (run: string, to: string, ask: string) => ({
  taskId: outboxOf(run, ask),
  attempt: 1,
  call: 0,
  consumer: { run, to, ask },
});

/** The run is no more. */
function leaveConsumer(mail: MailState, mailbox: string, run: string): void {
  for (const receiver of [...(mail.boxes.get(mailbox)?.receivers.values() ?? [])])
    if (receiver.consumer?.run === run) awaitNoMore(mail, mailbox, receiverKey(receiver));
}

/** Those of runs that have been silent for long: nothing that they have sent since may be taken for new. */
function forgetMarks(mail: MailState, now: number): void {
  for (const [key, { at }] of mail.marks) {
    if (at >= now - DEDUPE_MS) return;
    mail.marks.delete(key);
  }
}

export function handedOver(state: RunState, { run, to, upTo, at }: MessagesHandedOver): RunState {
  const mail = mailOf(state);
  for (const { id, n = 0 } of [...(mail.boxes.get(outboxOf(run, to))?.messages.values() ?? [])]) {
    if (n > upTo) break;
    forget(state, mail, id);
  }
  return tidied(state, mail, at);
}

export function handOverAwaited(state: RunState, { until }: HandOverAwaited): RunState {
  const mail = mailOf(state);
  mail.handOverUntil = until;
  mail.due.push({ at: until, kind: 'hand-over', id: '' });
  return state;
}

function come(
  state: RunState,
  mail: MailState,
  event: MessageSent | MessageReceived,
  id: string,
  mailbox: string,
): void {
  if (mail.open.has(id)) return;
  const message = openedBy(event, id, mailbox);
  // To somebody outside it is said with that: nobody here takes it.
  const isDone = isClient(mailbox);
  // The next events say that it is a dead letter.
  message.doomed =
    event.type === 'MessageSent'
      ? event.recipients !== undefined && isFull(state, mailbox)
      : event.handedOn?.dead !== undefined;
  if (!isDone) {
    state.held += roughSize(event.data);
    putIn(mail, message);
  }
  converse(state, mail, isOutbox(mailbox) ? event : { ...event, message: id, to: mailbox });
  if (isDone) return tellSender(state, message, 'acknowledged');
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

export function conversationExpired(state: RunState, { message, at, held }: ConversationExpired): RunState {
  const mail = mailOf(state);
  const asked = held === true ? mail.open.get(message) : undefined;
  if (asked !== undefined) asked.doomed = true;
  const one = mail.conversations.get(message);
  if (one !== undefined) {
    noBid(state, one);
    endConversation(mail, one);
  }
  return tidied(state, mail, at);
}

export function awaited(state: RunState, task: TaskState, event: MessageAwaited): void {
  const mail = mailOf(state);
  if (!isInFlight(task)) return;
  const { taskId, attempt, call, worker, mailbox, wanted, schema, max, until, question } = event;
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
    ...(question === undefined ? {} : { question }),
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

/** A program has them; or has them for longer. */
export function taken(state: RunState, { messages, client, until, at }: MessageTaken): RunState {
  const mail = mailOf(state);
  for (const id of messages) {
    const message = mail.open.get(id);
    if (message !== undefined) lend(mail, message, client, until);
  }
  return tidied(state, mail, at);
}

export function missed(state: RunState, task: TaskState, event: MessageMissed): void {
  const mail = mailOf(state);
  const calls = mail.attempts.get(event.taskId);
  if (calls !== undefined) {
    endWait(state, mail, task, calls, event.call);
    if (event.error !== undefined) calls.refused = refusedBefore(calls, event.call, event.error);
  }
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
  const { taskId: task, attempt, client, at, code, reason, because, retryAt } = event;
  if (because === undefined) message.deliveries += 1;
  else if (because === 'lost') message.losses += 1;
  if (because !== 'ended')
    message.failed = failedBefore(message.failed, {
      ...(task === undefined ? {} : { task }),
      ...(attempt === undefined ? {} : { attempt }),
      ...(client === undefined ? {} : { client }),
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
    if (message?.drop === true || (message !== undefined && isOutbox(message.mailbox) && isUnwanted(message))) {
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
    const message = mail.open.get(id);
    if (message !== undefined) tellSender(state, message, notTaken(message, `'${event.scope}' has ended`));
    forget(state, mail, id);
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
    const mailbox = to ?? message.dead.mailbox;
    const { n: _, handedOn, ...others } = message;
    // Its time was up before: it has none now.
    const again: OpenMessage = {
      ...others,
      mailbox,
      ...(handedOn === undefined ? {} : { handedOn: handedOn.ask === undefined ? {} : { ask: handedOn.ask } }),
      ...(isOutbox(mailbox) ? { n: nextNumber(mail, mailbox), outAt: at } : {}),
      expiresAt: undefined,
      deliveries: 0,
      losses: 0,
      retryAt: undefined,
      holder: undefined,
      dead: undefined,
      doomed: false,
    };
    putIn(mail, inOrder(again));
  }
  return tidied(state, mail, at);
}

/** The next in an outbox. */
function nextNumber(mail: MailState, outbox: string): number {
  const n = (mail.numbers.get(outbox) ?? 0) + 1;
  mail.numbers.set(outbox, n);
  return n;
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

/** The run goes on from another: what that one has said elsewhere, and was asked from there, is its own. */
export function leaveOthers(state: RunState): void {
  const { mail } = state;
  if (mail === undefined) return;
  for (const outbox of [...outboxesOf(mail)])
    for (const id of [...(mail.boxes.get(outbox)?.messages.keys() ?? [])]) forget(state, mail, id);
  for (const one of [...mail.conversations.values()])
    if ([one.initiator, one.participant ?? '', one.mailbox].some(isOutbox)) {
      endConversation(mail, one);
      // The answer would be the other one's: it is asked anew, under the same key, too.
      for (const [key, { message }] of mail.keys.get(one.initiator) ?? [])
        if (message === one.id) mail.keys.get(one.initiator)?.delete(key);
    }
  for (const message of mail.open.values()) if (message.receipt === 'wanted') mail.told.add(message.id);
  mail.numbers.clear();
  mail.marks.clear();
  mail.receipts.clear();
  mail.asks.clear();
  for (const [mailbox, { messages, receivers }] of [...mail.boxes]) {
    // What was handed on to it is the other one's, too.
    if (mailbox.startsWith('@')) for (const id of [...messages.keys()]) forget(state, mail, id);
    for (const receiver of [...receivers.values()])
      if (receiver.consumer !== undefined) awaitNoMore(mail, mailbox, receiverKey(receiver));
  }
  stirAll(mail);
  mail.handOverUntil = undefined;
  for (const task of state.tasks.values()) {
    const { sent } = task;
    if (sent === undefined || sent.outcome !== 'open' || !isEntered(task) || mail.open.has(sent.message)) continue;
    const error = `The run that this one goes on from sent it, and only that one is told what became of it.`;
    sent.outcome = errorData('REPRISE_OUTCOME_UNKNOWN', error);
    state.frontier.add(task.id);
  }
}

/** Somebody is done with it. */
function take(state: RunState, mail: MailState, id: string): void {
  const message = mail.open.get(id);
  if (message !== undefined) tellSender(state, message, 'acknowledged');
  forget(state, mail, id);
}

function forget(state: RunState, mail: MailState, id: string): OpenMessage | undefined {
  const message = remove(mail, id);
  mail.told.delete(id);
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
  delete calls.refused;
  if (listened && task !== undefined && isInFlight(task)) countInFlight(state, task, 1);
}

function noteCallOf(mail: MailState, { taskId, call }: Pick<MessageAcknowledged, 'taskId' | 'call'>): void {
  const calls = call === undefined ? undefined : mail.attempts.get(taskId ?? '');
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
  if (mail.handOverUntil !== undefined && outboxesOf(mail).next().done === true) mail.handOverUntil = undefined;
  forgetDue(mail, now);
  return state;
}
