import { BEGINNING, NO_STREAM, type RecordedEvent, readStream } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { events, expectGrowing, expectRecorded, freshStream, ids } from './fixtures.ts';
import type { StoreUnderTest } from './store-under-test.ts';

export function readSuite(under: StoreUnderTest): void {
  describe('read', () => {
    it('gives an empty page for a stream that does not exist', async () => {
      const store = under.current();
      expect(await store.read(freshStream())).to.deep.equal([]);
      expect(await store.read(freshStream(), { direction: 'backwards' })).to.deep.equal([]);
    });

    it('reads forwards from a revision, up to a limit', async () => {
      const store = under.current();
      const stream = freshStream();
      const all = events(10);
      await store.append(stream, all, NO_STREAM);
      expectRecorded(await store.read(stream, { from: 4 }), stream, all.slice(4), 4);
      expectRecorded(await store.read(stream, { from: 4, limit: 3 }), stream, all.slice(4, 7), 4);
      expectRecorded(await store.read(stream, { limit: 1 }), stream, all.slice(0, 1));
      expect(await store.read(stream, { from: 10 })).to.deep.equal([]);
      expect(await store.read(stream, { limit: 0 })).to.deep.equal([]);
    });

    it('reads backwards from the end or from a revision, up to a limit', async () => {
      const store = under.current();
      const stream = freshStream();
      const all = events(10);
      await store.append(stream, all, NO_STREAM);
      const backwards = async (options: { from?: number; limit?: number }): Promise<number[]> =>
        (await store.read(stream, { ...options, direction: 'backwards' })).map(({ revision }) => revision);
      expect(await backwards({})).to.deep.equal([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
      expect(await backwards({ limit: 2 })).to.deep.equal([9, 8]);
      expect(await backwards({ from: 3 })).to.deep.equal([3, 2, 1, 0]);
      expect(await backwards({ from: 3, limit: 2 })).to.deep.equal([3, 2]);
      expect(await backwards({ from: 99, limit: 2 })).to.deep.equal([9, 8]);
      expect(await backwards({ limit: 0 })).to.deep.equal([]);
    });

    it('gives a page of 1,000 by default, and readStream every page', async () => {
      const store = under.current();
      const stream = freshStream();
      const all = events(2003);
      await store.append(stream, all, NO_STREAM);
      expect(await store.read(stream)).to.have.length(1000);
      expect(await store.readAll()).to.have.length(1000);
      const recorded: RecordedEvent[] = [];
      for await (const one of readStream(store, stream)) recorded.push(one);
      expectRecorded(recorded, stream, all);
      const tail: RecordedEvent[] = [];
      for await (const one of readStream(store, stream, 2001)) tail.push(one);
      expectRecorded(tail, stream, all.slice(2001), 2001);
    });

    it('keeps streams apart, also those whose names begin alike', async () => {
      const store = under.current();
      const [one, other] = [events(2), events(3)];
      await store.append('run-a', one, NO_STREAM);
      await store.append('run-a.1', other, NO_STREAM);
      expectRecorded(await store.read('run-a'), 'run-a', one);
      expectRecorded(await store.read('run-a.1'), 'run-a.1', other);
      expect(await store.read('run-A')).to.deep.equal([]);
    });
  });

  describe('readAll', () => {
    it('is empty for an empty store', async () => {
      expect(await under.current().readAll()).to.deep.equal([]);
    });

    it('gives the events of all streams in the order of their appends, page by page without gap or duplicate', async () => {
      const store = under.current();
      const streams = [freshStream(), freshStream(), freshStream()];
      const expected: string[] = [];
      for (let round = 0; round < 5; round += 1) {
        for (const stream of streams) {
          const batch = events(2);
          expected.push(...ids(batch));
          await store.append(stream, batch, round * 2 - 1);
        }
      }
      expect(ids(await store.readAll())).to.deep.equal(expected);
      const paged: RecordedEvent[] = [];
      for (let after = BEGINNING; ; after = paged.at(-1)?.position ?? BEGINNING) {
        const page = await store.readAll({ after, limit: 7 });
        if (page.length === 0 || paged.length > expected.length) break;
        paged.push(...page);
      }
      expect(ids(paged)).to.deep.equal(expected);
      const positions = paged.map(({ position }) => position);
      expectGrowing(positions);
      expect(ids(await store.readAll({ after: positions[4] ?? '', limit: 2 }))).to.deep.equal(expected.slice(5, 7));
      expect(await store.readAll({ after: positions.at(-1) ?? '' })).to.deep.equal([]);
      expect(await store.readAll({ limit: 0 })).to.deep.equal([]);
    });
  });
}
