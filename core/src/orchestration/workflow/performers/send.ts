import type { Expression } from '../../../definition/definition.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { errorData } from '../../../shared/errors.ts';
import type { Json } from '../../../shared/json.ts';
import { idempotencyKey } from '../attempt-key.ts';
import { conclude } from '../decisions/outcome.ts';
import type { Refusal } from '../decisions/refusal.ts';
import type { RunEvent } from '../events.ts';
import { outgoingFlaw } from '../messaging/call-shapes.ts';
import type { Outgoing } from '../messaging/message.ts';
import { sending } from '../messaging/outgoing.ts';
import { computed, type Enter, entered, failed, handed } from './performer.ts';

/** Puts a message into a mailbox. It has the id that the task has in its round: whoever does the task again sends another. */
export const enterSend: Enter = (entering) => {
  const { state, task, definition, context } = entering;
  const { send } = definition;
  if (send === undefined) return [];
  const values: Record<string, Json> = {};
  const slots: readonly (readonly [string, Expression | undefined])[] = [
    ['to', send.to],
    ['run', send.run],
    ['data', send.data],
    ['conversation', send.conversation],
    ['inReplyTo', send.inReplyTo],
  ];
  for (const [slot, expression] of slots) {
    if (expression === undefined) continue;
    const bound = computed(entering, `send.${slot}`, expression);
    if (!bound.ok) return failed(entering, bound.error);
    values[slot] = bound.value;
  }
  if (send.data === undefined) {
    const input = handed(entering);
    if (!input.ok) return failed(entering, input.error);
    values['data'] = input.value;
  }
  const { performative, type, expiresMs, drop } = send;
  const message = {
    ...values,
    ...(performative === undefined ? {} : { performative }),
    ...(type === undefined ? {} : { type }),
    ...(expiresMs === undefined ? {} : { expiresMs }),
    ...(drop === undefined ? {} : { drop }),
  } as unknown as Outgoing;
  const flaw = outgoingFlaw(message);
  if (flaw !== undefined) return failed(entering, errorOf(flaw));
  const attempt = task.attempt + 1;
  const id = `${idempotencyKey(state, task)}/${attempt}`;
  const waits = send.until === 'acknowledged';
  const end = (): readonly RunEvent[] =>
    waits ? [entered(entering, { sent: id })] : conclude(state, task, { output: { id }, via: 'send' }, context);
  // The history of a fork may have been cut behind it.
  if (state.mail?.open.has(id) === true) return end();
  const what = { scope: task.scope, from: { task: task.id }, id, message, receipt: waits };
  const sent = sending(state, what, context);
  if (sent === undefined) return [];
  if (!('type' in sent)) return failed(entering, errorOf(sent));
  return waits ? [...end(), sent] : [sent, ...end()];
};

const errorOf = ({ code, message }: Refusal): ErrorData => errorData(code, message);
