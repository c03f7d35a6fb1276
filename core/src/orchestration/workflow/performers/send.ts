import type { Expression, Send } from '../../../definition/definition.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import type { Json } from '../../../shared/json.ts';
import { idempotencyKey } from '../attempt-key.ts';
import { conclude } from '../decisions/outcome.ts';
import { asError, isRefusal } from '../decisions/refusal.ts';
import type { RunEvent } from '../events.ts';
import { outgoingFlaw } from '../messaging/call-shapes.ts';
import type { Outgoing } from '../messaging/message.ts';
import { sending } from '../messaging/outgoing.ts';
import { copiesOpen } from '../messaging/topics.ts';
import { computed, type Enter, type Entering, entered, failed, handed } from './performer.ts';

/** Puts a message into a mailbox, or into several. It has the id that the task has in its round: whoever does the task again sends another. */
export const enterSend: Enter = (entering) => {
  const { state, task, definition, context } = entering;
  const { send } = definition;
  if (send === undefined) return [];
  const message = messageOf(entering, send);
  if (!('data' in message)) return failed(entering, message);
  const flaw = outgoingFlaw(message);
  if (flaw !== undefined) return failed(entering, asError(flaw));
  const attempt = task.attempt + 1;
  const id = `${idempotencyKey(state, task)}/${attempt}`;
  const { until = 'sent' } = send;
  const end = (recipients?: number): readonly RunEvent[] => {
    if (until === 'replied') return [entered(entering, { sent: id, mailbox: task.id, wanted: { inReplyTo: id } })];
    if (until === 'acknowledged') return [entered(entering, { sent: id })];
    return conclude(
      state,
      task,
      { output: { id, ...(recipients !== undefined && { recipients }) }, via: 'send' },
      context,
    );
  };
  // The history of a fork may have been cut behind it.
  if (state.mail?.open.has(id) === true) return end();
  const copies = message.topic === undefined ? 0 : copiesOpen(state, message.topic, id);
  if (copies > 0) return end(copies);
  const what = { scope: task.scope, from: { task: task.id }, id, message, receipt: until === 'acknowledged' };
  const sent = sending(state, what, context);
  if (isRefusal(sent)) return failed(entering, asError(sent));
  const [event] = sent;
  const recipients = event?.type === 'MessageSent' ? event.recipients?.length : undefined;
  return until === 'sent' ? [...sent, ...end(recipients)] : [...end(), ...sent];
};

/** What is sent, or why it cannot be computed. */
function messageOf(entering: Entering, send: Send): Outgoing | ErrorData {
  const values: Record<string, Json> = {};
  const slots: readonly (readonly [string, Expression | undefined])[] = [
    ['to', send.to],
    ['run', send.run],
    ['topic', send.topic],
    ['data', send.data],
    ['conversation', send.conversation],
    ['inReplyTo', send.inReplyTo],
  ];
  for (const [slot, expression] of slots) {
    if (expression === undefined) continue;
    const bound = computed(entering, `send.${slot}`, expression);
    if (!bound.ok) return bound.error;
    values[slot] = bound.value;
  }
  if (send.data === undefined) {
    const input = handed(entering);
    if (!input.ok) return input.error;
    values['data'] = input.value;
  }
  const { type, deadlineMs, expiresMs, drop, until } = send;
  const performative = send.performative ?? (until === 'replied' ? 'request' : undefined);
  return {
    ...values,
    ...(performative === undefined ? {} : { performative }),
    ...(type === undefined ? {} : { type }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(expiresMs === undefined ? {} : { expiresMs }),
    ...(drop === undefined ? {} : { drop }),
  } as unknown as Outgoing;
}
