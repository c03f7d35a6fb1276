import { compile } from '../../../definition/cel/program.ts';
import { checkSchema } from '../../../definition/schema/schema-problems.ts';
import { type Json, jsonProblem } from '../../../shared/json.ts';
import { MAX_MESSAGE_MS, MAX_NAME_CHARS } from '../../../shared/message-limits.ts';
import { PERFORMATIVES } from '../../../shared/performatives.ts';
import type { Wanted } from '../../../shared/received-message.ts';
import type { AwaitMessages, SettleMessages, SettleTaken, SubscribeMailbox, TakeMessages } from '../commands.ts';
import { problem, type Refusal } from '../decisions/refusal.ts';
import {
  anyJson,
  fieldsOf,
  flag,
  integer,
  listOf,
  number,
  oneOf,
  type Shape,
  text,
  withSchema,
} from '../untrusted/shape.ts';
import type { Outgoing } from './message.ts';

// What comes from agents and from outside is looked at as what it may be: anything.

/** Messages of one call. */
export const MOST_SENT = 64;
/** Messages that an attempt takes, or settles, at once. */
export const MOST_TAKEN = 256;
/** Characters of an address, of an id, of a reason. */
const MAX_ADDRESS_CHARS = 1_100;
const MAX_ID_CHARS = 4_096;
export const MAX_REASON_CHARS = 4_096;

const name = text(MAX_NAME_CHARS, 1);
const address = text(MAX_ADDRESS_CHARS, 1);
export const messageIdShape = text(MAX_ID_CHARS, 1);
export const performativeShape = oneOf(...PERFORMATIVES);

const timeSpan: Shape = withSchema(
  (value, field) =>
    number(value, field) ??
    (Number(value) >= 0 && Number(value) <= MAX_MESSAGE_MS
      ? undefined
      : { field, problem: 'must be a time from 0 ms to 366 days' }),
  () => ({ type: 'number', minimum: 0, maximum: MAX_MESSAGE_MS, description: 'ms' }),
);

/** A message about to be sent. */
export const outgoingShape = fieldsOf(
  { data: anyJson },
  {
    to: address,
    topic: address,
    run: text(128, 1),
    performative: performativeShape,
    type: name,
    conversation: name,
    inReplyTo: messageIdShape,
    expiresMs: timeSpan,
    deadlineMs: timeSpan,
    drop: flag,
    key: name,
  },
);

/** What somebody wants of a message. */
export const wantedFields: Readonly<Record<string, Shape>> = {
  from: address,
  run: text(128, 1),
  performative: performativeShape,
  type: name,
  conversation: name,
  inReplyTo: messageIdShape,
};

/** The same of an attempt. */
export const filterShape = fieldsOf({}, { ...wantedFields, where: text(64 * 1024, 1) });

/** A JSON Schema of the kind that forms have. */
export const schemaShape: Shape = withSchema(
  (value, field) => {
    let found: string | undefined;
    checkSchema(value as Json, [], (path, message) => {
      found ??= `${path.length === 0 ? '' : `.${path.join('.')} `}${message}`;
    });
    return found === undefined ? undefined : { field, problem: found };
  },
  () => ({ description: 'A JSON Schema of the kind that forms have.', type: 'object' }),
);

export const questionShape = fieldsOf({ message: messageIdShape, conversation: messageIdShape });

/** What a call that waits asks for. */
export const awaitingFields = {
  mailbox: address,
  wanted: filterShape,
  schema: schemaShape,
  max: integer(1, MOST_TAKEN),
  timeoutMs: timeSpan,
  question: questionShape,
} as const;

/** What a call that settles asks for. */
export const settlingFields = {
  acknowledge: listOf(messageIdShape, MOST_TAKEN),
  reject: listOf(
    fieldsOf(
      { message: messageIdShape, reason: text(MAX_REASON_CHARS) },
      { code: name, delayMs: timeSpan, requeue: flag },
    ),
    MOST_TAKEN,
  ),
} as const;

const awaiting = fieldsOf({}, awaitingFields);
const settling = fieldsOf({}, settlingFields);

const wrong = (shape: Shape, value: unknown, field: string): Refusal | undefined => {
  const plain = jsonProblem(value);
  if (plain !== undefined)
    return problem('REPRISE_INVALID_PAYLOAD', `What is to be done with messages is no plain JSON, ${plain}.`);
  const flaw = shape(value, field);
  return flaw === undefined
    ? undefined
    : problem('REPRISE_MESSAGE_INVALID', `This cannot be done with messages: ${flaw.field} ${flaw.problem}.`);
};

