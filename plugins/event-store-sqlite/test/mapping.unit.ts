import { encodePosition, isRepriseError, type NewEvent } from '@reprise/core/plugin';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { EVENT_WIDTH, packId, toColumns, toRecordedEvent, unpackId } from '../src/mapping.ts';
import { toFault } from '../src/store-fault.ts';
import { packTrace, traceFrom, traceOf, traceText, unpackTrace } from '../src/trace-packing.ts';
import { appendsOf, pushAppend } from '../src/write-messages.ts';

const id = fc.oneof(
  fc.uuid(),
  fc.uuid().map((text) => text.toUpperCase()),
  fc.string(),
  fc.constant('run.1'),
);

const HEAD = '00-4bf92f3577b34da6a3ce929d0e0e4736-';
const TRACE = { head: HEAD, tail: '-01' };
const hex = (length: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });

/** In the trace, in another one, and whatever else somebody may write there. */
const traceparent = fc.oneof(
  hex(16).map((span) => `${HEAD}${span}-01`),
  fc.tuple(hex(32), hex(16), hex(2)).map(([trace, span, flags]) => `00-${trace}-${span}-${flags}`),
  hex(16),
  fc.tuple(fc.constantFrom('=', '=='), fc.string({ minLength: 13, maxLength: 18 })).map((parts) => parts.join('')),
  fc.tuple(hex(16), fc.constantFrom('00', '01')).map(([span, flags]) => `${HEAD}${span.toUpperCase()}-${flags}`),
  fc.string({ minLength: 55, maxLength: 55 }).map((text) => `${HEAD}${text.slice(39)}-01`),
  fc.string({ unit: 'grapheme' }),
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
      traceparent,
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

  it('packs nothing that is not canonical', () => {
    const canonical = '0197c2a4-6c53-7b3e-a1c0-0a6f4d1b2c3d';
    for (let at = 0; at < canonical.length; at += 1) {
      for (const other of ['g', 'A', '-', '0', '/', ':', '`', 'é', '\u2013']) {
        const text = canonical.slice(0, at) + other + canonical.slice(at + 1);
        const isCanonical = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
        expect(packId(text) instanceof Uint8Array, text).to.equal(isCanonical);
        expect(unpackId(packId(text) as string)).to.equal(text);
      }
    }
  });

  it('packs a UUID into 16 bytes', () => {
    expect(packId('0197c2a4-6c53-7b3e-a1c0-0a6f4d1b2c3d')).to.have.length(16);
  });

  it('gives back every event', () => {
    fc.assert(
      fc.property(anyEvent, fc.boolean(), fc.constantFrom(TRACE, undefined), (event, own, trace) => {
        const stream = own ? `run-${event.metadata.correlationId}` : 'run-other';
        const columns = toColumns(stream, event, JSON.stringify(event.data));
        expect(columns).to.have.length(EVENT_WIDTH);
        const [eventId, type, time, data, causation, correlation, schema_version, whole, meta] = columns;
        const row = { id: eventId, type, time, data, causation, correlation, schema_version, meta };
        const place = { revision: 3, position: 8, traceparent: packTrace(whole, trace) };
        const recorded = toRecordedEvent({ ...row, ...place }, stream, trace);
        expect(recorded).to.deep.equal({ ...event, stream, revision: 3, position: encodePosition(8) });
      }),
    );
  });
});

describe('a traceparent', () => {
  const inTrace = `${HEAD}00f067aa0ba902b7-01`;

  it('has a trace: all of it but the span', () => {
    expect(traceOf(inTrace)).to.deep.equal(TRACE);
    expect(traceFrom(traceText(TRACE))).to.deep.equal(TRACE);
    expect(traceFrom(traceText(undefined))).to.equal(undefined);
    for (const none of [null, undefined, '', 'x', `${inTrace}-x`, inTrace.replaceAll('-', '.')])
      expect(traceOf(none), String(none)).to.equal(undefined);
  });

  it('is its span alone inside its trace, and whole anywhere else', () => {
    expect(packTrace(inTrace, TRACE)).to.equal('00f067aa0ba902b7');
    expect(packTrace(inTrace, undefined)).to.equal(inTrace);
    const other = inTrace.replace('-01', '-00');
    expect(packTrace(other, TRACE)).to.equal(other);
    expect(packTrace(null, TRACE)).to.equal(null);
  });

  it('comes back as it was, whatever it is, and is never taken for another', () => {
    fc.assert(
      fc.property(traceparent, traceparent, (one, two) => {
        const packed = packTrace(one, TRACE);
        expect(unpackTrace(packed, TRACE)).to.equal(one);
        expect(unpackTrace(packTrace(one, undefined), undefined)).to.equal(one);
        expect(packed === packTrace(two, TRACE)).to.equal(one === two);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('messages to the writer', () => {
  it('give back every append', () => {
    const end = fc.record({ stream: fc.string({ unit: 'grapheme' }), revision: fc.nat() });
    const append = fc.record({
      ...{ stream: fc.string(), expectedRevision: fc.integer(), events: fc.array(anyEvent) },
      removes: fc.option(fc.array(end), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(append), (appends) => {
        const cells: (string | number | null)[] = [];
        const expected = appends.map(({ stream, expectedRevision, events, removes }) => {
          const data = events.map((event) => JSON.stringify(event.data));
          pushAppend(cells, stream, expectedRevision, events, data, removes === undefined ? undefined : { removes });
          const columns = events.map((event, index) => [...toColumns(stream, event, data[index] ?? '')]);
          const removed = removes === undefined ? null : JSON.stringify(removes);
          return { stream, expectedRevision, summary: null, removes: removed, events: columns };
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
