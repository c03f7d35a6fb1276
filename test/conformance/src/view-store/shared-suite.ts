import { expect } from 'chai';
import { describe, it } from 'mocha';
import { allRows, outcomeOf, put, VIEW } from './fixtures.ts';
import type { ViewStoreUnderTest } from './view-store-under-test.ts';

/** What is kept beyond a handle, and seen by others. */
export function sharedSuite({ current, reopen, openSecond }: ViewStoreUnderTest): void {
  if (reopen !== undefined) {
    describe('opened again', () => {
      it('has rows and checkpoint, or neither', async () => {
        await put(current(), { a: { n: 1 } }, '0001');
        await put(current(), { b: { n: 2 } }, '0002');
        await reopen();
        expect(await current().checkpoint(VIEW)).to.equal('0002');
        expect(await allRows(current())).to.deep.equal({ a: { n: 1 }, b: { n: 2 } });
      });
    });
  }
  if (openSecond !== undefined) {
    describe('a second handle', () => {
      it('sees what the first committed, and loses against it', async () => {
        const second = await openSecond();
        await put(current(), { a: { n: 1 } }, '1');
        expect(await allRows(second)).to.deep.equal({ a: { n: 1 } });
        await put(second, { b: { n: 2 } }, '2');
        const late = current().commit(VIEW, { expected: '1', next: '3', changes: [{ key: 'a' }] });
        expect(await outcomeOf(late)).to.equal('REPRISE_VIEW_CONFLICT');
        expect(await allRows(current())).to.deep.equal({ a: { n: 1 }, b: { n: 2 } });
      });

      it('goes on when the other one is closed', async () => {
        const second = await openSecond();
        await put(second, { a: { n: 1 } }, '1');
        await second.close();
        await put(current(), { b: { n: 2 } }, '2');
        expect(await allRows(current())).to.deep.equal({ a: { n: 1 }, b: { n: 2 } });
      });

      it('builds together with the first, one commit after the other', async () => {
        const stores = [current(), await openSecond()];
        const build = async (store: (typeof stores)[number], name: string): Promise<void> => {
          for (let done = 0, tries = 0; done < 20; tries += 1) {
            expect(tries, 'commits in vain').to.be.below(1000);
            const expected = await store.checkpoint(VIEW);
            const next = String(Number(expected ?? 0) + 1).padStart(4, '0');
            const commit = store.commit(VIEW, { expected, next, changes: [{ key: next, row: { name } }] });
            if (!String(await outcomeOf(commit)).startsWith('REPRISE')) done += 1;
          }
        };
        await Promise.all(stores.map((store, index) => build(store, String(index))));
        expect(await current().checkpoint(VIEW)).to.equal('0040');
        expect(Object.keys(await allRows(current()))).to.have.length(40);
      });
    });
  }
}
