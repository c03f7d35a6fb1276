import { type Fact, factsIn, namedFacts, type SeenEvent } from '../seen-event.ts';
import type { Sighting } from './telemetry.ts';

// Sightings on their way to another thread: one text for many. A text is handed over whole, where objects would be copied member by member; and lists without
// names are half as long. Measured in docs/adr/0018.

/** What is taken from an event, at once: the event itself may be large, and is not kept. */
export type Packed = readonly [
  emitFrom: number,
  traced: 0 | 1,
  runId: string,
  revision: number,
  type: string,
  time: number,
  facts: readonly (Fact | null)[],
  traceparent?: string,
];

export interface Unpacked {
  readonly event: SeenEvent;
  readonly emitFrom: number;
  readonly traced: boolean;
}

export function pack({ observed, emitFrom, traced, isFirst }: Sighting, texts: boolean): Packed {
  const { runId, revision, event } = observed;
  const { traceparent } = event.metadata;
  const facts = factsIn(event, texts);
  return isFirst && traceparent !== undefined
    ? [emitFrom, traced ? 1 : 0, runId, revision, event.type, event.time, facts, traceparent]
    : [emitFrom, traced ? 1 : 0, runId, revision, event.type, event.time, facts];
}

export const toText = (packed: readonly Packed[]): string => JSON.stringify(packed);

export const fromText = (text: string, texts: boolean): readonly Unpacked[] =>
  (JSON.parse(text) as readonly Packed[]).map(([emitFrom, traced, runId, revision, type, time, facts, traceparent]) => {
    const event = { runId, revision, type, time, facts: namedFacts(type, facts, texts) };
    return { event: traceparent === undefined ? event : { ...event, traceparent }, emitFrom, traced: traced === 1 };
  });
