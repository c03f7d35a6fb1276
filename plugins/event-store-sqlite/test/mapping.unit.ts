import { isRepriseError, type NewEvent } from '@reprise/core/plugin';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { EVENT_WIDTH, packId, toColumns, toRecordedEvent, unpackId } from '../src/mapping.ts';
import { toFault } from '../src/store-fault.ts';
import { appendsOf, pushAppend } from '../src/write-messages.ts';

const id = fc.oneof(
  fc.uuid(),
  fc.uuid().map((text) => text.toUpperCase()),
  fc.string(),
  fc.constant('run.1'),
);

const anyEvent: fc.Arbitrary<NewEvent> = fc.record({
  id,
  type: fc.string(),
  time: fc.maxSafeInteger(),
  data: fc
    .dictionary(
      fc.string().filter((key) => key !== '__proto__'),
      fc.jsonValue({ maxDepth: 2 }),
    )
    .map((data) => JSON.parse(JSON.stringify(data))),
  metadata: fc.record(
    {
      causationId: id,
      correlationId: id,
      schemaVersion: fc.nat(),
      traceparent: fc.string(),
      tenant: fc.string(),
      '3': fc.json(),
    },
    { requiredKeys: ['causationId', 'correlationId', 'schemaVersion'] },
  ),
});

describe('mapping of events to rows', () => {
  it('gives back every id', () => {
    fc.assert(fc.property(id, (text) => unpackId(packId(text) as string) === text));
  });

  it('packs a UUID into 16 bytes', () => {
    expect(packId('0197c2a4-6c53-7b3e-a1c0-0a6f4d1b2c3d')).to.have.length(16);
  });

  it('gives back every event', () => {
    fc.assert(
      fc.property(anyEvent, fc.boolean(), (event, own) => {
        const stream = own ? `run-${event.metadata.correlationId}` : 'run-other';
        const columns = toColumns(stream, event, JSON.stringify(event.data));
        expect(columns).to.have.length(EVENT_WIDTH);
        const [eventId, type, time, data, causation, correlation, schema_version, traceparent, meta] = columns;
        const row = { id: eventId, type, time, data, causation, correlation, schema_version, traceparent, meta };
        const recorded = toRecordedEvent({ ...row, revision: 3, position: 8 }, stream);
        expect(recorded).to.deep.equal({ ...event, stream, revision: 3, position: 8 });
      }),
    );
  });
});

describe('messages to the writer', () => {
  it('give back every append', () => {
    const append = fc.record({ stream: fc.string(), expectedRevision: fc.integer(), events: fc.array(anyEvent) });
    fc.assert(
      fc.property(fc.array(append), (appends) => {
        const cells: (string | number | null)[] = [];
        const expected = appends.map(({ stream, expectedRevision, events }) => {
          const data = events.map((event) => JSON.stringify(event.data));
          pushAppend(cells, stream, expectedRevision, events, data, undefined);
          const columns = events.map((event, index) => [...toColumns(stream, event, data[index] ?? '')]);
          return { stream, expectedRevision, summary: null, events: columns };
        });
        expect([...appendsOf(cells)]).to.deep.equal(expected);
      }),
    );
  });
});

describe('faults of SQLite', () => {
  for (const [errcode, code] of [
    [5, 'REPRISE_STORE_UNAVAILABLE'],
    [13, 'REPRISE_STORE_UNAVAILABLE'],
    [10 | (4 << 8), 'REPRISE_STORE_UNAVAILABLE'],
    [14, 'REPRISE_STORE_UNAVAILABLE'],
    [8, 'REPRISE_STORE_UNAVAILABLE'],
    [1, 'REPRISE_STORE_UNAVAILABLE'],
    [11 | (1 << 8), 'REPRISE_STORE_CORRUPT'],
    [26, 'REPRISE_STORE_CORRUPT'],
    [18, 'REPRISE_STORE_TOO_LARGE'],
  ] as const) {
    it(`of code ${errcode} are ${code}, with the file and the cause`, () => {
      const fault = toFault(Object.assign(new Error('the cause'), { errcode }), 'the.db');
      expect(fault.code).to.equal(code);
      expect(fault.message).to.include('the cause');
      if (errcode !== 18) expect(fault.message).to.include('the.db');
    });
  }

  it('leaves other errors alone as causes', () => {
    expect(isRepriseError(toFault('odd', 'x'))).to.equal(false);
    expect(toFault('odd', 'x').message).to.include('odd');
  });
});
