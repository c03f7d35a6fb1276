import { type Fact, factsIn, namedFacts, type SeenEvent } from '../seen-event.ts';
import type { Span } from '../spans/span.ts';
import type { SeenLog, Sighting } from './telemetry.ts';

// What was seen, on its way to another thread: one text for many. A text is handed over whole, where objects would be copied member by member; and events without
// names are half as long. Measured in docs/adr/0018.

/** What is taken from an event, at once: the event itself may be large, and is not kept. */
export type PackedEvent = readonly [
  emitFrom: number,
  traced: 0 | 1,
  runId: string,
  revision: number,
  type: string,
  time: number,
  facts: readonly (Fact | null)[],
  traceparent?: string,
];

/** In the order in which it was seen. */
export type Item =
  | PackedEvent
  | { readonly span: Span }
  | { readonly log: SeenLog }
  | { readonly know: string; readonly traceparent?: string };

export interface Unpacked {
  readonly event: SeenEvent;
  readonly emitFrom: number;
  readonly traced: boolean;
}

export function packEvent({ observed, emitFrom, traced, isFirst }: Sighting, texts: boolean): PackedEvent {
  const { runId, revision, event } = observed;
  const { traceparent } = event.metadata;
  const facts = factsIn(event, texts);
  return isFirst && traceparent !== undefined
    ? [emitFrom, traced ? 1 : 0, runId, revision, event.type, event.time, facts, traceparent]
    : [emitFrom, traced ? 1 : 0, runId, revision, event.type, event.time, facts];
}

export const isEvent = (item: Item): item is PackedEvent => Array.isArray(item);

export function unpackEvent(
  [emitFrom, traced, runId, revision, type, time, facts, traceparent]: PackedEvent,
  texts: boolean,
): Unpacked {
  const event = { runId, revision, type, time, facts: namedFacts(type, facts, texts) };
  return {
    event: traceparent === undefined ? event : { ...event, traceparent },
    emitFrom,
    traced: traced === 1,
  };
}
