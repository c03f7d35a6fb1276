import type { Json } from '../../shared/json.ts';
import type { Refusal } from '../workflow/decisions/refusal.ts';
import type { Envelope } from './envelope.ts';

// CloudEvents, Kafka protocol binding, binary content mode: attributes are headers, data is the value, so that whoever only routes parses nothing.

/** What a record of Kafka has of a message. All of it is UTF-8. */
export interface BinaryMessage {
  /** What it is partitioned by. */
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: string;
}

const CONTENT_TYPE = 'content-type';

/** An envelope in the binary mode of CloudEvents: attributes as headers, data as bytes. */
export function toBinary({ data, datacontenttype, ...attributes }: Envelope): BinaryMessage {
  const headers: Record<string, string> = { [CONTENT_TYPE]: datacontenttype };
  for (const [name, value] of Object.entries(attributes)) headers[headerOf(name)] = String(value);
  return { key: attributes.partitionkey, headers, value: JSON.stringify(data) };
}

export const headerOf = (attribute: string): string =>
  attribute === 'datacontenttype' ? CONTENT_TYPE : `ce_${attribute}`;

/** Headers are text: what the attributes are is told by their names. Those that are no attributes are somebody else's. */
const NUMBERS: ReadonlySet<string> = new Set(['attempt', 'deliveryattempt', 'runsequence', 'decision']);
const FLAGS: ReadonlySet<string> = new Set(['dropexpired', 'onbehalf', 'toolate', 'oncompletion']);

/** What no message can be carried without. */
const CARRIED = ['id', 'source', 'type', 'subject', 'time', 'correlationid', 'causationid', 'partitionkey'];

/** The message as toBinary() was handed it, for who only carries it: neither data nor what a later version may have added is looked at. */
export function carriedBy(message: Omit<BinaryMessage, 'key'>): Envelope | Refusal {
  const attributes = unpacked(message);
  if (attributes === undefined) return noJson();
  const missing = CARRIED.filter((name) => typeof attributes[name] !== 'string' || attributes[name] === '');
  if (attributes['specversion'] !== '1.0') missing.unshift('specversion 1.0');
  if (missing.length === 0) return attributes as unknown as Envelope;
  return { code: 'REPRISE_MESSAGE_INVALID', message: `The message cannot be read: it has no ${missing.join(', ')}.` };
}

/** All attributes that it has, and its data; undefined when that is no JSON. */
export function unpacked({ headers, value }: Omit<BinaryMessage, 'key'>): Record<string, Json> | undefined {
  const attributes: Record<string, Json> = {};
  for (const [header, text] of Object.entries(headers)) {
    if (header === CONTENT_TYPE) attributes['datacontenttype'] = text;
    if (!header.startsWith('ce_')) continue;
    const name = header.slice('ce_'.length);
    attributes[name] = NUMBERS.has(name) && /^\d+$/.test(text) ? Number(text) : FLAGS.has(name) ? flagOf(text) : text;
  }
  try {
    return { ...attributes, data: JSON.parse(value) as Json };
  } catch {
    return undefined;
  }
}

export const noJson = (): Refusal => ({ code: 'REPRISE_INVALID_PAYLOAD', message: 'The message is no JSON.' });

const flagOf = (text: string): Json => (text === 'true' ? true : text === 'false' ? false : text);
