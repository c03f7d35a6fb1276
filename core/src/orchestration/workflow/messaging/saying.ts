import { attemptKey, idempotencyKey } from '../attempt-key.ts';
import { Ahead } from '../budgets.ts';
import type { DecisionContext } from '../decisions/decision-context.ts';
import { permissionsOf } from '../decisions/permissions.ts';
import { type Answer, isRefusal, problem, type Refusal } from '../decisions/refusal.ts';
import type { RunEvent } from '../events.ts';
import type { RunState, TaskState } from '../state.ts';
import { dependsOn, MOST_SENT, outgoingFlaw } from './call-shapes.ts';
import type { OpenMessage } from './mail.ts';
import { isTo, type Outgoing, permissionFor } from './message.ts';
import { sending } from './outgoing.ts';

// What attempts say: at once (calls.ts), or with their output.

/** The message, when the attempt of the task has it. */
export function heldBy(state: RunState, task: TaskState, id: string | undefined): OpenMessage | undefined {
  const message = id === undefined ? undefined : state.mail?.open.get(id);
  const { holder, back } = message ?? {};
  return holder?.taskId === task.id && holder.attempt === task.attempt && back === undefined ? message : undefined;
}

/** The message that this one answers: whoever has it may answer it without leave to send. */
export function answeredBy(state: RunState, task: TaskState, message: Outgoing): OpenMessage | undefined {
  const answered = heldBy(state, task, message.inReplyTo);
  return answered !== undefined && isTo(answered.from, message) ? answered : undefined;
}

export function leaveFlaw(state: RunState, task: TaskState, message: Outgoing): Refusal | undefined {
  const needed = permissionFor(message);
  if (answeredBy(state, task, message) !== undefined || permissionsOf(state, task).includes(needed)) return undefined;
  return problem(
    'REPRISE_MESSAGE_INVALID',
    `The agent of '${task.id}' may send no messages${needed === 'sendAcross' ? ' to other runs, or to names of no run,' : ''} but replies to what it has taken; say so on the task: may: [${needed}].`,
  );
}

/** The id of what an attempt says with its output, `index` its place in that: what has a key has the same in every attempt. */
export const idWithOutput = (of: SaidWith, { key }: Outgoing, index: number): string =>
  key === undefined ? `${of.attemptKey}/end${index === 0 ? '' : `.${index}`}` : `${of.idempotencyKey}#${key}`;

export interface SaidWith {
  readonly attemptKey: string;
  readonly idempotencyKey: string;
}

/** What an attempt says with its output, as events; or why it cannot be. Before the attempt is over, and what it has is acknowledged. */
export function saidWithOutput(
  state: RunState,
  task: TaskState,
  messages: readonly Outgoing[],
  context: DecisionContext,
): Answer {
  const tooMany = `${messages.length} messages are sent with the output; ${MOST_SENT} may be.`;
  if (messages.length > MOST_SENT) return problem('REPRISE_MESSAGE_INVALID', tooMany);
  const { id: taskId, attempt } = task;
  const key = { attemptKey: attemptKey(state.runId, taskId, attempt), idempotencyKey: idempotencyKey(state, task) };
  const ahead = new Map<string, number>();
  const spent = new Ahead();
  const events: RunEvent[] = [];
  for (const [index, message] of messages.entries()) {
    const flaw =
      outgoingFlaw(message) ?? leaveFlaw(state, task, message) ?? twiceFlaw(messages.slice(0, index), message);
    if (flaw !== undefined) return flaw;
    const id = idWithOutput(key, message, index);
    const more = { on: 'completion' } as const;
    const what = { scope: task.scope, from: { task: taskId, attempt }, id, message, more, ahead, spent };
    const sent = sending(state, what, context);
    if (isRefusal(sent)) return sent;
    events.push(...sent);
  }
  return events;
}

/** Each is judged by the state before all of them: of what depends on what was said before, there is one. */
function twiceFlaw(before: readonly Outgoing[], message: Outgoing): Refusal | undefined {
  const field = dependsOn(message);
  const same = (other: Outgoing): boolean =>
    (message.key !== undefined && other.key === message.key) ||
    (message.conversation !== undefined && other.conversation === message.conversation) ||
    (message.inReplyTo !== undefined && other.inReplyTo === message.inReplyTo);
  return field === undefined || !before.some(same)
    ? undefined
    : problem(
        'REPRISE_MESSAGE_INVALID',
        `Two messages with the same \`${field}\` are sent with the output; send the first of them at once.`,
      );
}
