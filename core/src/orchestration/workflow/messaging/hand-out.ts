import type { Scope } from '../../../definition/definition.ts';
import type { Json } from '../../../shared/json.ts';
import { taskScope } from '../binding-source.ts';
import type { DecisionContext } from '../decisions/decision-context.ts';
import { conclude } from '../decisions/outcome.ts';
import { isLoser } from '../decisions/withdraw.ts';
import type { RunEvent } from '../events.ts';
import { definitionOf, isEntered, type RunState, type TaskState } from '../state.ts';
import { fits, scopeOfCall, whereOf } from './fits.ts';
import type { Mailbox, OpenMessage, Receiver } from './mail.ts';
import { misfitOf, schemaOf, turnDown } from './misfits.ts';
import { receivedFrom } from './received.ts';
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
  const box = state.mail?.boxes.get(mailbox);
  if (box === undefined) return [];
  for (const receiver of box.receivers.values()) {
    const task = state.tasks.get(receiver.taskId);
    if (task === undefined || (receiver.call === 0 && !mayTake(state, task))) continue;
    const schema = schemaOf(state, task, receiver);
    const found = fitting(state, box, task, receiver, now);
    const [first] = found;
    if (first === undefined) continue;
    const misfit = found.map((message) => [message, misfitOf(schema, message)] as const).find(([, why]) => why);
    if (misfit?.[1] !== undefined) return turnDown(state, task, misfit[0], misfit[1], context);
    if (receiver.call === 0) return taken(state, task, first, context);
    const { taskId, attempt, call } = receiver;
    const messages = found.map(({ id }) => id);
    return [{ type: 'MessageDelivered', at: context.now, messages, taskId, attempt, call }];
  }
  return [];
}

/** Whether somebody who waits there takes nothing as things stand, but may later: a join does not need it now. */
export function isPutOff(state: RunState, mailbox: string): boolean {
  for (const { call, taskId } of state.mail?.boxes.get(mailbox)?.receivers.values() ?? []) {
    const task = call === 0 ? state.tasks.get(taskId) : undefined;
    if (task !== undefined && task.closing === undefined && isLoser(state, task)) return true;
  }
  return false;
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
  state: RunState,
  box: Mailbox,
  task: TaskState,
  receiver: Receiver,
  now: number,
): readonly OpenMessage[] {
  const found: OpenMessage[] = [];
  const heldUp = new Set<string>();
  const fits = filterOf(state, task, receiver);
  for (const message of box.messages.values()) {
    const { conversation, retryAt, holder, doomed, expiresAt, dead } = message;
    if (holder !== undefined || doomed || (expiresAt !== undefined && expiresAt <= now && dead === undefined)) continue;
    if (retryAt !== undefined && retryAt > now) {
      if (conversation !== undefined) heldUp.add(conversation);
      continue;
    }
    if (conversation !== undefined && heldUp.has(conversation)) continue;
    if (!fits(message)) continue;
    found.push(message);
    if (found.length >= receiver.max) break;
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
