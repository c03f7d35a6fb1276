import type { NewEvent } from '../../event-store/event-store.ts';
import { sha256 } from '../../shared/hash.ts';
import { encodeEvent } from '../workflow/event-schema.ts';
import type { RunEvent } from '../workflow/events.ts';
import { type Cause, type MetaSource, metaOf } from './meta.ts';

/** The ids of the events of one append, by revision. */
export type EventIds = (revision: number) => string;

/**
 * Ids of the events that one turn appends: UUIDs of version 8 (RFC 9562), of which the first 74 bits are a hash of the writer, the run,
 * the revision that the append expects and the first command, and the last 48 the event's revision. So repeating an append is
 * harmless, and two writers that decide the same command at the same revision still conflict, because what they decided may differ (in
 * time, at the least).
 */
export function eventIds(writer: string, runId: string, expected: number, commandId: string): EventIds {
  const hex = sha256(`${writer}\n${runId}\n${expected}\n${commandId}`);
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  const head = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-`;
  return (revision) => head + revision.toString(16).padStart(12, '0');
}

/** An event as it is handed to a store. `cause`: what it follows from. `origin`: the run that it is copied from. */
export function toNewEvent(event: RunEvent, id: string, cause: Cause, source: MetaSource, origin?: string): NewEvent {
  const { type, time, data, metadata } = encodeEvent(event);
  const meta = metaOf(source, cause, event, metadata.schemaVersion);
  return { id, type, time, data, metadata: origin === undefined ? meta : { ...meta, origin } };
}
