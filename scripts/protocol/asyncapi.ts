import { headerOf } from '../../core/src/orchestration/messaging/binary-mode.ts';
import {
  ABORT_CHANNEL,
  agentChannel,
  COMMAND_CHANNEL,
  COMMAND_GROUP,
  HEARTBEAT_CHANNEL,
  RESULT_CHANNEL,
  WORKER_CHANNEL,
  workerChannel,
} from '../../core/src/orchestration/messaging/channels.ts';
import { COMMAND_SHAPES } from '../../core/src/orchestration/messaging/data-shapes.ts';
import { ATTRIBUTES, envelopeShape } from '../../core/src/orchestration/messaging/envelope-shape.ts';
import { KINDS, MESSAGE_TYPES, type MessageType } from '../../core/src/orchestration/messaging/message-types.ts';
import { CALLS, type CommandType } from '../../core/src/orchestration/workflow/commands.ts';
import { schemaOf } from '../../core/src/orchestration/workflow/untrusted/shape.ts';
import type { JsonObject } from '../../core/src/shared/json.ts';
import { dataSchema, SAID } from './messages-schema.ts';
import { described } from './said-in-sources.ts';

/** What each command says. */
const COMMANDS_SAID: Readonly<Record<keyof typeof COMMAND_SHAPES, string>> = {
  StartTask: 'An attempt has begun.',
  CompleteTask: 'An attempt has ended with an output.',
  FailTask: 'An attempt has ended with an error.',
  SendMessages: 'An attempt sends messages, all or none of them.',
  AwaitMessages: 'An attempt waits for messages.',
  SettleMessages: 'An attempt is done with messages, or gives them back.',
  SubscribeMailbox: 'The mailbox of a task has what is published under a topic from now on.',
  UnsubscribeMailbox: 'The mailbox of a task has nothing more that is published under a topic.',
};

const commands = Object.keys(COMMAND_SHAPES) as readonly (keyof typeof COMMAND_SHAPES)[];
const isCall = (command: string): boolean => CALLS.has(command as CommandType);

interface Channel {
  readonly address: string;
  readonly title: string;
  readonly description: string;
  readonly parameters?: JsonObject;
  readonly messages: readonly string[];
}

/** Topics take larger messages than Kafka's 1 MiB: a payload and what is around it. */
const TOPIC_BYTES = 8 * 1024 * 1024;

const CHANNELS: Readonly<Record<string, Channel>> = {
  agents: {
    address: agentChannel('{agent}'),
    title: 'Dispatches to one agent',
    description: 'Workers of the agent share it: one group, `agent.` and its name.',
    parameters: { agent: { description: 'The name of the agent.' } },
    messages: ['dispatch'],
  },
  results: {
    address: RESULT_CHANNEL,
    title: 'Results and calls of workers',
    description: `Engines share it: the group \`${COMMAND_GROUP}\`. In order by run. Each has \`dispatchtoken\` of the dispatch that it is about, as it was, when that had one. All else is refused.`,
    messages: commands,
  },
  commands: {
    address: COMMAND_CHANNEL,
    title: 'Commands of clients',
    description: `Engines share it: the group \`${COMMAND_GROUP}\`. In order by run. Each is answered in the stream of its run, by events whose \`causationId\` is its \`commandId\`; an absent or an ended run answers nothing. Of one that comes twice, the second changes nothing. All else is refused.`,
    messages: ['client-command'],
  },
  heartbeats: {
    address: HEARTBEAT_CHANNEL,
    title: 'Heartbeats and progress',
    description: `No history, may be lost. The group \`${COMMAND_GROUP}\`.`,
    messages: ['heartbeat'],
  },
  aborts: {
    address: ABORT_CHANNEL,
    title: 'Attempts that are to be aborted',
    description: 'Every worker gets all of it.',
    messages: ['abort'],
  },
  workers: {
    address: WORKER_CHANNEL,
    title: 'Who is there',
    description: 'Every worker and every engine gets all of it.',
    messages: ['announcement', 'roll-call'],
  },
  worker: {
    address: workerChannel('{worker}'),
    title: 'Answers and deliveries to one worker',
    description: 'That worker gets all of it.',
    parameters: { worker: { description: 'The id of the worker, as its calls have it.' } },
    messages: ['answer', 'delivery'],
  },
};

const ref = (place: string): JsonObject => ({ $ref: `#/${place}` });

/** Binary content mode: an attribute is a header, whatever it is, as text. */
function headers(): JsonObject {
  const { properties, required } = schemaOf(envelopeShape) as {
    readonly properties: Readonly<Record<string, { readonly description?: string }>>;
    readonly required: readonly string[];
  };
  const names = ATTRIBUTES.filter((name) => name !== 'data');
  return {
    type: 'object',
    properties: Object.fromEntries(
      names.map((name) => {
        const description = properties[name]?.description;
        return [headerOf(name), { type: 'string', ...(description !== undefined && { description }) }];
      }),
    ),
    required: required.filter((name) => name !== 'data').map(headerOf),
  };
}

