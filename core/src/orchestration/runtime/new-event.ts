import type { NewEvent } from '../../event-store/event-store.ts';
import { uuidv5 } from '../../shared/hash.ts';
import { encodeEvent } from '../workflow/event-schema.ts';
import type { RunEvent } from '../workflow/events.ts';

/** Where an event comes from. `writer` names the process, `revision` is the one that the event is to get. */
export interface Origin {
  readonly runId: string;
  readonly commandId: string;
  readonly writer: string;
  readonly revision: number;
}

/**
 * An event as it is handed to a store. Its id is a UUIDv5 of its command's id, its revision and the writer: repeating an append is
 * harmless, and two writers that decide the same command at the same revision still conflict, because what they decided may differ
 * (in time, at the least).
 */
export function toNewEvent(event: RunEvent, { runId, commandId, writer, revision }: Origin): NewEvent {
  const { type, time, data, metadata } = encodeEvent(event);
  return {
    id: uuidv5(commandId, `${writer}/${revision}`),
    type,
    time,
    data,
    metadata: { causationId: commandId, correlationId: runId, schemaVersion: metadata.schemaVersion },
  };
}
