import { costOfMessage, usedUp } from '../budgets.ts';
import { permissionsOf } from '../decisions/permissions.ts';
import type { RunEvent } from '../events.ts';
import { mailboxOf } from '../messaging/addresses.ts';
import { consumersOf } from '../messaging/ask.ts';
import { isBid, teamNamed } from '../messaging/bids.ts';
import { isLateProposal, stageProblem } from '../messaging/conversations.ts';
import { handOverFrom, isAtItsEnd } from '../messaging/hand-over.ts';
import {
  askOf,
  blockOfMailbox,
  isLentTo,
  isName,
  isNameAnywhere,
  type MailState,
  mailboxDefinition,
  type OpenMessage,
  tooManyDead,
} from '../messaging/mail.ts';
import { type Ask, copyId, DEAD_LETTERS, type Party } from '../messaging/message.ts';
import { misfitOf, schemaOf } from '../messaging/misfits.ts';
import { isClient, isOutbox, isTeamName, outboxOf } from '../messaging/outbox.ts';
import { protocolOf } from '../messaging/protocols.ts';
import { isTopic } from '../messaging/topic-names.ts';
import { hasEnded, isInFlight, type RunState, type TaskState } from '../state.ts';
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
      | 'HandOverAwaited'
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
    case 'MessageReceived':
      return receivedFlaw(state, event);
    case 'MessageHandedOn':
      return handedOnFlaw(state, event);
    case 'MessagesHandedOver': {
      const [first] = mail?.boxes.get(outboxOf(event.run, event.to))?.messages.values() ?? [];
      return first?.n !== undefined && first.n <= event.upTo && event.upTo <= (mail?.numbers.get(first.mailbox) ?? 0)
        ? undefined
        : flaw(
            'data.upTo',
            `is ${event.upTo}, and nothing up to there is on its way to '${event.to}' of '${event.run}'`,
          );
    }
    case 'HandOverAwaited': {
      const waiting = mail === undefined ? 0 : handOverFrom(mail, event.at).messages;
      if (waiting !== event.messages || waiting === 0)
        return flaw('data.messages', `is ${event.messages}, and ${waiting} are on their way`);
      return isAtItsEnd(state) || mail?.handOverUntil !== undefined
        ? undefined
        : flaw('data', 'comes before the end of the run, and there is something left to do');
    }
    case 'MessageAwaited': {
      const wrong = callFlaw(state, event, event.worker);
      // Its own is there as long as it is: what undoes something may be in a block that is no more.
      if (wrong !== undefined || event.mailbox === event.taskId) return wrong;
      return isNameAnywhere(event.mailbox)
        ? mailboxFlaw(state, event.mailbox, 'data.mailbox')
        : flaw('data.mailbox', `is '${event.mailbox}', which is that of another task`);
    }
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
    case 'MessageTaken':
      return firstFlaw(event.messages, (id) => {
        const message = mail?.open.get(id);
        const isLying = message !== undefined && isAtHand(message) && isName(message.mailbox);
        return isLying || isLentTo(message, event.client) ? undefined : 'is not to be had';
      });
    case 'MessageAcknowledged':
      if (event.client !== undefined) return lentFlaw(mail, event.messages, event.client);
      if (event.taskId === undefined || event.attempt === undefined) return flaw('data.taskId', 'is missing');
      if (event.call !== undefined) {
        const wrong = callFlaw(state, attemptOf(event), undefined);
        if (wrong !== undefined) return wrong;
      }
      return firstFlaw(event.messages, (id) =>
        isHeld(mail, id, attemptOf(event)) ||
        isAnswer(state, id, attemptOf(event)) ||
        isAnsweredCall(state, id, event.taskId ?? '') ||
        isMisfit(state, id, attemptOf(event))
          ? undefined
          : `is not what attempt ${event.attempt} of '${event.taskId}' has`,
      );
    case 'MessageRejected': {
      if (event.client !== undefined) return lentFlaw(mail, [event.message], event.client);
      const message = mail?.open.get(event.message);
      const back = message?.back;
      const isBack = back !== undefined && back.taskId === event.taskId && back.attempt === event.attempt;
      if (event.call === undefined ? isBack : isHeld(mail, event.message, attemptOf(event))) return undefined;
      if (event.call === undefined && event.retryAt === undefined && isMisfit(state, event.message, attemptOf(event)))
        return undefined;
      return flaw('data.message', `is '${event.message}', which did not come back from '${event.taskId}'`);
    }
    case 'MessageExpired':
      return firstFlaw(event.messages, (id) => {
        const message = mail?.open.get(id);
        return message !== undefined &&
          (message.expiresAt !== undefined || asks(message) || isOutbox(message.mailbox)) &&
          isAtHand(message)
          ? undefined
          : 'does not expire';
      });
    case 'MessageDeadLettered': {
      const message = mail?.open.get(event.message);
      if (message === undefined || !(message.doomed || isOutbox(message.mailbox)))
        return flaw('data.message', `is '${event.message}', which may still be had, or is not there`);
      return event.mailbox === (message.dead?.mailbox ?? message.mailbox) || event.mailbox === message.mailbox
        ? undefined
        : flaw('data.mailbox', `is not where '${event.message}' was`);
    }
    case 'MessagesClosed': {
      const ids = event.scope === '' ? [...(mail?.open.keys() ?? [])] : (mail?.left.get(event.scope) ?? []);
      if (ids.length !== event.open || event.messages.some((id, index) => ids[index] !== id))
        return flaw('data.messages', `are not what is left in '${event.scope}'`);
      return undefined;
    }
    case 'ConversationExpired': {
      if (mail?.conversations.has(event.message) !== true)
        return flaw('data.message', `is '${event.message}', which opened no conversation that is open`);
      // It may have come back a moment before: whoever had it held it for as long as it said.
      const { holder, deliveries = 0, losses = 0 } = mail.open.get(event.message) ?? {};
      return event.held === undefined || holder !== undefined || deliveries + losses > 0
        ? undefined
        : flaw('data.held', `is there, and nobody had '${event.message}'`);
    }
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
/** A call for proposals that a bid has answered without looking at it. */
function isAnsweredCall(state: RunState, id: string, taskId: string): boolean {
  const call = state.mail?.open.get(id);
  const task = state.tasks.get(taskId);
  return (
    call?.mailbox === taskId && call.holder === undefined && task !== undefined && hasEnded(task) && isBid(state, task)
  );
}

