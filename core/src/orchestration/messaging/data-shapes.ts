import { PERMISSIONS } from '../../definition/definition.ts';
import { AGENT_PATTERN } from '../../shared/agent-version.ts';
import { ID_PATTERN } from '../../shared/ids.ts';
import { MAX_NAME_CHARS } from '../../shared/message-limits.ts';
import type { ReceivedMessage } from '../../shared/received-message.ts';
import { isTaskPath } from '../../shared/task-path.ts';
import type {
  AwaitMessages,
  CompleteTask,
  FailTask,
  SendMessages,
  SettleMessages,
  StartTask,
  SubscribeMailbox,
  UnsubscribeMailbox,
} from '../workflow/commands.ts';
import {
  awaitingFields,
  filterShape,
  MOST_TAKEN,
  messageIdShape,
  performativeShape,
  settlingFields,
  someOutgoing,
} from '../workflow/messaging/call-shapes.ts';
import { maxUsageShape } from '../workflow/untrusted/definition-shape.ts';
import { directivesShape } from '../workflow/untrusted/directive-shape.ts';
import { errorShape, usageShape } from '../workflow/untrusted/event-shapes.ts';
import {
  anyJson,
  byKind,
  flag,
  integer,
  listOf,
  matching,
  number,
  oneOf,
  passing,
  type Shape,
  text,
  time,
} from '../workflow/untrusted/shape.ts';
import { announcementShape } from './announcements.ts';
import { clientCommandShape } from './client-commands.ts';
import { membersOf } from './members.ts';
import type { MessageType } from './message-types.ts';
import {
  type Abort,
  type CallAnswer,
  type CallDelivery,
  type Dispatch,
  type Heartbeat,
  MOST_CALLED,
  type RollCall,
  type WorkerCommand,
} from './messages.ts';

// What the messages between engines and workers carry, as shapes: docs/protocol is made of them, and a border reads by them.

const label = text(1024, 1);
const name = text(MAX_NAME_CHARS, 1);
const runId = matching(ID_PATTERN, 'the id of a run');
const agent = matching(AGENT_PATTERN, 'the name of an agent');
const taskId = passing(isTaskPath, 'the id of a task or of an item');
const attempt = integer(1);
const call = integer(1);
const reason = text(1024 * 1024);

const dispatch = membersOf<Dispatch>(
  {
    workflow: name,
    taskId,
    attempt,
    round: integer(1),
    agent,
    priority: number,
    input: anyJson,
    delivery: oneOf('at-least-once', 'at-most-once'),
    idempotencyKey: text(64 * 1024, 1),
  },
  {
    claim: flag,
    heartbeatMs: integer(1),
    may: listOf(oneOf(...PERMISSIONS), PERMISSIONS.length),
    error: anyJson,
    budget: maxUsageShape,
  },
);

/** Of a worker; `said` is of people and programs, and `sender` is said by whoever takes it. */
type Sent<Command extends WorkerCommand> = Omit<Command, 'said' | 'sender'>;

const ofAttempt = { commandId: text(4096, 1), runId, taskId, attempt };
const ofCall = { ...ofAttempt, worker: label, call };

/** `data` of a command, by its type. */
export const COMMAND_SHAPES: Readonly<Record<WorkerCommand['type'], Shape>> = {
  StartTask: membersOf<Sent<StartTask>>({ type: oneOf('StartTask'), ...ofAttempt, worker: label }, { claims: flag }),
  CompleteTask: membersOf<Sent<CompleteTask>>(
    { type: oneOf('CompleteTask'), ...ofAttempt, output: anyJson },
    { directives: directivesShape, unheard: listOf(call), usage: usageShape },
  ),
  FailTask: membersOf<Sent<FailTask>>(
    { type: oneOf('FailTask'), ...ofAttempt, error: errorShape },
    // `lost`: of one that its worker gives up, because it stops.
    { lost: flag, worker: label, usage: usageShape },
  ),
  SendMessages: membersOf<Sent<SendMessages>>({ type: oneOf('SendMessages'), ...ofCall, messages: someOutgoing }, {}),
  AwaitMessages: membersOf<Sent<AwaitMessages>>({ type: oneOf('AwaitMessages'), ...ofCall }, awaitingFields),
  SettleMessages: membersOf<Sent<SettleMessages>>({ type: oneOf('SettleMessages'), ...ofCall }, settlingFields),
  SubscribeMailbox: membersOf<Sent<SubscribeMailbox>>(
    { type: oneOf('SubscribeMailbox'), ...ofCall, topic: text(1100, 1) },
    { filter: filterShape },
  ),
  UnsubscribeMailbox: membersOf<Sent<UnsubscribeMailbox>>(
    { type: oneOf('UnsubscribeMailbox'), ...ofCall, topic: text(1100, 1) },
    {},
  ),
};

const received = membersOf<ReceivedMessage>(
  {
    id: messageIdShape,
    from: text(1100, 1),
    mailbox: text(1100, 1),
    data: anyJson,
    performative: performativeShape,
    sentAt: time,
    delivery: integer(1),
  },
  {
    run: text(128, 1),
    topic: text(1100, 1),
    type: name,
    conversation: text(4096, 1),
    inReplyTo: messageIdShape,
    dead: membersOf<NonNullable<ReceivedMessage['dead']>>(
      { code: label, message: text(1024 * 1024), mailbox: text(1100, 1) },
      {},
    ),
  },
);

/** `data` of each type. */
export const DATA_SHAPES: Readonly<Record<MessageType, Shape>> = {
  dispatch,
  command: byKind('type', COMMAND_SHAPES),
  'client-command': clientCommandShape,
  abort: membersOf<Abort>({ reason }, { taskId, attempt }),
  heartbeat: membersOf<Heartbeat>({ taskId, attempt }, { progress: anyJson, returned: flag }),
  answer: membersOf<CallAnswer>(
    { taskId, attempt, call: integer(0) },
    { ids: listOf(messageIdShape, MOST_TAKEN), recipients: integer(0), error: errorShape },
  ),
  delivery: membersOf<CallDelivery>(
    { taskId, attempt, call },
    { messages: listOf(received, MOST_TAKEN), error: errorShape },
  ),
  announcement: announcementShape,
  'roll-call': membersOf<RollCall>({}, { agents: listOf(agent, MOST_CALLED) }),
  message: anyJson,
};
