import { DEFAULT_DELIVERIES } from '../../shared/message-limits.ts';
import { PERFORMATIVES, type Performative } from '../../shared/performatives.ts';
import type {
  Expression,
  MailboxDefinition,
  MessageFilter,
  RetryPolicy,
  Send,
  TopicDefinition,
} from '../definition.ts';
import type { Path, Report } from '../problem.ts';
import type { FormReader } from './form-reader.ts';
import {
  describe,
  type Fields,
  readChoice,
  readDuration,
  readFields,
  readNumber,
  readText,
  readTexts,
} from './read.ts';
import { readSchema } from './read-form.ts';
import { readRetry } from './read-limits.ts';

/** `true` (any message), or what it has to be like. */
export function readMessageFilter(
  value: unknown,
  path: Path,
  report: Report,
  reader: FormReader,
): MessageFilter | undefined {
  if (value === true) return {};
  const keys = ['mailbox', 'from', 'run', 'performative', 'type', 'conversation', 'inReplyTo', 'where', 'schema'];
  const fields = readFields(value, path, report, 'true, or an object that says which messages', keys);
  if (fields === undefined) return undefined;
  const mailbox = isAddress(fields, 'mailbox', path, report)
    ? readText(fields['mailbox'], [...path, 'mailbox'], report)
    : undefined;
  const from = readText(fields['from'], [...path, 'from'], report);
  const run = read(fields, 'run', path, report, reader.named);
  const performative = readPerformative(fields, path, report);
  const type = readText(fields['type'], [...path, 'type'], report);
  const conversation = read(fields, 'conversation', path, report, reader.named);
  const inReplyTo = read(fields, 'inReplyTo', path, report, reader.named);
  const where = read(fields, 'where', path, report, reader.computed);
  const schema =
    fields['schema'] === undefined ? undefined : readSchema(fields['schema'], [...path, 'schema'], report, reader);
  return {
    ...(mailbox !== undefined && { mailbox }),
    ...(from !== undefined && { from }),
    ...(run && { run }),
    ...(performative && { performative }),
    ...(type !== undefined && { type }),
    ...(conversation && { conversation }),
    ...(inReplyTo && { inReplyTo }),
    ...(where && { where }),
    ...(schema !== undefined && { schema }),
  };
}

const SEND_KEYS = [
  'to',
  'run',
  'topic',
  'data',
  'performative',
  'type',
  'conversation',
  'inReplyTo',
  'deadline',
  'expires',
  'drop',
  'until',
] as const;

/** `{ to, run, data, performative, type, conversation, inReplyTo, deadline, expires, drop, until }`, or with `topic` in the place of `to`. */
export function readSend(value: unknown, path: Path, report: Report, reader: FormReader): Send | undefined {
  if (value === undefined) return undefined;
  const fields = readFields(value, path, report, 'an object with to', SEND_KEYS);
  if (fields === undefined) return undefined;
  const isFor = ['to', 'topic'].filter((key) => fields[key] !== undefined);
  if (isFor.length === 0) report(path, 'needs to, the mailbox that it goes to, or topic, what it is published under');
  if (isFor.length === 2)
    report(path, 'goes to one mailbox (to), or to whoever subscribes (topic); keep one of the two');
  const to = isAddress(fields, 'to', path, report) ? read(fields, 'to', path, report, reader.named) : undefined;
  const run = read(fields, 'run', path, report, reader.named);
  const topic = isAddress(fields, 'topic', path, report)
    ? read(fields, 'topic', path, report, reader.named)
    : undefined;
  const data = read(fields, 'data', path, report, reader.value);
  const performative = readPerformative(fields, path, report);
  const type = readText(fields['type'], [...path, 'type'], report);
  const conversation = read(fields, 'conversation', path, report, reader.named);
  const inReplyTo = read(fields, 'inReplyTo', path, report, reader.named);
  const deadlineMs = readDuration(fields['deadline'], [...path, 'deadline'], report);
  const expiresMs = readDuration(fields['expires'], [...path, 'expires'], report);
  const { drop } = fields;
  if (drop !== undefined && drop !== true)
    report([...path, 'drop'], `must be true, or be left out, not ${describe(drop)}`);
  const until = readChoice(fields['until'], [...path, 'until'], report, ['sent', 'acknowledged', 'replied']);
  if (to === undefined && topic === undefined) return undefined;
  return {
    ...(to && { to }),
    ...(run && { run }),
    ...(topic && { topic }),
    ...(data && { data }),
    ...(performative && { performative }),
    ...(type !== undefined && { type }),
    ...(conversation && { conversation }),
    ...(inReplyTo && { inReplyTo }),
    ...(deadlineMs !== undefined && { deadlineMs }),
    ...(expiresMs !== undefined && { expiresMs }),
    ...(drop === true && { drop }),
    ...(until && { until }),
  };
}