const message = (type: MessageType, name: string, summary: string, payload: JsonObject, correlation: string) => ({
  name,
  summary,
  contentType: 'application/json',
  headers: {
    allOf: [
      ref('components/schemas/headers'),
      {
        properties: {
          [headerOf('type')]: { const: KINDS[type].type },
          [headerOf('dataschema')]: { const: KINDS[type].dataschema },
        },
      },
    ],
  },
  payload,
  correlationId: ref(`components/correlationIds/${correlation}`),
  bindings: { kafka: { key: { type: 'string', description: 'the attribute partitionkey' } } },
});

const correlationOf = (name: string): string =>
  name === 'answer' || name === 'delivery' || isCall(name) ? 'call' : 'run';

/** All that goes over a channel; of commands each by itself. */
function messages(): JsonObject {
  const plain = MESSAGE_TYPES.filter((type) => type !== 'command' && type !== 'message').map((type) => [
    type,
    message(type, KINDS[type].type, SAID[type], ref(`components/schemas/${type}`), correlationOf(type)),
  ]);
  const ofWorkers = commands.map((command) => [
    command,
    message(
      'command',
      command,
      COMMANDS_SAID[command],
      described(schemaOf(COMMAND_SHAPES[command])),
      correlationOf(command),
    ),
  ]);
  return Object.fromEntries([...plain, ...ofWorkers]);
}

const channelMessages = (channel: string, which = CHANNELS[channel]?.messages ?? []): readonly JsonObject[] =>
  which.map((one) => ref(`channels/${channel}/messages/${one}`));

const operation = (
  action: 'send' | 'receive',
  channel: string,
  summary: string,
  more: JsonObject = {},
): JsonObject => ({
  action,
  channel: ref(`channels/${channel}`),
  summary,
  messages: channelMessages(channel),
  ...more,
});

const inGroup = { bindings: { kafka: { groupId: { type: 'string', enum: [COMMAND_GROUP] } } } };

/** The protocol as an engine sees it: what it sends workers receive, and the other way round. */
export const asyncapi = (): JsonObject => ({
  asyncapi: '3.0.0',
  info: {
    title: 'Reprise: engines and workers',
    version: '1',
    description:
      'Made by `npm run protocol`. The application is an engine; a worker receives what it sends. Messages are CloudEvents 1.0; on Kafka in binary content mode: attributes are headers, `data` is the value. At least once, in order by partition key.',
    license: { name: 'Apache-2.0' },
  },
  defaultContentType: 'application/json',
  channels: Object.fromEntries(
    Object.entries(CHANNELS).map(([name, { messages: which, ...channel }]) => [
      name,
      {
        ...channel,
        messages: Object.fromEntries(which.map((one) => [one, ref(`components/messages/${one}`)])),
        bindings: { kafka: { topicConfiguration: { 'cleanup.policy': ['delete'], 'max.message.bytes': TOPIC_BYTES } } },
      },
    ]),
  ),
  operations: {
    dispatch: operation('send', 'agents', SAID.dispatch),
    takeResults: operation('receive', 'results', 'Takes what attempts come to.', {
      messages: channelMessages(
        'results',
        commands.filter((command) => !isCall(command)),
      ),
      ...inGroup,
    }),
    takeCalls: operation(
      'receive',
      'results',
      'Takes calls of attempts; each is answered, to its worker, by its number.',
      {
        messages: channelMessages('results', commands.filter(isCall)),
        reply: { channel: ref('channels/worker'), messages: channelMessages('worker', ['answer']) },
        ...inGroup,
      },
    ),
    takeCommands: operation('receive', 'commands', SAID['client-command'], inGroup),
    deliver: operation('send', 'worker', SAID.delivery, { messages: channelMessages('worker', ['delivery']) }),
    hear: operation('receive', 'heartbeats', SAID.heartbeat, inGroup),
    abort: operation('send', 'aborts', SAID.abort),
    meet: operation('receive', 'workers', SAID.announcement, {
      messages: channelMessages('workers', ['announcement']),
    }),
    callTheRoll: operation('send', 'workers', SAID['roll-call'], {
      messages: channelMessages('workers', ['roll-call']),
    }),
  },
  components: {
    correlationIds: {
      run: { description: 'The run at the root.', location: `$message.header#/${headerOf('correlationid')}` },
      call: {
        description: 'The number of the call, in the attempt that the envelope names.',
        location: '$message.payload#/call',
      },
    },
    messages: messages(),
    schemas: {
      headers: headers(),
      ...Object.fromEntries(
        MESSAGE_TYPES.filter((type) => type !== 'command' && type !== 'message').map((type) => [
          type,
          dataSchema(type),
        ]),
      ),
    },
  },
});
