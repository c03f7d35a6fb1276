import type { Facts } from '../seen-event.ts';
import type { Sighting } from './telemetry.ts';

// Sightings on their way to another thread: one text for many. A text is handed over whole, where objects would be copied member by member; and lists without
// names are half as long. Measured in docs/adr/0018.

type Packed = readonly [
  emitFrom: number,
  traced: 0 | 1,
  runId: string,
  revision: number,
  type: string,
  time: number,
  facts: Facts,
  traceparent?: string,
];

export function pack(sightings: readonly Sighting[]): string {
  return JSON.stringify(
    sightings.map(({ emitFrom, traced, event }): Packed => {
      const { runId, revision, type, time, facts, traceparent } = event;
      const common = [emitFrom, traced ? 1 : 0, runId, revision, type, time, facts] as const;
      return traceparent === undefined ? common : [...common, traceparent];
    }),
  );
}

export function unpack(text: string): readonly Sighting[] {
  return (JSON.parse(text) as readonly Packed[]).map(
    ([emitFrom, traced, runId, revision, type, time, facts, traceparent]) => ({
      emitFrom,
      traced: traced === 1,
      event: { runId, revision, type, time, facts, ...(traceparent === undefined ? {} : { traceparent }) },
    }),
  );
}
