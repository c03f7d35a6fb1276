import type { NewEvent, RecordedEvent } from '@reprise/core/plugin';
import type { Row, SQLInputValue } from './node-sqlite.ts';

// Pure: an event to the columns of its row and back. Ids that are canonical UUIDs take 16 bytes instead of 36; the
// correlation id is left out where the stream's name says it (`run-<correlationId>`). Metadata that has no column of its own is JSON.

/** The columns of an event that do not depend on its place, in the order of EVENT_COLUMNS from `id` on. */
export type EventColumns = readonly [
  id: string,
  type: string,
  time: number,
  data: string,
  causation: string,
  correlation: string | null,
  schemaVersion: number,
  traceparent: string | null,
  meta: string | null,
];

/** Columns of one event in a message between threads. */
export const EVENT_WIDTH = 9;

export function toColumns(stream: string, event: NewEvent, data: string): EventColumns {
  const { causationId, correlationId, schemaVersion, traceparent } = event.metadata;
  const implied = stream === `run-${correlationId}`;
  return [
    event.id,
    event.type,
    event.time,
    data,
    causationId,
    implied ? null : correlationId,
    schemaVersion,
    traceparent ?? null,
    metaOf(event.metadata),
  ];
}

const OWN_COLUMN: ReadonlySet<string> = new Set(['causationId', 'correlationId', 'schemaVersion', 'traceparent']);

/** Members of the metadata that have no column of their own, as JSON; null when there are none. */
function metaOf(metadata: NewEvent['metadata']): string | null {
  let more: Record<string, unknown> | undefined;
  for (const name in metadata) {
    if (OWN_COLUMN.has(name) || metadata[name] === undefined) continue;
    more ??= {};
    more[name] = metadata[name];
  }
  return more === undefined ? null : JSON.stringify(more);
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** An id as a column: a canonical lower-case UUID as 16 bytes, anything else as it is. */
export const packId = (id: string): SQLInputValue =>
  id.length === 36 && UUID.test(id) ? Buffer.from(id.replaceAll('-', ''), 'hex') : id;

export function unpackId(column: Row[string] | undefined): string {
  if (!(column instanceof Uint8Array)) return String(column);
  const hex = Buffer.from(column.buffer, column.byteOffset, column.byteLength).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** An event from a row of EVENT_COLUMNS. Throws SyntaxError when its data or its metadata is not JSON. */
export function toRecordedEvent(row: Row, stream: string): RecordedEvent {
  const { traceparent, correlation, meta } = row;
  return {
    id: unpackId(row.id),
    type: row.type as string,
    time: row.time as number,
    data: JSON.parse(row.data as string),
    metadata: {
      causationId: unpackId(row.causation),
      correlationId: correlation === null ? stream.slice('run-'.length) : unpackId(correlation),
      schemaVersion: row.schema_version as number,
      ...(traceparent === null ? {} : { traceparent: traceparent as string }),
      ...(meta === null ? {} : JSON.parse(meta as string)),
    },
    stream,
    revision: row.revision as number,
    position: row.position as number,
  };
}