/** A message goes to a mailbox, or is published; what is published is said to nobody in particular. */
function goingFlaw({ to, topic, run, conversation, inReplyTo }: Outgoing): Refusal | undefined {
  const invalid = (why: string): Refusal =>
    problem('REPRISE_MESSAGE_INVALID', `This cannot be done with messages: ${why}.`);
  if ((to === undefined) === (topic === undefined)) return invalid('a message goes to a mailbox (to), or to a topic');
  if (topic === undefined) return undefined;
  if (run !== undefined) return invalid('topics are of the run itself: what is published goes to no other (run)');
  return conversation === undefined && inReplyTo === undefined
    ? undefined
    : invalid(
        'what is published is in no conversation and answers nothing: it goes to whoever subscribes. Answer with send',
      );
}

export const someOutgoing = listOf(outgoingShape, MOST_SENT);

export function sendFlaw(messages: readonly Outgoing[]): Refusal | undefined {
  if (Array.isArray(messages) && messages.length === 0)
    return problem('REPRISE_MESSAGE_INVALID', 'Nothing is to be sent.');
  const flaw = wrong(someOutgoing, messages, 'messages') ?? messages.map(goingFlaw).find((one) => one !== undefined);
  if (flaw !== undefined || messages.length === 1) return flaw;
  const field = messages.map(dependsOn).find((one) => one !== undefined);
  return field === undefined
    ? undefined
    : problem('REPRISE_MESSAGE_INVALID', `A message with \`${field}\` is sent by a call of its own.`);
}

/** Why what was said before the message may decide whether it may be said; undefined: it may not. */
export const dependsOn = ({ topic, key, conversation, inReplyTo, performative }: Outgoing): string | undefined =>
  topic !== undefined
    ? 'topic'
    : key !== undefined
      ? 'key'
      : conversation !== undefined
        ? 'conversation'
        : inReplyTo !== undefined
          ? 'inReplyTo'
          : performative !== undefined && performative !== 'inform'
            ? 'performative'
            : undefined;

export const outgoingFlaw = (message: unknown): Refusal | undefined =>
  wrong(outgoingShape, message, 'message') ?? goingFlaw(message as Outgoing);

export function awaitFlaw({
  mailbox,
  wanted,
  schema,
  max,
  timeoutMs,
  question,
}: Pick<AwaitMessages, 'mailbox' | 'wanted' | 'schema' | 'max' | 'timeoutMs' | 'question'>): Refusal | undefined {
  const asked = {
    ...(mailbox === undefined ? {} : { mailbox }),
    ...(wanted === undefined ? {} : { wanted }),
    ...(schema === undefined ? {} : { schema }),
    ...(max === undefined ? {} : { max }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(question === undefined ? {} : { question }),
  };
  return wrong(awaiting, asked, '') ?? whereFlaw(wanted);
}

const subscribing = fieldsOf({ topic: address }, { filter: filterShape });

export function topicFlaw(command: Pick<SubscribeMailbox, 'topic' | 'filter'>): Refusal | undefined {
  const { topic, filter } = command;
  return wrong(subscribing, { topic, ...(filter === undefined ? {} : { filter }) }, '') ?? whereFlaw(filter);
}

function whereFlaw(wanted: Wanted | undefined): Refusal | undefined {
  if (wanted?.where === undefined) return undefined;
  try {
    compile(wanted.where);
    return undefined;
  } catch (error) {
    return problem(
      'REPRISE_MESSAGE_INVALID',
      `\`where\` is no CEL that can be asked: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** The longest and the shortest that a program may have a message before it has to say so again, in ms. */
const LEASE_MS = { least: 100, most: 12 * 60 * 60 * 1000 };

const taking = fieldsOf(
  { mailbox: address, max: integer(1, MOST_TAKEN), leaseMs: integer(LEASE_MS.least, LEASE_MS.most) },
  { wanted: fieldsOf({}, { ...wantedFields, where: text(64 * 1024, 1) }) },
);

export function takeFlaw({ mailbox, max, leaseMs, wanted }: TakeMessages): Refusal | undefined {
  const asked = { mailbox, max, leaseMs, ...(wanted === undefined ? {} : { wanted }) };
  return wrong(taking, asked, '') ?? whereFlaw(wanted);
}

const extending = fieldsOf({
  extend: listOf(messageIdShape, MOST_TAKEN),
  leaseMs: integer(LEASE_MS.least, LEASE_MS.most),
});

export const extendFlaw = ({ extend = [], leaseMs = 0 }: SettleTaken): Refusal | undefined =>
  extend.length === 0 ? undefined : wrong(extending, { extend, leaseMs }, '');

export function settleFlaw({
  acknowledge = [],
  reject = [],
}: Pick<SettleMessages, 'acknowledge' | 'reject'>): Refusal | undefined {
  const flaw = wrong(settling, { acknowledge, reject }, '');
  if (flaw !== undefined) return flaw;
  const ids = [...acknowledge, ...reject.map(({ message }) => message)];
  if (new Set(ids).size < ids.length) return problem('REPRISE_MESSAGE_INVALID', 'A message is to be settled twice.');
  return ids.length > 0 ? undefined : problem('REPRISE_MESSAGE_INVALID', 'No message is to be settled.');
}
