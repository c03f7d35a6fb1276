import { type EventMetadata, type JsonObject, type NewEvent, RepriseError, uuidv5 } from '@reprise/core/plugin';

// Pure: an event to what EventStoreDB keeps of it, and back. Type and data are its type and data. Causation and correlation go under the
// names that its own tools know; what its metadata have no place for (time, version of the schema, an id that is no canonical UUID) is
// in `$reprise`, which is also how an event of ours is told. All other members stand beside that, with a `$` before those that begin with one.

/** An event as it is appended. */
export interface Proposed {
  /** A canonical UUID. */
  readonly id: string;
  readonly type: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** An event as it is read. */
export interface Kept extends Proposed {
  /** In EventStoreDB. */
  readonly stream: string;
  readonly revision: number;
}

/** What `$reprise` says of an event. */
interface Own {
  readonly time: number;
  readonly schemaVersion: number;
  /** The id, where it is not the one that EventStoreDB has. */
  readonly id?: string;
  /** The handle on the store that appended it. */
  readonly writer?: string;
  /** Of an event that others of its append follow. */
  readonly more?: true;
  /** Hash of the definition that was taken out of the data. */
  readonly definition?: string;
}

/** What is kept of an event that it does not have itself. */
export type About = Pick<Own, 'writer' | 'more' | 'definition'>;

export interface Unpacked {
  readonly event: NewEvent;
  readonly about: About;
}

const CANONICAL = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;
const NAMES = new Map([
  ['$correlationId', 'correlationId'],
  ['$causationId', 'causationId'],
]);

/** The id under which EventStoreDB keeps an event: its own, where that is a canonical UUID. */
export const keptId = (id: string): string => (CANONICAL.test(id) ? id : uuidv5('reprise/event', id));

/** Throws REPRISE_INVALID_PAYLOAD for data without a JSON form. */
export function pack(event: NewEvent, about: About): Proposed {
  const { causationId, correlationId, schemaVersion, ...more } = event.metadata;
  const id = keptId(event.id);
  const own: Own = {
    time: event.time,
    schemaVersion,
    ...(id === event.id ? {} : { id: event.id }),
    ...about,
  };
  const escaped = Object.entries(more).map(([name, value]) => [name.startsWith('$') ? `$${name}` : name, value]);
  const known = { $correlationId: correlationId, $causationId: causationId, $reprise: own };
  return {
    id,
    type: event.type,
    data: jsonBytes(event.id, event.data),
    metadata: jsonBytes(event.id, { ...known, ...Object.fromEntries(escaped) }),
  };
}

/** Whether it was appended with this handle, whose name is in nothing else. Nothing is parsed for it: most of what is heard of is one's own. */
export const isBy = ({ metadata }: Kept, writer: string): boolean =>
  Buffer.from(metadata.buffer, metadata.byteOffset, metadata.length).includes(`"writer":"${writer}"`);

/** What is kept of an event beside it; undefined for one that somebody else appended. */
export function aboutOf({ metadata }: Kept): About | undefined {
  const own = parsed(metadata)?.['$reprise'] as Own | undefined;
  return typeof own === 'object' && own !== null ? own : undefined;
}

/** Undefined for an event that somebody else appended. */
export function unpack(kept: Kept): Unpacked | undefined {
  const metadata = parsed(kept.metadata);
  const own = metadata?.['$reprise'] as Own | undefined;
  if (metadata === undefined || typeof own !== 'object' || own === null) return undefined;
  const data = parsed(kept.data);
  if (data === undefined) throw unreadable(kept);
  const { time, schemaVersion, id = kept.id, ...about } = own;
  const { $reprise: _own, ...others } = metadata;
  const members = Object.entries(others).map(([name, value]) => [
    NAMES.get(name) ?? (name.startsWith('$$') ? name.slice(1) : name),
    value,
  ]);
  const said = Object.fromEntries(members) as Omit<EventMetadata, 'schemaVersion'>;
  const event = { id, type: kept.type, time, data, metadata: { ...said, schemaVersion } as EventMetadata };
  return { event, about };
}

/** What EventStoreDB counts of an event towards the size of an append. */
export const sizeOf = ({ type, data, metadata }: Proposed): number => data.length + metadata.length + 2 * type.length;

function jsonBytes(id: string, value: unknown): Uint8Array {
  try {
    const text = JSON.stringify(value);
    if (text !== undefined) return Buffer.from(text);
  } catch (cause) {
    throw new RepriseError('REPRISE_INVALID_PAYLOAD', `The data of event ${id} has no JSON form.`, { cause });
  }
  throw new RepriseError('REPRISE_INVALID_PAYLOAD', `Event ${id} has no data.`);
}

function parsed(bytes: Uint8Array): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

const unreadable = ({ stream, revision }: Kept): RepriseError =>
  new RepriseError('REPRISE_STORE_CORRUPT', `Event ${revision} of stream ${stream} in EventStoreDB has no JSON data.`, {
    details: { stream, revision },
  });
