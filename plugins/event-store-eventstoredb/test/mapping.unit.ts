import { type NewEvent, uuidv5 } from '@reprise/core/plugin';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { pack, sizeOf, unpack } from '../src/mapping.ts';
import { fromPosition, toPosition } from '../src/position.ts';
import { streamNames } from '../src/streams.ts';

const place = { stream: 'run-a', revision: 3 };
const SAMPLE: NewEvent = {
  id: '0197c2a4-6c53-7b3e-a1c0-0a6f4d1b2c3d',
  type: 'TaskCompleted',
  time: 1_700_000_000_000,
  data: { output: { a: 1 } },
  metadata: { causationId: 'command', correlationId: 'root', schemaVersion: 2, tenant: 'acme' },
};

const metadataOf = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString());

describe('an event in EventStoreDB', () => {
  it('has the names that its own tools know, and ours beside them', () => {
    const packed = pack(SAMPLE, { writer: 'w' });
    expect(packed).to.include({ id: SAMPLE.id, type: 'TaskCompleted' });
    expect(metadataOf(packed.data)).to.deep.equal(SAMPLE.data);
    expect(metadataOf(packed.metadata)).to.deep.equal({
      $correlationId: 'root',
      $causationId: 'command',
      $reprise: { time: SAMPLE.time, schemaVersion: 2, writer: 'w' },
      tenant: 'acme',
    });
    expect(sizeOf(packed)).to.equal(packed.data.length + packed.metadata.length + 26);
  });

  it('comes back as it was, whatever its metadata are called', () => {
    const members = fc.dictionary(
      fc.oneof(fc.string(), fc.constantFrom('$reprise', '$correlationId', '$$x', '__proto__', 'constructor', 'time')),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(members, fc.dictionary(fc.string(), fc.jsonValue()), (more, data) => {
        const own = Object.entries(more).filter(
          ([name]) => !['causationId', 'correlationId', 'schemaVersion'].includes(name),
        );
        const metadata = { ...Object.fromEntries(own), ...SAMPLE.metadata } as NewEvent['metadata'];
        const event = JSON.parse(JSON.stringify({ ...SAMPLE, data, metadata })) as NewEvent;
        const unpacked = unpack({ ...pack(event, { writer: 'w', more: true }), ...place });
        expect(unpacked).to.deep.equal({ event, about: { writer: 'w', more: true } });
      }),
    );
  });

  it('has an id that follows from its own where that is no canonical UUID, and keeps it', () => {
    for (const id of ['not-a-uuid', SAMPLE.id.toUpperCase()]) {
      const packed = pack({ ...SAMPLE, id }, {});
      expect(packed.id).to.equal(uuidv5('reprise/event', id));
      expect(unpack({ ...packed, ...place })?.event.id).to.equal(id);
    }
  });

  it('is told from those of others', () => {
    const metadata = Buffer.from('{"$correlationId":"x"}');
    for (const others of [metadata, new Uint8Array(), Buffer.from('no JSON'), Buffer.from('[1]')])
      expect(unpack({ ...pack(SAMPLE, {}), ...place, metadata: others })).to.equal(undefined);
    expect(() => unpack({ ...pack(SAMPLE, {}), ...place, data: Buffer.from('{') })).to.throw('Event 3 of stream run-a');
  });
});

describe('positions of EventStoreDB', () => {
  it('compare as text, as the numbers do that they stand for', () => {
    const whole = fc.bigInt(0n, 2n ** 64n - 1n);
    fc.assert(
      fc.property(whole, whole, (a, b) => {
        const [one, other] = [a, b].map((value) => toPosition({ commit: String(value), prepare: String(value) }));
        expect((one ?? '') < (other ?? '')).to.equal(a < b);
        expect(fromPosition(one ?? '')).to.deep.equal({ commit: String(a), prepare: String(a) });
      }),
    );
  });

  it('keep both numbers where they differ, and refuse other text', () => {
    const text = toPosition({ commit: '120', prepare: '7' });
    expect(fromPosition(text)).to.deep.equal({ commit: '120', prepare: '7' });
    expect(fromPosition('')).to.equal(undefined);
    for (const other of ['0000000000000012', 'end', `${text}-1`, '1'])
      expect(() => fromPosition(other)).to.throw(other);
  });
});

describe('streams in EventStoreDB', () => {
  for (const prefix of ['', 'acme_eu.'])
    it(`of the namespace '${prefix}' are told by their names`, () => {
      const names = streamNames(prefix);
      const fits = new RegExp(names.filter);
      const histories = ['run-1', 'other', 'run-snapshot-1', 'run-a.b'];
      for (const stream of histories) {
        expect(names.from(names.of(stream))).to.equal(stream);
        expect(fits.test(names.of(stream))).to.equal(true);
      }
      const beside = [
        'other.run-1',
        names.snapshotOf('run-1'),
        names.definitionOf('ab'),
        names.lease,
        '$ce-run',
        `$$${prefix}run-1`,
      ];
      for (const name of beside) expect([names.from(name), fits.test(name)], name).to.deep.equal([undefined, false]);
      if (prefix !== '')
        expect([names.from('acme_euXrun-1'), fits.test('acme_euXrun-1')]).to.deep.equal([undefined, false]);
    });
});
