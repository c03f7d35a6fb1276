import { ID_PATTERN } from '../../shared/ids.ts';
import { MAX_NAME_CHARS } from '../../shared/message-limits.ts';
import { isTaskPath } from '../../shared/task-path.ts';
import { messageIdShape, performativeShape } from '../workflow/messaging/call-shapes.ts';
import {
  anyJson,
  described,
  flag,
  integer,
  matching,
  oneOf,
  passing,
  type Shape,
  schemaOf,
  text,
  traceparent,
  withSchema,
} from '../workflow/untrusted/shape.ts';
import type { Envelope } from './envelope.ts';
import { membersOf } from './members.ts';

/** Attributes that are integers have 32 bits in CloudEvents. */
const MOST = 2 ** 31 - 1;

const some = text(4096, 1);
const name = text(MAX_NAME_CHARS, 1);
const rfc3339 = described(
  passing(
    (one) =>
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(one) && !Number.isNaN(Date.parse(one)),
    'a time (RFC 3339)',
  ),
  (schema) => ({ ...schema, format: 'date-time' }),
);

const saying = (description: string, shape: Shape): Shape => described(shape, (schema) => ({ ...schema, description }));

/** An attribute that is not there may be written as null (CloudEvents, JSON format, 2.2). */
const orUnset = (description: string, shape: Shape): Shape =>
  withSchema(
    (value, field) => (value === null ? undefined : shape(value, field)),
    () => ({ description, anyOf: [schemaOf(shape), { type: 'null' }] }),
  );

/** What must be there. */
const REQUIRED = {
  specversion: saying('Of CloudEvents.', oneOf('1.0')),
  id: saying('Names the message: what comes twice from one source has the same one, and is done once.', some),
  source: saying(
    'Who sends it, a URI reference: a worker or an engine by its id; a task as /runs/RUN/tasks/TASK, a program as /clients/NAME.',
    some,
  ),
  type: saying(
    'What it is: `reprise.` and one of the types of this document.',
    matching(/^reprise\.[a-z-]{1,64}$/, 'one of the types of Reprise'),
  ),
  subject: saying(
    'What it is about: a task, else a run, else who sends it. Of a message between agents: the mailbox that it goes to.',
    some,
  ),
  time: saying('When it was sent.', rfc3339),
  datacontenttype: saying('Of `data`.', oneOf('application/json')),
  correlationid: saying('What belongs together over runs: the run at the root.', some),
  causationid: saying('The command or message that this one follows from.', some),
  partitionkey: saying(
    'Messages of one key come in the order in which they were sent. A run; of a dispatch, a run and a task.',
    some,
  ),
  data: anyJson,
} as const;

const OPTIONAL = {
  dataschema: orUnset(
    'Which schema `data` has, with its version: urn:reprise:TYPE:VERSION. Absent: version 1.',
    matching(/^urn:reprise:[a-z-]{1,64}:[1-9]\d{0,8}$/, 'a schema of Reprise'),
  ),
  runid: orUnset('The run.', matching(ID_PATTERN, 'the id of a run')),
  taskid: orUnset(
    'The task, by its path. Of a message between agents: the one that sends it.',
    passing(isTaskPath, 'the id of a task or of an item'),
  ),
  attempt: orUnset('Which attempt of the task.', integer(1, MOST)),
  dispatchtoken: orUnset(
    'Of a dispatch: what a worker puts, as it is, into all that it reports of the attempt. Absent: engines do not ask for one.',
    text(256, 1),
  ),
  replyto: orUnset('The mailbox that an answer goes to, or the name of the program.', some),
  expirytime: orUnset('Until when somebody has to have taken it.', rfc3339),
  traceparent: orUnset('W3C trace context.', traceparent),
  tracestate: orUnset('W3C trace context.', text(512)),
  performative: orUnset('What the message does. Absent: inform.', performativeShape),
  conversationid: orUnset('The conversation that it is part of.', some),
  inreplyto: orUnset('The message that it answers, by id.', messageIdShape),
  deliveryattempt: orUnset('1, then one more for each delivery that came to nothing.', integer(1, MOST)),
  sequence: orUnset(
    'Which call of its attempt said it: ten digits, so that text is in the order of the numbers.',
    matching(/^\d{10}$/, 'ten digits'),
  ),
  messagetype: orUnset('What it is about, in words of those who talk.', name),
  messagekey: orUnset('The key under which it is said once.', name),
  replyby: orUnset('Until when it has to be answered.', rfc3339),
  dropexpired: orUnset('One that has expired is no dead letter.', flag),
  onbehalf: orUnset('The run says it for a task that will not.', flag),
  worker: orUnset('The worker that makes the attempt.', text(1024, 1)),
  torun: orUnset('The run that it goes to, when that is another.', matching(ID_PATTERN, 'the id of a run')),
  runsequence: orUnset('Its number among those to that mailbox of the other run, from 1.', integer(1, MOST)),
  receipt: orUnset(
    'Whoever sent it waits for what becomes of it; or that is what it says.',
    oneOf('wanted', 'acknowledged', 'failed'),
  ),
  ask: orUnset('What a run asks of a name of no run, as JSON.', text(128 * 1024, 2)),
  recipients: orUnset('Of what was published: the mailboxes that have it, as JSON.', text(8 * 1024 * 1024, 2)),
  toolate: orUnset('Nobody has it: a proposal that came too late, or an answer to a bid that has ended.', flag),
  oncompletion: orUnset('It was sent with what the attempt gave.', flag),
  decision: orUnset('The number of the decision by which the strategy of a team says it.', integer(1, MOST)),
} as const;

/** Those of the extensions and optional attributes that there are. */
export const ATTRIBUTES: readonly string[] = [...Object.keys(REQUIRED), ...Object.keys(OPTIONAL)];

/** An envelope in structured mode. Attributes that this build does not know are passed over, when their names are of CloudEvents. */
export const envelopeShape: Shape = described(membersOf<Envelope>(REQUIRED, OPTIONAL), (schema) => ({
  ...schema,
  propertyNames: { pattern: '^[a-z0-9]+$' },
}));