const ON_BEHALF: ReadonlySet<unknown> = new Set(['failure', 'not-understood', 'reject-proposal', 'propose', 'refuse']);

/** What a team says is what its last decision leads to. */
function teamSaysFlaw(state: RunState, event: Extract<RunEvent, { readonly type: 'MessageSent' }>): Flaw | undefined {
  const { from, decidedBy } = event;
  const scope = from.task === undefined ? teamNamed(state, from.client) : undefined;
  if (scope?.team === undefined) return flaw('data.from', 'is no team that is under way');
  if (decidedBy !== scope.team.n)
    return flaw('data.decidedBy', `is ${decidedBy}; the last decision is number ${scope.team.n}`);
  const broken = stageProblem(state, event);
  return broken === undefined ? undefined : flaw('data.performative', `breaks its conversation: ${broken.message}`);
}

function sentFlaw(state: RunState, event: Extract<RunEvent, { readonly type: 'MessageSent' }>): Flaw | undefined {
  const { from, message, to, recipients, call, commandId, drop, expiresAt } = event;
  if (state.mail?.open.has(message) === true) return flaw('data.message', `is '${message}', which is open`);
  if (to === DEAD_LETTERS) return flaw('data.to', 'is where nothing is sent to');
  if (event.on !== undefined && (from.task === undefined || from.attempt === undefined))
    return flaw('data.on', 'is of an attempt, and this comes of none');
  if (drop === true && expiresAt === undefined) return flaw('data.drop', 'cannot stand without expiresAt');
  const where =
    recipients !== undefined
      ? publishedFlaw(state, event, recipients)
      : event.run === undefined && !isClient(to)
        ? mailboxFlaw(state, to, 'data.to')
        : farFlaw(state, event);
  if (where !== undefined) return where;
  if (event.ask !== undefined) return askFlaw(state, event, event.ask);
  if (event.receipt === 'acknowledged' || event.receipt === 'failed') return receiptFlaw(state, event);
  if (event.from.run !== undefined && event.onBehalf !== true) return flaw('data.from.run', 'is another run');
  if (event.decidedBy !== undefined) return teamSaysFlaw(state, event);
  if (from.task === undefined && isTeamName(from.client)) return flaw('data.decidedBy', 'is missing');
  if (event.late === true && !isLateProposal(state, event))
    return flaw('data.late', 'is there, and it is no proposal in a conversation that is over');
  const broken = stageProblem(state, event);
  if (broken !== undefined) return flaw('data.performative', `breaks its conversation: ${broken.message}`);
  if (event.onBehalf === true) {
    const isOwed =
      event.message === `${event.inReplyTo ?? ''}!` && ON_BEHALF.has(event.performative) && recipients === undefined;
    return isOwed && call === undefined && commandId === undefined
      ? undefined
      : flaw('data.onBehalf', 'is there, and it is nothing that the run says for somebody');
  }
  const over = usedUp(state, state.tasks.get(from.task ?? '')?.scope ?? '', costOfMessage(state, from));
  if (over !== undefined)
    return flaw('type', `cannot come: the budget of ${over.limit} messages of '${over.scope}' is used up`);
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
  if (permissionsOf(state, task).includes(event.run === undefined ? 'send' : 'sendAcross')) return undefined;
  return answered !== undefined && isHeld(state.mail, answered, { taskId: task.id, attempt: from.attempt })
    ? undefined
    : flaw('data.from', `is '${task.id}', whose agent may send no messages`);
}

