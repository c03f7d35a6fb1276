import type { Scope } from '../../../definition/definition.ts';
import { errorData } from '../../../shared/errors.ts';
import type { Json } from '../../../shared/json.ts';
import type { Wanted } from '../../../shared/received-message.ts';
import { taskScope } from '../binding-source.ts';
import type { DecisionContext } from '../decisions/decision-context.ts';
import { conclude, giveUp } from '../decisions/outcome.ts';
import { isLoser } from '../decisions/withdraw.ts';
import type { RunEvent } from '../events.ts';
import { definitionOf, isEntered, type RunState, type TaskState } from '../state.ts';
import { isOverFor } from './conversations.ts';
import { fits, scopeOfCall, whereOf } from './fits.ts';
import type { MailState, OpenMessage, Receiver } from './mail.ts';
import { nameOf } from './message.ts';
import { misfitOf, schemaOf, turnDown } from './misfits.ts';
import { outboxOf } from './outbox.ts';
import { isOver } from './over.ts';
import { isFrom, receivedFrom } from './received.ts';
import { replied } from './replies.ts';

// Who gets which message: whoever has waited longest, the oldest that fits. What was given back holds up its own conversation until it may be had
// again, and nothing else.

/** The events by which one of those that wait at a mailbox gets what it waits for. Nothing when there is nothing for any of them. `now`: what is due by then may be had. */
export function handOut(
  state: RunState,
  mailbox: string,
  context: DecisionContext,
  now = context.now,
): readonly RunEvent[] {
  const { mail } = state;
  const box = mail?.boxes.get(mailbox);
  if (mail === undefined || box === undefined) return [];
  for (const receiver of box.receivers.values()) {
    if (receiver.consumer !== undefined) {
      const events = handOn(state, mailbox, receiver, receiver.consumer, context, now);
      if (events.length > 0) return events;
      continue;
    }
    const task = state.tasks.get(receiver.taskId);
    if (task === undefined || isHeldUp(state, receiver)) continue;
    const schema = schemaOf(state, task, receiver);
    const isFit = mailbox.startsWith('@') ? fitsAway(state, receiver.wanted) : filterOf(state, task, receiver);
    const found = fitting(mail, mailbox, isFit, receiver.max, now);
    const [first] = found;
    if (first === undefined) {
      const events = inVain(state, mail, task, receiver, box.messages.values(), isFit, context);
      if (events.length > 0) return events;
      continue;
    }
    const misfit = found.map((message) => [message, misfitOf(schema, message)] as const).find(([, why]) => why);
    if (misfit?.[1] !== undefined) return turnDown(state, task, misfit[0], misfit[1], context);
    if (receiver.call === 0) return taken(state, task, first, context);
    const { taskId, attempt, call } = receiver;
    const messages = found.map(({ id }) => id);
    return [{ type: 'MessageDelivered', at: context.now, messages, taskId, attempt, call }];
  }
  return [];
}

/** What it waits for the answer to is over, and no answer lies there, for now or for later: none will come. */
function inVain(
  state: RunState,
  mail: MailState,
  task: TaskState,
  { attempt, call, question }: Receiver,
  lying: Iterable<OpenMessage>,
  isFit: (message: OpenMessage) => boolean,
  context: DecisionContext,
): readonly RunEvent[] {
  const { id: taskId, sent } = task;
  const asked = call === 0 && sent?.outcome === 'open' ? { message: sent.message } : question;
  if (asked === undefined || !isOverFor(mail, taskId, asked)) return [];
  for (const message of lying) if (!message.doomed && isFit(message)) return [];
  const error = errorData(
    'REPRISE_CONVERSATION_ENDED',
    `No answer to '${asked.message}' will come to '${taskId}': the conversation has ended. Its last word answered another message, or '${taskId}' ended it; or the answer came before, and was done with.`,
  );
  if (call !== 0) return [{ type: 'MessageMissed', at: context.now, taskId, attempt, call, error }];
  const definition = definitionOf(state, task);
  return definition === undefined ? [] : giveUp(state, task, definition, { error }, context);
}

