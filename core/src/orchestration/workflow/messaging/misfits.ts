import { flawText, schemaFlaws } from '../../../definition/schema/json-schema.ts';
import type { Json } from '../../../shared/json.ts';
import type { DecisionContext } from '../decisions/decision-context.ts';
import type { MessageAcknowledged, MessageSent, RunEvent } from '../events.ts';
import { definitionOf, type RunState, type TaskState } from '../state.ts';
import { giveUpOn } from './came-back.ts';
import { isPartOfOne } from './conversations.ts';
import type { OpenMessage, Receiver } from './mail.ts';

// What comes to be taken, and is not what whoever takes it says that it has to be.

/** The schema that a receiver has for the data of messages. */
export const schemaOf = (state: RunState, task: TaskState, { call, schema }: Pick<Receiver, 'call' | 'schema'>) =>
  call === 0 ? definitionOf(state, task)?.wait?.message?.schema : schema;

/** How the data does not fit; undefined when it does. */
export function misfitOf(schema: Json | undefined, { data, dead }: OpenMessage): string | undefined {
  // One that is dead is so already: whoever takes it deals with it.
  const flaws = schema === undefined || dead !== undefined ? [] : schemaFlaws(schema, data);
  return flaws.length === 0 ? undefined : flaws.slice(0, MOST_TOLD).map(flawText).join('; ');
}

const MOST_TOLD = 5;

/** It is answered, in a conversation of two tasks; else it is a dead letter. */
export function turnDown(
  state: RunState,
  task: TaskState,
  message: OpenMessage,
  why: string,
  context: DecisionContext,
): readonly RunEvent[] {
  const { id, from, subject, conversation } = message;
  const { id: taskId, attempt } = task;
  const { now: at } = context;
  const reason = `The data does not fit the schema that '${taskId}' has for it: ${why}.`;
  const code = 'REPRISE_MESSAGE_INVALID';
  if (from.task !== undefined && conversation !== undefined) {
    const answer: MessageSent = {
      type: 'MessageSent',
      at,
      message: `${id}!`,
      from: { task: taskId },
      to: from.task,
      data: { code, message: reason },
      performative: 'not-understood',
      ...(subject === undefined ? {} : { subject }),
      conversation,
      inReplyTo: id,
      onBehalf: true,
    };
    const done: MessageAcknowledged = { type: 'MessageAcknowledged', at, messages: [id], taskId, attempt };
    if (isPartOfOne(state, answer)) return [answer, done];
  }
  return giveUpOn(state, message, { taskId, attempt, reason, code }, undefined, context);
}