/** To another run, or to a program. */
function farFlaw(state: RunState, event: Extract<RunEvent, { readonly type: 'MessageSent' }>): Flaw | undefined {
  const { run, to, n, receipt } = event;
  if (run === undefined)
    return n === undefined && receipt === undefined ? undefined : flaw('data.n', 'stands without a run');
  if (run === state.runId) return flaw('data.run', 'is the run itself');
  const next = (state.mail?.numbers.get(outboxOf(run, to)) ?? 0) + 1;
  return n === next ? undefined : flaw('data.n', `is ${n}; the next one to '${to}' of '${run}' is ${next}`);
}

function receiptFlaw(state: RunState, event: Extract<RunEvent, { readonly type: 'MessageSent' }>): Flaw | undefined {
  const { run, to, inReplyTo = '', onBehalf } = event;
  const owed = state.mail?.receipts.get(inReplyTo)?.to ?? wantedBy(state.mail, inReplyTo);
  return onBehalf === true && owed !== undefined && owed.run === run && owed.task === to
    ? undefined
    : flaw('data.inReplyTo', `is '${inReplyTo}', of which nobody in run '${run}' wants to know what became`);
}

function wantedBy(mail: MailState | undefined, id: string): Party | undefined {
  const message = mail?.open.get(id);
  return message?.receipt === 'wanted' && mail?.told.has(id) === false ? message.from : undefined;
}

/** What a run says to a name is what stands there. */
function askFlaw(
  state: RunState,
  { to, from, run }: Extract<RunEvent, { readonly type: 'MessageSent' }>,
  ask: Ask,
): Flaw | undefined {
  const { id, over } = ask;
  if (from.task === undefined && over === true && state.mail !== undefined)
    return consumersOf(state.mail).some((one) => one.run === run && one.to === to && one.ask === id)
      ? undefined
      : flaw('data.ask.id', `is '${id}', which run '${run}' has not asked`);
  if (!to.startsWith('@') || from.task === undefined)
    return flaw('data.ask', 'is there, and nothing is asked of a name');
  const isAsked = state.mail?.asks.has(id) === true;
  const waits =
    state.mail?.boxes
      .get(to)
      ?.receivers.values()
      .some((one) => askOf(one) === id) === true;
  return isAsked === (over === true) && waits === (over !== true)
    ? undefined
    : flaw(
        'data.ask.id',
        `is '${id}', which ${over === true ? 'waits, or was not asked' : 'does not wait, or was asked before'}`,
      );
}