/** To another run that asked for it: one, which is what it has asked for. */
function handOn(
  state: RunState,
  mailbox: string,
  { wanted }: Receiver,
  { run, to, ask }: NonNullable<Receiver['consumer']>,
  { now: at }: DecisionContext,
  now: number,
): readonly RunEvent[] {
  const { mail } = state;
  const [first] = fitting(mail, mailbox, fitsAway(state, wanted), 1, now);
  if (first === undefined) return [];
  const n = (mail?.numbers.get(outboxOf(run, to)) ?? 0) + 1;
  return [{ type: 'MessageHandedOn', at, message: first.id, to, run, n, ask }];
}

/** What lies in a mailbox and is wanted by somebody outside. */
export function lyingAt(
  state: RunState,
  { mailbox, isAway }: { readonly mailbox: string; readonly isAway: boolean },
  wanted: Wanted,
  max: number,
  now: number,
): readonly OpenMessage[] {
  const scope = (): Scope => scopeOfCall(state.runId, 1);
  const isHere = (message: OpenMessage): boolean => fits(message, wanted, whereOf(wanted), scope, mailbox);
  const isWanted = isAway ? fitsAway(state, wanted) : isHere;
  return fitting(state.mail, mailbox, isWanted, max, now);
}

/** What is wanted of a name of no run: said there and in the run that asks, it has to mean the same. */
function fitsAway({ runId }: RunState, wanted: Wanted = {}): (message: OpenMessage) => boolean {
  const { from, run, ...others } = wanted;
  const scope = (): Scope => scopeOfCall('', 1);
  return (message) =>
    (run === undefined || (message.from.run ?? runId) === run) &&
    (from === undefined || isFrom(nameOf(message.from), from)) &&
    fits(message, others, whereOf(wanted), scope, 'a name');
}

/** Whether somebody who waits there takes nothing as things stand, but may later: a join does not need it now. */
export function isPutOff(state: RunState, mailbox: string): boolean {
  for (const { call, taskId } of state.mail?.boxes.get(mailbox)?.receivers.values() ?? []) {
    const task = call === 0 ? state.tasks.get(taskId) : undefined;
    if (task !== undefined && task.closing === undefined && isLoser(state, task)) return true;
  }
  return false;
}

/** A wait that takes nothing as things stand. */
export function isHeldUp(state: RunState, { taskId, call }: Receiver): boolean {
  const task = call === 0 ? state.tasks.get(taskId) : undefined;
  return task !== undefined && !mayTake(state, task);
}

/** What is closing takes nothing any more, nor does one of several before a join that does not need it. */
const mayTake = (state: RunState, task: TaskState): boolean =>
  isEntered(task) && task.closing === undefined && !isLoser(state, task);

const taken = (
  state: RunState,
  task: TaskState,
  message: OpenMessage,
  context: DecisionContext,
): readonly RunEvent[] => {
  if (definitionOf(state, task)?.send !== undefined) return replied(state, task, message, context);
  const output = receivedFrom(message) as unknown as Json;
  return conclude(state, task, { output, via: 'message', recorded: false, message: message.id }, context);
};

/** The oldest messages that the receiver may have, as many as it takes at once. */
function fitting(
  mail: MailState | undefined,
  mailbox: string,
  fits: (message: OpenMessage) => boolean,
  max: number,
  now: number,
): readonly OpenMessage[] {
  const found: OpenMessage[] = [];
  if (mail === undefined) return found;
  const heldUp = new Set<string>();
  for (const message of mail.boxes.get(mailbox)?.messages.values() ?? []) {
    const { conversation, retryAt, holder, doomed } = message;
    if (holder !== undefined || doomed || isOver(mail, message, now)) continue;
    if (retryAt !== undefined && retryAt > now) {
      if (conversation !== undefined) heldUp.add(conversation);
      continue;
    }
    if (conversation !== undefined && heldUp.has(conversation)) continue;
    if (!fits(message)) continue;
    found.push(message);
    if (found.length >= max) break;
  }
  return found;
}

function filterOf(
  state: RunState,
  task: TaskState,
  { wanted = {}, call }: Receiver,
): (message: OpenMessage) => boolean {
  const where = call === 0 ? definitionOf(state, task)?.wait?.message?.where : whereOf(wanted);
  let scope: Scope | undefined;
  const seen = (): Scope => {
    scope ??= call === 0 ? taskScope(state, task) : scopeOfCall(state.runId, task.round);
    return scope;
  };
  return (message) => fits(message, wanted, where, seen, task.id);
}
