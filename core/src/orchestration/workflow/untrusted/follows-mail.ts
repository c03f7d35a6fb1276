import { permissionsOf } from '../decisions/permissions.ts';
import type { RunEvent } from '../events.ts';
import { mailboxOf } from '../messaging/addresses.ts';
import { conversationProblem, isLateProposal } from '../messaging/conversations.ts';
import {
  blockOfMailbox,
  isName,
  type MailState,
  mailboxDefinition,
  type OpenMessage,
  tooManyDead,
} from '../messaging/mail.ts';
import { copyId, DEAD_LETTERS } from '../messaging/message.ts';
import { misfitOf, schemaOf } from '../messaging/misfits.ts';
import { isTopic } from '../messaging/topic-names.ts';
import { isInFlight, type RunState, type TaskState } from '../state.ts';
import { flaw, unfit, unknown } from './flaws.ts';
import type { Flaw } from './shape.ts';

// What may follow of events about messages: what is said to be done with one is done by whoever has it.

type MailEvent = Extract<
  RunEvent,
  {
    readonly type:
      | `Message${string}`
      | `Mailbox${string}`
      | 'ConversationExpired'
      | 'DeadLetterEdited'
      | 'DeadLettersRedriven'
      | 'DeadLettersDiscarded';
  }
>;

export function mailFlaw(state: RunState, event: MailEvent): Flaw | undefined {
  const { mail } = state;
  switch (event.type) {
    case 'MessageSent':
      return sentFlaw(state, event);
    case 'MailboxSubscribed':
    case 'MailboxUnsubscribed': {
      const { taskId, mailbox, topic, worker } = event;
      const wrong = callFlaw(state, event, worker);
      if (wrong !== undefined) return wrong;
      if (!isTopic(state.definition, topic))
        return flaw('data.topic', `is '${topic}', which the workflow does not have`);
      if (mailbox !== taskId) return flaw('data.mailbox', `is '${mailbox}', which is not that of '${taskId}'`);
      return event.type === 'MailboxSubscribed' || mail?.subscriptions.get(topic)?.has(mailbox) === true
        ? undefined
        : flaw('data.topic', `is '${topic}', which '${mailbox}' does not have`);
    }
    case 'MessageAwaited':
      return (
        callFlaw(state, event, event.worker) ??
        mailboxFlaw(state, event.mailbox, 'data.mailbox') ??
        (event.mailbox === event.taskId || isName(event.mailbox)
          ? undefined
          : flaw('data.mailbox', `is '${event.mailbox}', which is that of another task`))
      );
    case 'MessageDelivered':
    case 'MessageMissed': {
      const waits = mail?.attempts.get(event.taskId);
      const mailbox = waits?.attempt === event.attempt ? waits.waits.get(event.call) : undefined;
      if (mailbox === undefined) return flaw('data.call', `is ${event.call}, which does not wait`);
      if (event.type === 'MessageMissed') return undefined;
      return firstFlaw(event.messages, (id) => {
        const message = mail?.open.get(id);
        return message !== undefined && message.mailbox === mailbox && message.holder === undefined && !message.doomed
          ? undefined
          : `is not to be had in '${mailbox}'`;
      });
    }
    case 'MessageAcknowledged':
      if (event.call !== undefined) {
        const wrong = callFlaw(state, event, undefined);
        if (wrong !== undefined) return wrong;
      }
      return firstFlaw(event.messages, (id) =>
        isHeld(mail, id, event) || isAnswer(state, id, event) || isMisfit(state, id, event)
          ? undefined
          : `is not what attempt ${event.attempt} of '${event.taskId}' has`,
      );
    case 'MessageRejected': {
      const message = mail?.open.get(event.message);
      const back = message?.back;
      const isBack = back !== undefined && back.taskId === event.taskId && back.attempt === event.attempt;
      if (event.call === undefined ? isBack : isHeld(mail, event.message, event)) return undefined;
      if (event.call === undefined && event.retryAt === undefined && isMisfit(state, event.message, event))
        return undefined;
      return flaw('data.message', `is '${event.message}', which did not come back from '${event.taskId}'`);
    }
    case 'MessageExpired':
      return firstFlaw(event.messages, (id) => {
        const message = mail?.open.get(id);
        return message?.expiresAt !== undefined && isAtHand(message) ? undefined : 'does not expire';
      });
    case 'MessageDeadLettered': {
      const message = mail?.open.get(event.message);
      if (message === undefined || !message.doomed)
        return flaw('data.message', `is '${event.message}', which may still be had, or is not there`);
      return message.mailbox === event.mailbox
        ? undefined
        : flaw('data.mailbox', `is not where '${event.message}' was`);
    }
    case 'MessagesClosed': {
      const ids = event.scope === '' ? [...(mail?.open.keys() ?? [])] : (mail?.left.get(event.scope) ?? []);
      if (ids.length !== event.open || event.messages.some((id, index) => ids[index] !== id))
        return flaw('data.messages', `are not what is left in '${event.scope}'`);
      return undefined;
    }
    case 'ConversationExpired':
      return mail?.conversations.has(event.message) === true
        ? undefined
        : flaw('data.message', `is '${event.message}', which opened no conversation that is open`);
    case 'DeadLetterEdited':
      return againFlaw(state, event.commandId) ?? deadFlaw(mail, [event.message]);
    case 'DeadLettersRedriven': {
      const where = event.to === undefined ? undefined : mailboxFlaw(state, event.to, 'data.to');
      return againFlaw(state, event.commandId) ?? where ?? deadFlaw(mail, event.messages);
    }
    case 'DeadLettersDiscarded':
      if (event.commandId === undefined) {
        const gone = mail === undefined ? [] : tooManyDead(mail);
        return gone.length > 0 && JSON.stringify(event.messages) === JSON.stringify(gone)
          ? undefined
          : flaw('data.messages', 'are not the oldest of too many dead letters');
      }
      return againFlaw(state, event.commandId) ?? deadFlaw(mail, event.messages);
    default:
      return event satisfies never;
  }
}