/** Mailboxes by name: `{ desk: {}, orders: { limit, retry } }`. */
export function readMailboxes(
  value: unknown,
  path: Path,
  report: Report,
): Readonly<Record<string, MailboxDefinition>> | undefined {
  if (value === undefined) return undefined;
  const names = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
  const fields = readFields(value, path, report, 'an object of mailboxes by name', names);
  if (fields === undefined) return undefined;
  const mailboxes: [string, MailboxDefinition][] = [];
  for (const [name, one] of Object.entries(fields)) {
    const at = [...path, name];
    // Nothing below a name is a mailbox of which nothing is said.
    const said =
      one === null ? {} : readFields(one, at, report, 'an object: {} or { limit, retry }', ['limit', 'retry']);
    if (said === undefined) continue;
    const limit = readNumber(said['limit'], [...at, 'limit'], report);
    const retry = readDeliveries(said['retry'], [...at, 'retry'], report);
    mailboxes.push([name, { ...(limit !== undefined && { limit }), ...(retry && { retry }) }]);
  }
  return Object.fromEntries(mailboxes);
}

/** Topics by name: `{ news: {}, prices: { subscribers: ['#desk', reviewer] } }`. */
export function readTopics(
  value: unknown,
  path: Path,
  report: Report,
): Readonly<Record<string, TopicDefinition>> | undefined {
  if (value === undefined) return undefined;
  const names = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
  const fields = readFields(value, path, report, 'an object of topics by name', names);
  if (fields === undefined) return undefined;
  const topics: [string, TopicDefinition][] = [];
  for (const [name, one] of Object.entries(fields)) {
    const at = [...path, name];
    const said = one === null ? {} : readFields(one, at, report, 'an object: {} or { subscribers }', ['subscribers']);
    if (said === undefined) continue;
    const subscribers =
      said['subscribers'] !== undefined && isAddress(said, 'subscribers', at, report)
        ? readTexts(said['subscribers'], [...at, 'subscribers'], report)
        : undefined;
    topics.push([name, { ...(subscribers && { subscribers }) }]);
  }
  return Object.fromEntries(topics);
}

/** As the retry of a task, but for how often when that is not said. */
function readDeliveries(value: unknown, path: Path, report: Report): RetryPolicy | undefined {
  if (value === undefined) return undefined;
  const retry = readRetry(value, path, report);
  const isSaid = typeof value !== 'object' || value === null || Object.hasOwn(value, 'maxAttempts');
  return isSaid ? retry : { ...retry, maxAttempts: DEFAULT_DELIVERIES };
}

/** Whether the address is there; a comment of YAML is none. */
function isAddress(fields: Fields, key: string, path: Path, report: Report): boolean {
  if (fields[key] === null)
    report([...path, key], 'must be text, not null; in YAML, an address that begins with # is in quotes: "#desk"');
  return fields[key] !== null;
}

const readPerformative = (fields: Fields, path: Path, report: Report): Performative | undefined =>
  readChoice(fields['performative'], [...path, 'performative'], report, PERFORMATIVES);

function read(
  fields: Fields,
  key: string,
  path: Path,
  report: Report,
  as: FormReader['value'],
): Expression | undefined {
  return fields[key] === undefined ? undefined : as(fields[key], [...path, key], report);
}
