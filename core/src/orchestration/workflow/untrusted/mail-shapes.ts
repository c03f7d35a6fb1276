import { ID_PATTERN } from '../../../shared/ids.ts';
import { MAX_SUBSCRIBERS } from '../../../shared/message-limits.ts';
import { isTaskPath } from '../../../shared/task-path.ts';
import {
  filterShape,
  MOST_TAKEN,
  messageIdShape,
  performativeShape,
  schemaShape,
  wantedFields,
} from '../messaging/call-shapes.ts';
import { anyJson, fieldsOf, integer, listOf, matching, oneOf, passing, type Shape, text, time } from './shape.ts';

// The shapes of events about messages, and of what stands in them.

const taskId = passing(isTaskPath, 'the id of a task or of an item');
const label = text(1024, 1);
const attempt = integer(1);
const call = integer(1);
const reason = text(1024 * 1024);

/** A name in the run, or a task of it. */
export const mailboxShape: Shape = (value, field) =>
  typeof value === 'string' && value.startsWith('#')
    ? matching(ID_PATTERN, 'the name of a mailbox')(value.slice(1), field)
    : taskId(value, field);

/** A task, in an attempt or not, or somebody outside. */
const party: Shape = (value, field) =>
  typeof value === 'object' && value !== null && 'client' in value
    ? fieldsOf({ client: text(256, 1) })(value, field)
    : fieldsOf({ task: taskId }, { attempt })(value, field);

const ids = (max: number): Shape => {
  const list = listOf(messageIdShape, max);
  return (value, field) =>
    list(value, field) ?? ((value as readonly string[]).length > 0 ? undefined : { field, problem: 'is empty' });
};

const about = { performative: performativeShape, subject: text(256, 1) };
export const wantedShape = fieldsOf({}, wantedFields);

/** Whose it is, and what it is about. */
const subscription = { topic: mailboxShape, mailbox: mailboxShape, taskId, attempt, call, worker: label };

export const mailShapes = (error: Shape) =>
  ({
    MessageSent: fieldsOf(
      { message: messageIdShape, from: party, to: mailboxShape, data: anyJson },
      {
        ...about,
        recipients: listOf(mailboxShape, MAX_SUBSCRIBERS),
        conversation: text(256, 1),
        inReplyTo: messageIdShape,
        expiresAt: time,
        deadline: time,
        onBehalf: oneOf(true),
        late: oneOf(true),
        drop: oneOf(true),
        key: text(256, 1),
        call,
        worker: label,
        on: oneOf('completion'),
        commandId: label,
      },
    ),
    MailboxSubscribed: fieldsOf(subscription, { filter: filterShape }),
    MailboxUnsubscribed: fieldsOf(subscription),
    MessageAwaited: fieldsOf(
      { taskId, attempt, call, worker: label, mailbox: mailboxShape, max: integer(1, MOST_TAKEN) },
      { wanted: filterShape, schema: schemaShape, until: time },
    ),
    MessageDelivered: fieldsOf({ messages: ids(MOST_TAKEN), taskId, attempt, call }),
    MessageMissed: fieldsOf({ taskId, attempt, call }),
    // With what an attempt gave, all that it had is acknowledged.
    MessageAcknowledged: fieldsOf({ messages: ids(Number.MAX_SAFE_INTEGER), taskId, attempt }, { call }),
    MessageRejected: fieldsOf(
      { message: messageIdShape, taskId, attempt, reason },
      { call, code: label, retryAt: time, because: oneOf('lost', 'ended') },
    ),
    MessageExpired: fieldsOf({ messages: ids(MOST_TAKEN) }),
    MessageDeadLettered: fieldsOf(
      {
        message: messageIdShape,
        code: label,
        error,
        mailbox: mailboxShape,
        from: party,
        deliveries: listOf(fieldsOf({ task: taskId, attempt, at: time, reason }, { code: label }), 10),
      },
      { ...about, causes: ids(20) },
    ),
    MessagesClosed: fieldsOf({
      scope: passing((value) => value === '' || isTaskPath(value), 'the id of a block, or empty for the run'),
      messages: ids(1000),
      open: integer(1),
      dead: integer(0),
    }),
    ConversationExpired: fieldsOf({ message: messageIdShape, reason }),
    DeadLetterEdited: fieldsOf({ message: messageIdShape, data: anyJson, commandId: label }),
    DeadLettersRedriven: fieldsOf({ messages: ids(MOST_TAKEN), commandId: label }, { to: mailboxShape }),
    DeadLettersDiscarded: fieldsOf({ messages: ids(MOST_TAKEN) }, { commandId: label }),
  }) as const;