/** What a run says for somebody. */
const ON_BEHALF: ReadonlySet<unknown> = new Set(['failure', 'not-understood', 'reject-proposal']);

function sentFlaw(state: RunState, event: Extract<RunEvent, { readonly type: 'MessageSent' }>): Flaw | undefined {
  const { from, message, to, recipients, call, commandId, drop, expiresAt } = event;
  if (state.mail?.open.has(message) === true) return flaw('data.message', `is '${message}', which is open`);
  if (to === DEAD_LETTERS) return flaw('data.to', 'is where nothing is sent to');
  if (event.on !== undefined && (from.task === undefined || from.attempt === undefined))
    return flaw('data.on', 'is of an attempt, and this comes of none');
  if (drop === true && expiresAt === undefined) return flaw('data.drop', 'cannot stand without expiresAt');
  const where = recipients === undefined ? mailboxFlaw(state, to, 'data.to') : publishedFlaw(state, event, recipients);
  if (where !== undefined) return where;
  if (event.late === true && !isLateProposal(state, event))
    return flaw('data.late', 'is there, and it is no proposal in a conversation that is over');
  const broken = conversationProblem(state, event);
  if (broken !== undefined) return flaw('data.performative', `breaks its conversation: ${broken.message}`);
  if (event.onBehalf === true) {
    const isOwed =
      event.message === `${event.inReplyTo ?? ''}!` && ON_BEHALF.has(event.performative) && recipients === undefined;
    return isOwed && call === undefined && commandId === undefined
      ? undefined
      : flaw('data.onBehalf', 'is there, and it is nothing that the run says for somebody');
  }
  if (from.task === undefined) {
    if (commandId === undefined) return flaw('data.commandId', 'is missing');
    return againFlaw(state, commandId);
  }
  if (commandId !== undefined) return flaw('data.commandId', `cannot stand beside '${from.task}'`);
  if (from.attempt === undefined) {
    const task = state.tasks.get(from.task);
    if (task === undefined) return unknown(from.task);
    const definition = state.graph.node(task.definitionId)?.definition;
    if (definition?.send === undefined) return flaw('data.from', `is '${from.task}', which sends nothing by itself`);
    return task.status === 'ready' || task.sent?.message === message ? undefined : unfit(task);
  }
  const wrong = saidFlaw(state, event, { taskId: from.task, attempt: from.attempt });
  if (wrong !== undefined) return wrong;
  const task = state.tasks.get(from.task) as TaskState;
  const answered = event.inReplyTo;
  if (permissionsOf(state, task).includes('send')) return undefined;
  return answered !== undefined && isHeld(state.mail, answered, { taskId: task.id, attempt: from.attempt })
    ? undefined
    : flaw('data.from', `is '${task.id}', whose agent may send no messages`);
}

/** It was said by a call of the attempt, or with its output. */
function saidFlaw(
  state: RunState,
  { on, call, worker }: Extract<RunEvent, { readonly type: 'MessageSent' }>,
  of: { readonly taskId: string; readonly attempt: number },
): Flaw | undefined {
  if (on === undefined)
    return call === undefined || worker === undefined
      ? flaw('data.call', 'is missing')
      : callFlaw(state, { ...of, call }, worker, true);
  if (call !== undefined || worker !== undefined) return flaw('data.on', 'cannot stand beside a call');
  return callFlaw(state, { ...of, call: Number.MAX_SAFE_INTEGER }, undefined);
}

