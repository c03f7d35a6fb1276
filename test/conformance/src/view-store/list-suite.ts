import {
  type FieldTerm,
  type JsonObject,
  matches,
  type Query,
  type QueryTerm,
  type QueryValue,
  type ViewOrder,
  type ViewQuery,
} from '@reprise/core/plugin';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { allRows, outcomeOf, put, VIEW } from './fixtures.ts';
import { sampleQuery, sampleRow } from './queries.ts';
import type { ViewStoreUnderTest } from './view-store-under-test.ts';

const NEWEST: ViewOrder = { path: ['at'], descending: true };
const STATUS = (status: string): Query => ({
  terms: [{ field: 'status', type: 'text', path: ['status'], operator: ':', values: [{ equals: status }] }],
});

/** What is listed, in which order, page by page. */
export function listSuite({ current }: ViewStoreUnderTest): void {
  const keysOf = async (query: ViewQuery): Promise<readonly string[]> =>
    (await current().list(VIEW, query)).rows.map(({ key }) => key);
  const inPages = async (query: ViewQuery, limit: number): Promise<readonly string[]> => {
    const keys: string[] = [];
    for (let after: string | undefined; ; ) {
      const page = await current().list(VIEW, { ...query, limit, ...(after === undefined ? {} : { after }) });
      keys.push(...page.rows.map(({ key }) => key));
      expect(new Set(keys).size, 'a row comes once').to.equal(keys.length);
      expect(page.rows.length).to.be.at.most(limit);
      if (page.next === undefined) return keys;
      expect(page.rows.length, 'only the last page is short').to.equal(limit);
      expect(page.next).to.equal(page.rows.at(-1)?.cursor);
      after = page.next;
    }
  };

  describe('list', () => {
    describe('order', () => {
      it('is in order of the keys, by code point', async () => {
        await put(current(), { b: {}, a: {}, B: {}, '\u{10000}': {}, '\uffff': {}, ab: {} }, '1');
        expect(await keysOf({})).to.deep.equal(['B', 'a', 'ab', 'b', '\uffff', '\u{10000}']);
      });

      it('is in order of a number, with rows that have none last', async () => {
        await put(
          current(),
          { a: { at: 1 }, b: { at: 3 }, c: {}, d: { at: 'x' }, e: { at: 2.5 }, f: { at: 3 }, g: { at: null } },
          '1',
        );
        expect(await keysOf({ order: NEWEST })).to.deep.equal(['b', 'f', 'e', 'a', 'c', 'd', 'g']);
        expect(await keysOf({ order: { path: ['at'] } })).to.deep.equal(['a', 'e', 'b', 'f', 'c', 'd', 'g']);
        for (const limit of [1, 2, 3, 7]) {
          expect(await inPages({ order: NEWEST }, limit)).to.deep.equal(['b', 'f', 'e', 'a', 'c', 'd', 'g']);
          expect(await inPages({ order: { path: ['at'] } }, limit)).to.deep.equal(['a', 'e', 'b', 'f', 'c', 'd', 'g']);
        }
      });
    });

    describe('pages', () => {
      it('has 100 rows a page, or as many as asked for', async () => {
        await put(
          current(),
          Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`k${String(n).padStart(3, '0')}`, {}])),
          '1',
        );
        const first = await current().list(VIEW, {});
        expect(first.rows).to.have.length(100);
        expect((await current().list(VIEW, { after: first.next ?? '' })).rows.map(({ key }) => key)).to.deep.equal([
          'k100',
        ]);
        expect((await current().list(VIEW, { limit: 101 })).next).to.equal(undefined);
        expect(await current().list(VIEW, { limit: 0 })).to.deep.include({ rows: [] });
      });

      it('leaves out what a projection remembers for itself', async () => {
        await put(current(), { '~': {}, '~a': {}, 'a~': {}, b: {} }, '1');
        expect(await keysOf({})).to.deep.equal(['a~', 'b']);
      });

      it('goes on where it was, whatever was added before and after that', async () => {
        await put(current(), { a: { at: 1 }, b: { at: 2 }, c: { at: 3 }, d: { at: 4 } }, '1');
        const page = await current().list(VIEW, { order: NEWEST, limit: 2 });
        await put(current(), { e: { at: 5 }, f: { at: 1.5 }, c: null }, '2');
        const { rows } = await current().list(VIEW, { order: NEWEST, after: page.next ?? '' });
        expect(rows.map(({ key }) => key)).to.deep.equal(['b', 'f', 'a']);
      });

      it('refuses an `after` that it never gave', async () => {
        await put(current(), { a: {} }, '1');
        for (const after of ['', 'x', '[1]', '["1","a"]', '{}', 'null', '[1,"a",2]'])
          expect(await outcomeOf(current().list(VIEW, { after })), after).to.equal('REPRISE_INVALID_ID');
      });
    });

    describe('where', () => {
      it('finds a status, in order, also after rows have changed', async () => {
        const row = (status: string, at: number): JsonObject => ({ status, at });
        await put(current(), { a: row('open', 1), b: row('done', 2), c: row('open', 3) }, '1');
        expect(await keysOf({ where: STATUS('open'), order: NEWEST })).to.deep.equal(['c', 'a']);
        await put(current(), { a: row('done', 1), d: row('open', 0), e: { status: 1, at: 9 } }, '2');
        expect(await keysOf({ where: STATUS('open'), order: NEWEST })).to.deep.equal(['c', 'd']);
        expect(await keysOf({ where: STATUS('done'), order: NEWEST })).to.deep.equal(['b', 'a']);
      });

      it('finds what compares as it was asked', async () => {
        const rows = { a: { name: 'a', at: 1 }, ab: { name: 'ab', at: 2 }, b: { name: 'b', at: 3 }, c: { name: 'B' } };
        await put(current(), { ...rows, none: {} }, '1');
        const at = (operator: FieldTerm['operator'], ...values: readonly QueryValue[]): FieldTerm => ({
          field: 'at',
          type: 'time',
          path: ['at'],
          operator,
          values,
        });
        const name = (...values: readonly QueryValue[]): FieldTerm => ({
          field: 'name',
          type: 'text',
          path: ['name'],
          operator: ':',
          values,
        });
        const two = { equals: 2 };
        const found: readonly (readonly [keys: string, ...terms: readonly QueryTerm[]])[] = [
          ['ab', at('=', two)],
          ['a,b,c,none', at('!=', two)],
          ['a', at('<', two)],
          ['a,ab', at('<=', two)],
          ['b', at('>', two)],
          ['ab,b', at('>=', two)],
          ['ab,b,c,none', { ...at('<', two), not: true }],
          ['a,b', at(':', { equals: 1 }, { equals: 3 })],
          ['a,ab', at(':', { from: 1, until: 3 })],
          ['a,ab,b', at(':', { any: true })],
          ['b', name({ equals: 'b' })],
          ['a,ab', name({ prefix: 'a' })],
          ['ab,b,c', { text: 'B' }],
          ['a,none', { text: 'B', not: true }],
          ['ab', name({ prefix: 'a' }), at('>', { equals: 1 }), { text: 'b' }],
        ];
        for (const [keys, ...terms] of found)
          expect((await keysOf({ where: { terms } })).join(), JSON.stringify(terms)).to.equal(keys);
      });

      it('takes the empty text for none', async () => {
        await put(current(), { none: {}, other: { name: 7 }, empty: { name: '' }, full: { name: 'x' } }, '1');
        const found = async (operator: ':' | '=' | '!=', not: { readonly not?: true } = {}) => {
          const term = {
            field: 'name',
            type: 'text',
            path: ['name'],
            operator,
            values: [{ equals: '' }],
            ...not,
          } as const;
          return (await inPages({ where: { terms: [term] } }, 10)).join();
        };
        for (const operator of [':', '='] as const) {
          expect(await found(operator)).to.equal('empty,none,other');
          expect(await found(operator, { not: true })).to.equal('full');
        }
        expect(await found('!=')).to.equal('full');
        expect(await found('!=', { not: true })).to.equal('empty,none,other');
      });

      it('takes a query of thousands of words', async () => {
        await put(current(), { a: { text: 'word' }, b: { text: 'other' } }, '1');
        const terms = Array.from({ length: 3000 }, () => ({ text: 'word' }));
        expect(await keysOf({ where: { terms } })).to.deep.equal(['a']);
      });

      it('has the rows that fit a query, whatever they are', async () => {
        const order = fc.constantFrom<ViewOrder | undefined>(
          undefined,
          NEWEST,
          { path: ['count'] },
          { path: ['in', 'deep'] },
        );
        const keys = fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 3 }), {
          minLength: 1,
          maxLength: 12,
        });
        const rows = keys.chain((all) => fc.tuple(...all.map((key) => fc.tuple(fc.constant(key), sampleRow))));
        let place = 0;
        await fc.assert(
          fc.asyncProperty(
            rows,
            fc.array(sampleQuery, { minLength: 1, maxLength: 8 }),
            order,
            fc.integer({ min: 1, max: 5 }),
            async (given, queries, by, limit) => {
              await current().clear(VIEW);
              place += 1;
              await put(current(), Object.fromEntries(given) as Record<string, JsonObject>, String(place));
              const listed = await allRows(current());
              for (const where of queries) {
                const fits = Object.keys(listed).filter((key) => matches(where, listed[key] as JsonObject));
                const found = await inPages({ where, ...(by === undefined ? {} : { order: by }) }, limit);
                expect([...found].sort()).to.deep.equal(fits.sort());
                if (by === undefined) expect(found).to.deep.equal(await inPages({ where }, 1000));
              }
            },
          ),
          { numRuns: 60 },
        );
      });
    });
  });
}