function handedOnFlaw(
  state: RunState,
  event: Extract<RunEvent, { readonly type: 'MessageHandedOn' }>,
): Flaw | undefined {
  const { message: id, to, run, n, ask, dead } = event;
  const message = state.mail?.open.get(id);
  if (dead !== undefined && (ask !== undefined || run === undefined))
    return flaw('data.dead', 'is only what goes back');
  const isDoomed = dead !== undefined && message?.doomed === true && message.holder === undefined;
  if (message === undefined || !(isDoomed || (isAtHand(message) && dead === undefined)))
    return flaw('data.message', `is '${id}', which is not at hand`);
  if (run === undefined)
    return isOutbox(message.mailbox) ? mailboxFlaw(state, to, 'data.to') : flaw('data.run', 'is missing');
  const next = (state.mail?.numbers.get(outboxOf(run, to)) ?? 0) + 1;
  if (n !== next) return flaw('data.n', `is ${n}; the next one is ${next}`);
  if (ask === undefined)
    return message.mailbox === to && to.startsWith('@') ? undefined : flaw('data.ask', 'is missing');
  const asked = state.mail?.boxes
    .get(message.mailbox)
    ?.receivers.values()
    .some(({ consumer }) => consumer?.run === run && consumer.ask === ask);
  return asked === true ? undefined : flaw('data.ask', `is '${ask}', which run '${run}' has not asked`);
}

function receivedFlaw(
  state: RunState,
  event: Extract<RunEvent, { readonly type: 'MessageReceived' }>,
): Flaw | undefined {
  const { message, origin, from, to, receipt } = event;
  const { mail } = state;
  if (event.handedOn === undefined && from.run !== origin.run) return flaw('data.from.run', `is not '${origin.run}'`);
  if (event.ask !== undefined) return mailboxFlaw(state, to, 'data.to');
  if (origin.run === state.runId) return flaw('data.from.run', `is not '${origin.run}'`);
  const mark = mail?.marks.get(outboxOf(origin.run, origin.to))?.n ?? 0;
  if (origin.n <= mark) return flaw('data.origin.n', `is ${origin.n}; the last that was taken is ${mark}`);
  if (receipt === 'acknowledged' || receipt === 'failed' || isClient(to)) return undefined;
  if (mail?.open.has(message) === true) return flaw('data.message', `is '${message}', which is open`);
  if (to === DEAD_LETTERS) return flaw('data.to', 'is where nothing is sent to');
  const broken = stageProblem(state, event);
  if (broken !== undefined) return flaw('data.performative', `breaks its conversation: ${broken.message}`);
  return mailboxFlaw(state, to, 'data.to');
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

const attemptOf = ({ taskId = '', attempt = 0, call }: Partial<Call>): Call => ({
  taskId,
  attempt,
  ...(call === undefined ? {} : { call }),
});

const lentFlaw = (mail: MailState | undefined, ids: readonly string[], client: string): Flaw | undefined =>
  firstFlaw(ids, (id) => (isLentTo(mail?.open.get(id), client) ? undefined : `is not what '${client}' has`));

const isHeld = (mail: MailState | undefined, id: string, { taskId, attempt }: Call): boolean => {
  const message = mail?.open.get(id);
  return message?.holder?.taskId === taskId && message.holder.attempt === attempt && message.back === undefined;
};

const isAtHand = ({ holder, dead, doomed }: OpenMessage): boolean =>
  holder === undefined && dead === undefined && !doomed;

/** What it asks is to be answered by some time. */
const asks = ({ performative = 'inform' }: OpenMessage): boolean => protocolOf(performative) !== undefined;

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
  if (mailbox.startsWith('@')) return undefined;
  const isThere = isName(mailbox)
    ? mailbox === DEAD_LETTERS || mailboxDefinition(state.definition.mailboxes, mailbox) !== undefined
    : mailboxOf(state, blockOfMailbox(mailbox), mailbox.slice(mailbox.lastIndexOf('/') + 1)) === mailbox;
  return isThere ? undefined : flaw(field, `is '${mailbox}', a mailbox that the run does not have`);
}