/** What is published goes to mailboxes of the run, once to each. */
function publishedFlaw(
  state: RunState,
  { to, message }: Extract<RunEvent, { readonly type: 'MessageSent' }>,
  recipients: readonly string[],
): Flaw | undefined {
  if (!isTopic(state.definition, to)) return flaw('data.to', `is '${to}', a topic that the workflow does not have`);
  const seen = new Set<string>();
  for (const [index, mailbox] of recipients.entries()) {
    const field = `data.recipients[${index}]`;
    const wrong = mailbox === DEAD_LETTERS ? flaw(field, 'is where nothing is sent to') : undefined;
    if (wrong !== undefined || seen.has(mailbox)) return wrong ?? flaw(field, `is '${mailbox}', which is there twice`);
    const missing = mailboxFlaw(state, mailbox, field);
    if (missing !== undefined) return missing;
    if (state.mail?.open.has(copyId(message, mailbox)) === true) return flaw(field, `is '${mailbox}', which has it`);
    seen.add(mailbox);
  }
  return undefined;
}

/** Whether a task that sent a question has been told this. */
function isAnswer({ mail, tasks }: RunState, id: string, { taskId, attempt }: Call): boolean {
  const task = tasks.get(taskId);
  const message = mail?.open.get(id);
  return (
    task?.sent !== undefined &&
    task.attempt === attempt &&
    task.awaits !== undefined &&
    message?.mailbox === task.awaits.mailbox &&
    message.inReplyTo === task.sent.message
  );
}

/** Whether the task waits where the message is, with a schema that it does not fit. */
function isMisfit(state: RunState, id: string, { taskId, attempt }: Call): boolean {
  const message = state.mail?.open.get(id);
  const task = state.tasks.get(taskId);
  if (message === undefined || !isAtHand(message) || task?.attempt !== attempt) return false;
  const receivers = state.mail?.boxes.get(message.mailbox)?.receivers.values() ?? [];
  for (const receiver of receivers)
    if (receiver.taskId === taskId && misfitOf(schemaOf(state, task, receiver), message) !== undefined) return true;
  return false;
}

interface Call {
  readonly taskId: string;
  readonly attempt: number;
  readonly call?: number;
}

/** Calls of an attempt are taken in order; several messages may come of one. */
function callFlaw(state: RunState, of: Call, worker: string | undefined, several = false): Flaw | undefined {
  const { taskId, attempt, call = 0 } = of;
  const task = state.tasks.get(taskId);
  if (task === undefined) return unknown(taskId);
  if (!isInFlight(task)) return unfit(task);
  if (task.attempt !== attempt)
    return flaw('data.attempt', `is ${attempt}; the last one of '${taskId}' is ${task.attempt}`);
  const before = state.mail?.attempts.get(taskId);
  const takesOver = before !== undefined && worker !== undefined && before.worker !== worker;
  if (takesOver && before.past.includes(worker))
    return flaw('data.worker', `is '${worker}', and the attempt is made by '${before.worker}'`);
  const last = takesOver ? 0 : (before?.calls ?? 0);
  // A call may give several events: messages, what is acknowledged with them, and what comes back.
  return call > last || (call === last && (several || worker === undefined))
    ? undefined
    : flaw('data.call', `is ${call}; the last one of '${taskId}' is ${last}`);
}

const isHeld = (mail: MailState | undefined, id: string, { taskId, attempt }: Call): boolean => {
  const message = mail?.open.get(id);
  return message?.holder?.taskId === taskId && message.holder.attempt === attempt && message.back === undefined;
};

const isAtHand = ({ holder, dead, doomed }: OpenMessage): boolean =>
  holder === undefined && dead === undefined && !doomed;

const againFlaw = (state: RunState, commandId: string): Flaw | undefined =>
  state.commands.has(commandId) ? flaw('data.commandId', `is '${commandId}', which took effect before`) : undefined;

const deadFlaw = (mail: MailState | undefined, ids: readonly string[]): Flaw | undefined =>
  firstFlaw(ids, (id) => {
    const message = mail?.open.get(id);
    return message?.dead === undefined || message.holder !== undefined ? 'is no dead letter' : undefined;
  });

function firstFlaw(ids: readonly string[], problem: (id: string) => string | undefined): Flaw | undefined {
  const seen = new Set<string>();
  for (const [index, id] of ids.entries()) {
    const found = seen.has(id) ? 'is there twice' : problem(id);
    if (found !== undefined) return flaw(`data.messages[${index}]`, `is '${id}', which ${found}`);
    seen.add(id);
  }
  return undefined;
}

function mailboxFlaw(state: RunState, mailbox: string, field: string): Flaw | undefined {
  const isThere = isName(mailbox)
    ? mailbox === DEAD_LETTERS || mailboxDefinition(state.definition.mailboxes, mailbox) !== undefined
    : mailboxOf(state, blockOfMailbox(mailbox), mailbox.slice(mailbox.lastIndexOf('/') + 1)) === mailbox;
  return isThere ? undefined : flaw(field, `is '${mailbox}', a mailbox that the run does not have`);
}
