import { attemptKey, idempotencyKey } from '../attempt-key.ts';
import { Ahead } from '../budgets.ts';
import type { AwaitMessages, CompleteTask, GivenBack, MailCall, SendMessages, SettleMessages } from '../commands.ts';
import type { DecisionContext } from '../decisions/decision-context.ts';
import { permissionsOf } from '../decisions/permissions.ts';
import { type Answer, isRefusal, problem } from '../decisions/refusal.ts';
import { reject } from '../decisions/rejection.ts';
import type { MessageAcknowledged, RunEvent } from '../events.ts';
import { isInFlight, type RunState, type TaskState } from '../state.ts';
import { mailboxToTakeFrom } from './addresses.ts';
import { awaitFlaw, sendFlaw, settleFlaw } from './call-shapes.ts';
import { giveUpOn, whenAgain } from './came-back.ts';
import { isNameAnywhere } from './mail.ts';
import { addressOf, FINAL } from './message.ts';
import { sending } from './outgoing.ts';
import { answeredBy, heldBy, leaveFlaw } from './saying.ts';
import { decideSubscription } from './topics.ts';

// What attempts do with messages. Each of their calls is taken once, in the order of its number: one that comes again gives nothing, and its answer
// can be told from the state.

export function decideCall(state: RunState, command: MailCall, context: DecisionContext): readonly RunEvent[] {
  const answer = callOf(state, command, context);
  return isRefusal(answer) ? [reject(command, answer.code, answer.message, context)] : answer;
}

function callOf(state: RunState, command: MailCall, context: DecisionContext): Answer {
  const { taskId, attempt, worker, call } = command;
  const task = state.tasks.get(taskId);
  if (task === undefined || !isInFlight(task) || task.attempt !== attempt)
    return problem('REPRISE_MESSAGE_NOT_HELD', `Attempt ${attempt} of '${taskId}' is over.`);
  const mail = state.mail?.attempts.get(taskId);
  // Another one takes the attempt over from its beginning; one that was gone does not come back.
  if (mail?.past.includes(worker) === true)
    return problem('REPRISE_MESSAGE_NOT_HELD', `Attempt ${attempt} of '${taskId}' is made by another worker.`);
  const last = mail?.worker === worker ? mail.calls : 0;
  if (call <= last) return [];
  switch (command.type) {
    case 'SendMessages':
      return send(state, task, command, context);
    case 'AwaitMessages':
      return awaitMessages(state, task, command, context);
    case 'SettleMessages':
      return settleMessages(state, task, command, context);
    case 'SubscribeMailbox':
    case 'UnsubscribeMailbox':
      return decideSubscription(state, task, command, context);
    default:
      return command satisfies never;
  }
}

function send(state: RunState, task: TaskState, command: SendMessages, context: DecisionContext): Answer {
  const { attempt, worker, call, messages } = command;
  const flaw = sendFlaw(messages);
  if (flaw !== undefined) return flaw;
  const events: RunEvent[] = [];
  const ahead = new Map<string, number>();
  const spent = new Ahead();
  for (const [index, message] of messages.entries()) {
    const denied = leaveFlaw(state, task, message);
    if (denied !== undefined) return denied;
    const id = messageId(state, command, index);
    // A task of that name that whoever sent it is not, is not meant.
    const meant = answeredBy(state, task, message);
    const said = meant === undefined ? message : { ...message, to: addressOf(meant.from) };
    const what = {
      scope: task.scope,
      from: { task: task.id, attempt },
      id,
      message: said,
      more: { call, worker },
      ahead,
      spent,
    };
    const sent = sending(state, what, context);
    if (isRefusal(sent)) return sent;
    events.push(...sent);
    const answered = sent.length === 0 ? undefined : answeredBy(state, task, message);
    if (answered !== undefined && FINAL.has(message.performative ?? 'inform'))
      events.push(acknowledgement(task, [answered.id], context));
  }
  return events;
}

/** The id of a message that a call sends, `index` its place in that: what has a key has the same in every attempt. */
export function messageId(
  state: RunState,
  { taskId, attempt, worker, call, messages }: SendMessages,
  index: number,
): string {
  const task = state.tasks.get(taskId);
  const key = messages[index]?.key;
  if (key !== undefined && task !== undefined) return `${idempotencyKey(state, task)}#${key}`;
  const known = state.mail?.attempts.get(taskId);
  const before = known === undefined ? 0 : known.past.length + (known.worker === worker ? 0 : 1);
  const again = before === 0 ? '' : `~${before}`;
  return `${attemptKey(state.runId, taskId, attempt)}${again}/${call}${index === 0 ? '' : `.${index}`}`;
}

