import { DATA_SHAPES } from '../../core/src/orchestration/messaging/data-shapes.ts';
import { envelopeShape } from '../../core/src/orchestration/messaging/envelope-shape.ts';
import { KINDS, MESSAGE_TYPES, type MessageType } from '../../core/src/orchestration/messaging/message-types.ts';
import { schemaOf } from '../../core/src/orchestration/workflow/untrusted/shape.ts';
import type { JsonObject } from '../../core/src/shared/json.ts';
import { described } from './said-in-sources.ts';

/** What each type is for. */
export const SAID: Readonly<Record<MessageType, string>> = {
  dispatch: 'Hands an attempt to an agent.',
  command:
    'What a worker has to say of an attempt: that it began, how it ended, and its calls to the messages of its run.',
  'client-command': 'What a person or a program asks of a run that another process drives.',
  abort: 'Attempts that workers are to abort: one, or without taskid and attempt all of the run.',
  heartbeat: 'A worker has an attempt in hand; with the progress of the agent, if it gave any.',
  answer: 'What became of a call of an attempt: it is durable, or it was refused.',
  delivery: 'What a call waited for. Without messages, its time was up.',
  announcement: 'What a worker takes. No agents: it stops.',
  'roll-call': 'An engine asks who is there; every worker announces itself.',
  message: 'What one agent says to another, at a border: within a run it is in answers and deliveries.',
};

/** Attributes without which one of that type says nothing. */
const NEEDED: Readonly<Record<MessageType, readonly string[]>> = {
  dispatch: ['runid', 'taskid', 'attempt'],
  command: ['runid', 'taskid', 'attempt'],
  'client-command': ['runid'],
  abort: ['runid'],
  heartbeat: ['runid', 'taskid', 'attempt'],
  answer: ['runid', 'taskid', 'attempt'],
  delivery: ['runid', 'taskid', 'attempt'],
  announcement: [],
  'roll-call': [],
  message: ['runid', 'replyto'],
};

export const dataSchema = (type: MessageType): JsonObject => ({
  title: KINDS[type].type,
  description: SAID[type],
  ...described(schemaOf(DATA_SHAPES[type])),
});

/** One document: the envelope in structured mode, and what `data` is of each type, by its own id. */
export const messagesSchema = (): JsonObject => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'urn:reprise:messages',
  title: 'Messages of Reprise',
  description:
    'CloudEvents 1.0 in structured mode. Made by `npm run protocol`; docs/communication_protocol.md says what it means.',
  ...schemaOf(envelopeShape),
  allOf: MESSAGE_TYPES.map((type) => ({
    if: { properties: { type: { const: KINDS[type].type } } },
    then: {
      properties: { data: { $ref: KINDS[type].dataschema } },
      ...(NEEDED[type].length > 0 && { required: NEEDED[type] }),
    },
  })),
  $defs: Object.fromEntries(MESSAGE_TYPES.map((type) => [type, { $id: KINDS[type].dataschema, ...dataSchema(type) }])),
});
