import { encodePosition, type NewEvent, type RecordedEvent } from '@reprise/core/plugin';
import type { Row, SQLInputValue } from './node-sqlite.ts';
import { type Trace, unpackTrace } from './trace-packing.ts';

// Pure: an event to the columns of its row and back. Ids that are canonical UUIDs take 16 bytes instead of 36; the
// correlation id is left out where the stream's name says it (`run-<correlationId>`), and of a traceparent what the stream's trace says
// (trace-packing.ts). Metadata that has no column of its own is JSON.

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

/** Columns of one event in a message between threads, and where its traceparent is among them. */
export const EVENT_WIDTH = 9;
export const TRACEPARENT_AT = 7;

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

const hasColumn = (name: string): boolean =>
  name === 'causationId' || name === 'correlationId' || name === 'schemaVersion' || name === 'traceparent';

/** Members of the metadata that have no column of their own, as JSON; null when there are none. */
function metaOf(metadata: NewEvent['metadata']): string | null {
  let more: Record<string, unknown> | undefined;
  for (const name in metadata) {
    if (hasColumn(name) || metadata[name] === undefined) continue;
    more ??= {};
    more[name] = metadata[name];
  }
  return more === undefined ? null : JSON.stringify(more);
}

const UUID_LENGTH = 36;
const DASH = '-'.charCodeAt(0);
const isDashAt = (at: number): boolean => at === 8 || at === 13 || at === 18 || at === 23;

/** By character code: the value of a lower-case hex digit; -1 for any other. */
const DIGITS = new Int8Array(128).fill(-1);
for (const [value, digit] of [...'0123456789abcdef'].entries()) DIGITS[digit.charCodeAt(0)] = value;
const digitAt = (text: string, at: number): number => DIGITS[text.charCodeAt(at)] ?? -1;

/** An id as a column: a canonical lower-case UUID as 16 bytes, anything else as it is. One is packed for every event. */
export function packId(id: string): SQLInputValue {
  if (id.length !== UUID_LENGTH) return id;
  const bytes = new Uint8Array(16);
  for (let at = 0, byte = 0; at < UUID_LENGTH; byte += 1, at += 2) {
    if (isDashAt(at)) {
      if (id.charCodeAt(at) !== DASH) return id;
      at += 1;
    }
    const high = digitAt(id, at);
    const low = digitAt(id, at + 1);
    if (high < 0 || low < 0) return id;
    bytes[byte] = high * 16 + low;
  }
  return bytes;
}

export function unpackId(column: Row[string] | undefined): string {
  if (!(column instanceof Uint8Array)) return String(column);
  const hex = Buffer.from(column.buffer, column.byteOffset, column.byteLength).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** An event from a row of EVENT_COLUMNS, of a stream with this name and trace. Throws SyntaxError when its data or its metadata is not JSON. */
export function toRecordedEvent(row: Row, stream: string, trace: Trace | undefined): RecordedEvent {
  const { correlation, meta } = row;
  const traceparent = unpackTrace(row.traceparent as string | null, trace);
  return {
    id: unpackId(row.id),
    type: row.type as string,
    time: row.time as number,
    data: JSON.parse(row.data as string),
    metadata: {
      causationId: unpackId(row.causation),
      correlationId: correlation === null ? stream.slice('run-'.length) : unpackId(correlation),
      schemaVersion: row.schema_version as number,
      ...(traceparent === null ? {} : { traceparent }),
      ...(meta === null ? {} : JSON.parse(meta as string)),
    },
    stream,
    revision: row.revision as number,
    position: encodePosition(row.position as number),
  };
}