/** How many got what a call published; undefined when it published nothing. */
export function publishedBy(state: RunState, { taskId, messages }: SendMessages): number | undefined {
  const [message] = messages;
  if (message?.topic === undefined) return undefined;
  const { mail } = state;
  return message.key === undefined
    ? mail?.attempts.get(taskId)?.published
    : mail?.keys.get(taskId)?.get(message.key)?.recipients;
}

function awaitMessages(state: RunState, task: TaskState, command: AwaitMessages, context: DecisionContext): Answer {
  const flaw = awaitFlaw(command);
  if (flaw !== undefined) return flaw;
  const { attempt, worker, call, schema, max = 1, timeoutMs, question } = command;
  const wanted =
    command.wanted?.run === 'parent' && state.parent !== undefined
      ? { ...command.wanted, run: state.parent.runId }
      : command.wanted;
  const isAway = command.mailbox?.startsWith('@') === true;
  if (isAway && !permissionsOf(state, task).includes('sendAcross'))
    return problem(
      'REPRISE_MESSAGE_INVALID',
      `The agent of '${task.id}' may take nothing from names of no run; say so on the task: may: [sendAcross].`,
    );
  const mailbox = command.mailbox === undefined ? task.id : mailboxToTakeFrom(state, task.scope, command.mailbox);
  if (typeof mailbox !== 'string') return mailbox;
  if (mailbox !== task.id && !isNameAnywhere(mailbox))
    return problem(
      'REPRISE_MAILBOX_UNKNOWN',
      `The agent of '${task.id}' takes messages from its own mailbox, and from those of names; '${mailbox}' is that of another task.`,
    );
  return [
    {
      type: 'MessageAwaited',
      at: context.now,
      taskId: task.id,
      attempt,
      call,
      worker,
      mailbox,
      ...(wanted === undefined ? {} : { wanted }),
      ...(schema === undefined ? {} : { schema }),
      max,
      ...(timeoutMs === undefined ? {} : { until: context.now + Math.ceil(timeoutMs) }),
      ...(question === undefined ? {} : { question }),
    },
  ];
}

function settleMessages(state: RunState, task: TaskState, command: SettleMessages, context: DecisionContext): Answer {
  const flaw = settleFlaw(command);
  if (flaw !== undefined) return flaw;
  const { acknowledge = [], reject: given = [], call } = command;
  for (const id of [...acknowledge, ...given.map(({ message }) => message)])
    if (heldBy(state, task, id) === undefined)
      return problem('REPRISE_MESSAGE_NOT_HELD', `'${task.id}' does not have the message '${id}'.`);
  const events: RunEvent[] = [];
  if (acknowledge.length > 0) events.push({ ...acknowledgement(task, acknowledge, context), call });
  for (const one of given) events.push(...givenBack(state, task, call, one, context, events));
  return events;
}

function givenBack(
  state: RunState,
  task: TaskState,
  call: number,
  { message: id, reason, code, delayMs, requeue = true }: GivenBack,
  context: DecisionContext,
  before: readonly RunEvent[],
): readonly RunEvent[] {
  const message = heldBy(state, task, id);
  if (message === undefined) return [];
  const { id: taskId, attempt } = task;
  const back = { taskId, attempt, call, reason, ...(code === undefined ? {} : { code }) };
  const retryAt = whenAgain(state, message, { retryable: requeue }, context);
  if (retryAt === undefined) return giveUpOn(state, message, back, undefined, context, before);
  const due = delayMs === undefined ? retryAt : context.now + Math.ceil(delayMs);
  return [{ type: 'MessageRejected', at: context.now, message: id, ...back, retryAt: due }];
}

const acknowledgement = (
  { id: taskId, attempt }: TaskState,
  messages: readonly string[],
  { now: at }: DecisionContext,
): MessageAcknowledged => ({ type: 'MessageAcknowledged', at, messages, taskId, attempt });

/** What an attempt has, has seen, and did not settle is done with its output. */
export function acknowledgedBy(
  state: RunState,
  task: TaskState,
  { unheard }: Pick<CompleteTask, 'unheard'>,
  context: DecisionContext,
): readonly RunEvent[] {
  const { mail } = state;
  const held = mail?.attempts.get(task.id)?.held;
  if (mail === undefined || held === undefined || held.size === 0) return [];
  const unseen = new Set<unknown>(Array.isArray(unheard) ? unheard : []);
  const seen = [...held].filter((id) => !unseen.has(mail.open.get(id)?.holder?.call));
  return seen.length === 0 ? [] : [acknowledgement(task, seen, context)];
}
