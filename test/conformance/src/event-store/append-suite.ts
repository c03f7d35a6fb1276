import { NO_STREAM, nextTurn } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { event, events, expectConflict, expectRecorded, freshStream, rejection } from './fixtures.ts';
import type { StoreUnderTest } from './store-under-test.ts';

const MIB = 1024 * 1024;
/** What an event may take beside its text. */
const BESIDE_PAYLOAD = 4096;

export function appendSuite(under: StoreUnderTest): void {
  describe('append', () => {
    it('starts a stream at NO_STREAM and goes on at its last revision', async () => {
      const store = under.current();
      const stream = freshStream();
      const [first, second] = [events(3), events(2)];
      const one = await store.append(stream, first, NO_STREAM);
      const two = await store.append(stream, second, one.revision);
      expect([one.revision, two.revision]).to.deep.equal([2, 4]);
      const recorded = await store.read(stream);
      expectRecorded(recorded, stream, [...first, ...second]);
      expect([recorded[2]?.position, recorded[4]?.position]).to.deep.equal([one.position, two.position]);
    });

    for (const [what, wrong] of [
      ['NO_STREAM', NO_STREAM],
      ['an earlier one', 0],
      ['a later one', 7],
    ] as const) {
      it(`rejects ${what} when the stream is at another revision, and names that`, async () => {
        const store = under.current();
        const stream = freshStream();
        const kept = events(3);
        await store.append(stream, kept, NO_STREAM);
        await expectConflict(store.append(stream, events(2), wrong), 2);
        expectRecorded(await store.read(stream), stream, kept);
        expect(await store.readAll()).to.have.length(3);
      });
    }

    it('rejects any revision but NO_STREAM for a stream that does not exist', async () => {
      const store = under.current();
      const stream = freshStream();
      await expectConflict(store.append(stream, events(1), 0), NO_STREAM);
      await expectConflict(store.append(stream, events(1), -2), NO_STREAM);
      expect(await store.read(stream)).to.deep.equal([]);
    });

    it('takes the same append again as done, also when more was appended since', async () => {
      const store = under.current();
      const stream = freshStream();
      const [first, second, third] = [events(2), events(3), events(1)];
      const results = [await store.append(stream, first, NO_STREAM), await store.append(stream, second, 1)];
      expect(await store.append(stream, second, 1)).to.deep.equal(results[1]);
      await store.append(stream, third, 4);
      expect(await store.append(stream, first, NO_STREAM)).to.deep.equal(results[0]);
      expect(await store.append(stream, second, 1)).to.deep.equal(results[1]);
      expectRecorded(await store.read(stream), stream, [...first, ...second, ...third]);
    });

    it('takes the same append again while the first is under way', async () => {
      const store = under.current();
      const stream = freshStream();
      const repeated = events(2);
      const results = await Promise.all([1, 2, 3].map(() => store.append(stream, repeated, NO_STREAM)));
      for (const result of results) expect(result).to.deep.equal(results[0]);
      expectRecorded(await store.read(stream), stream, repeated);
    });

    it('calls an append that is there in part, or in another order, a conflict', async () => {
      const store = under.current();
      const stream = freshStream();
      const [a, b, c] = [event(), event(), event()];
      await store.append(stream, [a, b], NO_STREAM);
      await expectConflict(store.append(stream, [a, c], NO_STREAM), 1);
      await expectConflict(store.append(stream, [a, b, c], NO_STREAM), 1);
      await expectConflict(store.append(stream, [b, a], NO_STREAM), 1);
      await expectConflict(store.append(stream, [a], 0), 1);
      expectRecorded(await store.read(stream), stream, [a, b]);
    });

    it('does not take the events of another stream for a repetition', async () => {
      const store = under.current();
      const [one, other] = [freshStream(), freshStream()];
      const same = events(2);
      await store.append(one, same, NO_STREAM);
      await store.append(other, same, NO_STREAM);
      expectRecorded(await store.read(other), other, same);
    });

    it('lets exactly one of many writers at the same revision win', async () => {
      const store = under.current();
      const stream = freshStream();
      await store.append(stream, events(1), NO_STREAM);
      const writers = Array.from({ length: 20 }, () => events(2));
      const outcomes = await Promise.allSettled(writers.map((own) => store.append(stream, own, 0)));
      const won = outcomes.flatMap((outcome, index) => (outcome.status === 'fulfilled' ? [index] : []));
      expect(won).to.have.length(1);
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') await expectConflict(Promise.reject(outcome.reason), 2);
      }
      const winner = writers[won[0] ?? -1] ?? [];
      expectRecorded(await store.read(stream, { from: 1 }), stream, winner, 1);
    });

    it('shows all of an append or nothing of it', async () => {
      const store = under.current();
      const stream = freshStream();
      let writing = true;
      const write = async (): Promise<void> => {
        try {
          for (let revision = NO_STREAM; revision < 99; revision += 5) await store.append(stream, events(5), revision);
        } finally {
          writing = false;
        }
      };
      const look = async (): Promise<void> => {
        for (; writing; await nextTurn()) expect((await store.read(stream)).length % 5).to.equal(0);
      };
      await Promise.all([write(), look()]);
      expect(await store.read(stream)).to.have.length(100);
    });

    it('keeps every kind of plain JSON, and metadata, as they were', async () => {
      const store = under.current();
      const stream = 'run-correlated.1';
      const odd = event({
        text: 'zażółć \u{1F9EA} \u0000 \u2028 \ud800 שלום "quoted" \\ \n',
        numbers: [0, -1.5, 1e308, 5e-324, Number.MAX_SAFE_INTEGER],
        nothing: null,
        flags: [true, false],
        empty: [{}, [], ''],
        keys: { '': 1, constructor: 2, 'ключ.[0]': 3 },
      });
      const traced = {
        ...event(),
        metadata: {
          causationId: '0197c2a4-6c53-7b3e-a1c0-0a6f4d1b2c3d',
          correlationId: 'correlated.1',
          schemaVersion: 12,
          traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
          tenant: 'zażółć \n ltd',
        },
      };
      const toCome = {
        ...event(),
        metadata: { ...event().metadata, 'what is to come': { deep: [1, null, 'x'] }, constructor: 'a member' },
      };
      const shouted = { ...event(), id: '0197C2A4-6C53-7B3E-A1C0-0A6F4D1B2C3D', type: 'Größe' };
      await store.append(stream, [odd, traced, toCome, shouted], NO_STREAM);
      expectRecorded(await store.read(stream), stream, [odd, traced, toCome, shouted]);
      await store.append(stream, [odd, traced, toCome, shouted], NO_STREAM);
    });

    it('keeps any traceparent as it was, of whatever form and trace', async () => {
      const store = under.current();
      const stream = freshStream();
      const inTrace = (span: string): string => `00-4bf92f3577b34da6a3ce929d0e0e4736-${span}-01`;
      const span = '00f067aa0ba902b7';
      const other = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
      const traced = [inTrace(span), inTrace(span.toUpperCase()), other, span, `=${span}`, '', inTrace(span)].map(
        (traceparent) => {
          const one = event();
          return { ...one, metadata: { ...one.metadata, traceparent } };
        },
      );
      const all = [...traced, event()];
      await store.append(stream, all.slice(0, 1), NO_STREAM);
      await store.append(stream, all.slice(1), 0);
      expectRecorded(await store.read(stream), stream, all);
    });

    it('keeps large payloads, up to the limit that it announces', async () => {
      const store = under.current();
      const stream = freshStream();
      const large = event({ text: 'x€'.repeat(Math.min(MIB, (store.maxAppendBytes ?? MIB) - BESIDE_PAYLOAD) / 4) });
      await store.append(stream, [large, event()], NO_STREAM);
      expectRecorded((await store.read(stream)).slice(0, 1), stream, [large]);
    });

    it('refuses more than it announces as too large, and keeps nothing of it (where it announces a limit)', async function () {
      const store = under.current();
      const { maxAppendBytes } = store;
      if (maxAppendBytes === undefined) return this.skip();
      const stream = freshStream();
      const most = Math.floor((maxAppendBytes - BESIDE_PAYLOAD) / 3);
      const each = event({ text: 'x'.repeat(most) });
      for (const [what, refused] of [
        ['one event', [event({ text: '€'.repeat(Math.ceil(maxAppendBytes / 3)) })]],
        ['several', [each, event({ text: 'y'.repeat(most) }), event({ text: 'z'.repeat(most + BESIDE_PAYLOAD) })]],
      ] as const)
        await rejection(store.append(stream, refused, NO_STREAM), 'REPRISE_STORE_TOO_LARGE').catch((error: unknown) => {
          throw new Error(what, { cause: error });
        });
      expect(await store.read(stream)).to.deep.equal([]);
      await store.append(stream, [each], NO_STREAM);
    });

    it('keeps many events of one append in order', async () => {
      const store = under.current();
      const stream = freshStream();
      const many = events(500);
      expect((await store.append(stream, many, NO_STREAM)).revision).to.equal(499);
      expectRecorded(await store.read(stream), stream, many);
    });
  });
}
