import { sleep } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { allRows, outcomeOf, put, VIEW } from './fixtures.ts';
import type { ViewStoreUnderTest } from './view-store-under-test.ts';

/** Rows and checkpoint are one. */
export function commitSuite({ current }: ViewStoreUnderTest): void {
  describe('commit', () => {
    it('begins with no checkpoint and no row', async () => {
      expect(await current().checkpoint(VIEW)).to.equal(undefined);
      expect(await current().get(VIEW, ['a'])).to.deep.equal(new Map());
      expect(await current().list(VIEW, {})).to.deep.equal({ rows: [] });
    });

    it('keeps rows and checkpoint together', async () => {
      await put(current(), { a: { n: 1, was: true }, b: { n: 2 } }, '0001');
      await put(current(), { a: { n: 3 }, b: null, c: { n: 4 } }, '0002');
      expect(await current().checkpoint(VIEW)).to.equal('0002');
      expect(await current().get(VIEW, ['a', 'b', 'c', 'a'])).to.deep.equal(
        new Map([
          ['a', { n: 3 }],
          ['c', { n: 4 }],
        ]),
      );
      expect(await allRows(current())).to.deep.equal({ a: { n: 3 }, c: { n: 4 } });
    });

    it('moves the checkpoint alone, also to where it is', async () => {
      await put(current(), {}, '0001');
      await put(current(), {}, '0001');
      expect(await current().checkpoint(VIEW)).to.equal('0001');
    });

    it('changes nothing when the checkpoint is another one', async () => {
      await put(current(), { a: { n: 1 } }, '0005');
      for (const expected of [undefined, '0004', '0006', '']) {
        const commit = current().commit(VIEW, {
          expected,
          next: '0009',
          changes: [{ key: 'a' }, { key: 'b', row: {} }],
        });
        expect(await outcomeOf(commit)).to.equal('REPRISE_VIEW_CONFLICT');
      }
      const other = { ...VIEW, version: 3 };
      const fresh = current().commit(other, { expected: '0005', next: '0009', changes: [] });
      expect(await outcomeOf(fresh)).to.equal('REPRISE_VIEW_CONFLICT');
      expect(await current().checkpoint(VIEW)).to.equal('0005');
      expect(await allRows(current())).to.deep.equal({ a: { n: 1 } });
    });

    it('takes one of two commits from the same checkpoint', async () => {
      const commit = (key: string) =>
        outcomeOf(current().commit(VIEW, { expected: undefined, next: key, changes: [{ key, row: {} }] }));
      const outcomes = await Promise.all([commit('a'), commit('b')]);
      expect(outcomes.filter((one) => one === 'REPRISE_VIEW_CONFLICT')).to.have.length(1);
      const winner = await current().checkpoint(VIEW);
      expect(Object.keys(await allRows(current()))).to.deep.equal([winner]);
    });

    it('gives rows back as they were: any JSON, any key', async () => {
      const row = {
        t: 'ä "q" \\ \n\t\u0000 😀 \ud800',
        n: [0, -1, 1.5, 1e21, 5e-324],
        deep: { null: null, list: [[], {}], '': true, constructor: 1 },
      };
      const keys = ['a', 'A', 'a b', "o'clock", '"', 'ä/😀', '%_', 'constructor', '0'.repeat(1024), '~x'];
      await put(current(), Object.fromEntries(keys.map((key) => [key, row])), '1');
      const got = await current().get(VIEW, keys);
      expect([...got.keys()].sort()).to.deep.equal([...keys].sort());
      for (const one of got.values()) expect(one).to.deep.equal(row);
    });

    it('keeps a row as it was, whatever becomes of objects that were handed over and out', async () => {
      const row = { n: 1, list: [1] };
      await put(current(), { a: row }, '1');
      const read = async (): Promise<readonly unknown[]> => [
        (await current().get(VIEW, ['a'])).get('a'),
        (await current().list(VIEW, {})).rows[0]?.row,
      ];
      for (const one of [row, ...(await read())] as (typeof row)[]) {
        // They may be frozen.
        Reflect.set(one, 'n', 2);
        Reflect.set(one.list, 0, 2);
      }
      expect(await read()).to.deep.equal(Array(2).fill({ n: 1, list: [1] }));
    });

    it('takes many rows at once', async () => {
      const rows = Object.fromEntries(Array.from({ length: 1500 }, (_, n) => [`k${n}`, { n }]));
      await put(current(), rows, '1');
      expect((await current().get(VIEW, Object.keys(rows))).size).to.equal(1500);
    });
  });

  describe('versions', () => {
    it('are views of their own; older ones are gone once the checkpoint of a newer one is asked for', async () => {
      const [one, three] = [
        { ...VIEW, version: 1 },
        { ...VIEW, version: 3 },
      ];
      const other = { name: 'other', version: 1 };
      for (const view of [one, VIEW, three, other]) await put(current(), { a: { v: view.version } }, 'p', view);
      expect(await allRows(current(), one)).to.deep.equal({});
      expect(await allRows(current(), VIEW)).to.deep.equal({});
      expect(await allRows(current(), three)).to.deep.equal({ a: { v: 3 } });
      expect(await current().checkpoint(one)).to.equal(undefined);
      expect(await current().checkpoint(three)).to.equal('p');
      expect(await allRows(current(), other)).to.deep.equal({ a: { v: 1 } });
    });
  });

  describe('clear', () => {
    it('leaves nothing of the view, and nothing else undone', async () => {
      const other = { name: 'other', version: 2 };
      await put(current(), { a: {}, '~': {} }, '1');
      await put(current(), { a: {} }, '1', other);
      await current().clear(VIEW);
      await current().clear({ name: 'never', version: 1 });
      expect(await current().checkpoint(VIEW)).to.equal(undefined);
      expect((await current().get(VIEW, ['a', '~'])).size).to.equal(0);
      expect(await current().checkpoint(other)).to.equal('1');
      await put(current(), { b: {} }, '2');
      expect(await allRows(current())).to.deep.equal({ b: {} });
    });
  });

  describe('close', () => {
    it('waits for commits under way', async () => {
      const store = current();
      const outcomes: unknown[] = [];
      const commit = store.commit(VIEW, { expected: undefined, next: '1', changes: [{ key: 'a', row: {} }] });
      void outcomeOf(commit).then((one) => outcomes.push(one));
      await store.close();
      await sleep(0);
      expect(outcomes).to.deep.equal(['resolved: undefined']);
    });

    it('ends the use of the store, and may be called again', async () => {
      const store = current();
      await store.close();
      await store.close();
      const batch = { expected: undefined, next: '1', changes: [] };
      for (const use of [
        () => store.checkpoint(VIEW),
        () => store.commit(VIEW, batch),
        () => store.get(VIEW, ['a']),
        () => store.list(VIEW, {}),
        () => store.clear(VIEW),
      ])
        expect(await outcomeOf(use())).to.equal('REPRISE_VIEW_STORE_CLOSED');
    });
  });
}
