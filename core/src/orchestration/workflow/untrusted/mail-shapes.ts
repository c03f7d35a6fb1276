import { ID_PATTERN } from '../../../shared/ids.ts';
import { MAX_SUBSCRIBERS } from '../../../shared/message-limits.ts';
import { isTaskPath } from '../../../shared/task-path.ts';
import {
  filterShape,
  MOST_TAKEN,
  messageIdShape,
  performativeShape,
  questionShape,
  schemaShape,
  wantedFields,
} from '../messaging/call-shapes.ts';
import { beyond, isClient, isOutbox } from '../messaging/outbox.ts';
import { anyJson, fieldsOf, integer, listOf, matching, oneOf, passing, type Shape, text, time } from './shape.ts';

// The shapes of events about messages, and of what stands in them.

const taskId = passing(isTaskPath, 'the id of a task or of an item');
const label = text(1024, 1);
const attempt = integer(1);
const call = integer(1);
const reason = text(1024 * 1024);

const runId = matching(ID_PATTERN, 'the id of a run');

/** A name in the run, or a task of it. */
export const mailboxShape: Shape = (value, field) =>
  typeof value === 'string' && /^[#@]/.test(value)
    ? matching(ID_PATTERN, 'the name of a mailbox')(value.slice(1), field)
    : taskId(value, field);

/** The same, or a program. */
const addressShape: Shape = (value, field) =>
  typeof value === 'string' && isClient(value) ? text(256 + 7, 8)(value, field) : mailboxShape(value, field);

/** The same, or an outbox. */
const placeShape: Shape = (value, field) => {
  if (typeof value !== 'string' || !isOutbox(value)) return mailboxShape(value, field);
  const { run, to } = beyond(value);
  return runId(run, field) ?? addressShape(to, field);
};

/** A task, in an attempt or not, or somebody outside. */
const party: Shape = (value, field) =>
  typeof value === 'object' && value !== null && 'client' in value
    ? fieldsOf({ client: text(256, 1) }, { run: runId })(value, field)
    : fieldsOf({ task: taskId }, { attempt, run: runId })(value, field);

const client = text(256, 1);

/** Of an attempt, or of a program. */
const byHolder =
  (needed: Readonly<Record<string, Shape>>, more: Readonly<Record<string, Shape>>): Shape =>
  (value, field) =>
    typeof value === 'object' && value !== null && 'client' in value
      ? fieldsOf({ ...needed, client }, more)(value, field)
      : fieldsOf({ ...needed, taskId, attempt }, { ...more, call })(value, field);

const failedDelivery: Shape = (value, field) =>
  typeof value === 'object' && value !== null && 'client' in value
    ? fieldsOf({ client, at: time, reason }, { code: label })(value, field)
    : fieldsOf({ task: taskId, attempt, at: time, reason }, { code: label })(value, field);

const ids = (max: number): Shape => {
  const list = listOf(messageIdShape, max);
  return (value, field) =>
    list(value, field) ?? ((value as readonly string[]).length > 0 ? undefined : { field, problem: 'is empty' });
};

const receipt = oneOf('wanted', 'acknowledged', 'failed');
const about = { performative: performativeShape, subject: text(256, 1) };
export const wantedShape = fieldsOf({}, wantedFields);

const ask = fieldsOf(
  { id: text(1200, 1) },
  {
    wanted: fieldsOf({}, { ...wantedFields, where: text(64 * 1024, 1) }),
    over: oneOf(true),
  },
);
/** Whose it is, and what it is about. */
const subscription = { topic: mailboxShape, mailbox: mailboxShape, taskId, attempt, call, worker: label };

export const mailShapes = (error: Shape) =>
  ({
    MessageSent: fieldsOf(
      { message: messageIdShape, from: party, to: addressShape, data: anyJson },
      {
        ...about,
        run: runId,
        n: integer(1),
        receipt,
        ask,
        recipients: listOf(mailboxShape, MAX_SUBSCRIBERS),
        conversation: text(256, 1),
        inReplyTo: messageIdShape,
        expiresAt: time,
        deadline: time,
        onBehalf: oneOf(true),
        late: oneOf(true),
        decidedBy: integer(1),
        drop: oneOf(true),
        key: text(256, 1),
        call,
        worker: label,
        on: oneOf('completion'),
        commandId: label,
      },
    ),
    MessageReceived: fieldsOf(
      {
        message: messageIdShape,
        from: party,
        origin: fieldsOf({ run: runId, to: addressShape, n: integer(1) }),
        sentAt: time,
        to: addressShape,
        data: anyJson,
      },
      {
        ...about,
        receipt,
        ask,
        handedOn: fieldsOf(
          { deliveries: integer(0), losses: integer(0) },
          {
            ask: text(1200, 1),
            retryAt: time,
            failed: listOf(failedDelivery, 10),
            dead: fieldsOf({ code: label, error }),
          },
        ),
        conversation: text(256, 1),
        inReplyTo: messageIdShape,
        expiresAt: time,
        deadline: time,
        onBehalf: oneOf(true),
        drop: oneOf(true),
      },
    ),
    MessageHandedOn: fieldsOf(
      { message: messageIdShape, to: mailboxShape },
      { run: runId, n: integer(1), ask: text(1200, 1), dead: fieldsOf({ code: label, error }) },
    ),
    MessagesHandedOver: fieldsOf({ run: runId, to: addressShape, upTo: integer(1) }),
    HandOverAwaited: fieldsOf({ until: time, messages: integer(1) }),
    MailboxSubscribed: fieldsOf(subscription, { filter: filterShape }),
    MailboxUnsubscribed: fieldsOf(subscription),
    MessageAwaited: fieldsOf(
      { taskId, attempt, call, worker: label, mailbox: mailboxShape, max: integer(1, MOST_TAKEN) },
      { wanted: filterShape, schema: schemaShape, until: time, question: questionShape },
    ),
    MessageDelivered: fieldsOf({ messages: ids(MOST_TAKEN), taskId, attempt, call }),
    MessageTaken: fieldsOf({ messages: ids(MOST_TAKEN), client, until: time }),
    MessageMissed: fieldsOf({ taskId, attempt, call }, { error }),
    // With what an attempt gave, all that it had is acknowledged.
    MessageAcknowledged: byHolder({ messages: ids(Number.MAX_SAFE_INTEGER) }, {}),
    MessageRejected: byHolder(
      { message: messageIdShape, reason },
      { code: label, retryAt: time, because: oneOf('lost', 'ended') },
    ),
    MessageExpired: fieldsOf({ messages: ids(MOST_TAKEN) }),
    MessageDeadLettered: fieldsOf(
      {
        message: messageIdShape,
        code: label,
        error,
        mailbox: placeShape,
        from: party,
        deliveries: listOf(failedDelivery, 10),
      },
      { ...about, causes: ids(20) },
    ),
    MessagesClosed: fieldsOf({
      scope: passing((value) => value === '' || isTaskPath(value), 'the id of a block, or empty for the run'),
      messages: ids(1000),
      open: integer(1),
      dead: integer(0),
    }),
    ConversationExpired: fieldsOf({ message: messageIdShape, reason }, { held: oneOf(true) }),
    DeadLetterEdited: fieldsOf({ message: messageIdShape, data: anyJson, commandId: label }),
    DeadLettersRedriven: fieldsOf({ messages: ids(MOST_TAKEN), commandId: label }, { to: mailboxShape }),
    DeadLettersDiscarded: fieldsOf({ messages: ids(MOST_TAKEN) }, { commandId: label }),
  }) as const;
