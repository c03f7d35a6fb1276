import { RepriseError } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { csvCell, flatRow } from '../src/index.ts';
import { client, codeOf, fakeSource } from './support.ts';

describe('the export of views', () => {
  it('has no cell that a spreadsheet would calculate', () => {
    for (const text of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1'])
      expect(csvCell(text).replaceAll('"', '')).to.equal(`'${text}`);
    expect([csvCell('a-b'), csvCell(-1), csvCell(null), csvCell(undefined), csvCell(true)]).to.deep.equal([
      'a-b',
      '-1',
      '',
      '',
      'true',
    ]);
    expect(csvCell('say "no", or\nnot')).to.equal('"say ""no"", or\nnot"');
    expect(csvCell(['=x'])).to.equal('"[""=x""]"');
    expect(csvCell({ a: '=x' })).to.equal('"{""a"":""=x""}"');
  });

  it('has the members of objects as columns', () => {
    expect(flatRow({ a: { b: { c: { d: 1 } }, e: [1] }, f: null })).to.deep.equal({
      'a.b.c': { d: 1 },
      'a.e': [1],
      f: null,
    });
  });

  it('has all pages, as CSV and as NDJSON, as a file that is not shown', async () => {
    const pages = [
      {
        rows: [
          { key: 'a', n: { sum: 1 } },
          { key: '=b', n: { sum: 2 }, more: 'x' },
        ],
        next: 'p2',
      },
      { rows: [{ key: 'c', other: 1 }], next: null },
    ] as const;
    const source = fakeSource({ viewRows: async (_view, _query, { after }) => (after === 'p2' ? pages[1] : pages[0]) });
    const { call } = await client({ source });
    const csv = await call('/api/v1/views/mine/export?query=x');
    expect(csv.headers.get('content-type')).to.equal('text/csv; charset=utf-8');
    expect(csv.headers.get('content-disposition')).to.equal('attachment; filename="mine.csv"');
    expect(csv.headers.get('x-content-type-options')).to.equal('nosniff');
    expect(await csv.text()).to.equal("key,n.sum,more\r\na,1,\r\n'=b,2,x\r\nc,,\r\n");
    const ndjson = await call('/api/v1/views/mine/export?format=ndjson');
    expect(
      (await ndjson.text())
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as unknown),
    ).to.deep.equal([...pages[0].rows, ...pages[1].rows]);
  });

  it('tells what is wrong before the file begins, and breaks off where it fails later', async () => {
    const unknown = new RepriseError('REPRISE_VIEW_UNKNOWN', 'There is no view of that name.');
    const one = await client({ source: fakeSource({ viewRows: () => Promise.reject(unknown) }) });
    const response = await one.call('/api/v1/views/none/export');
    expect([response.status, await codeOf(response)]).to.deep.equal([404, 'REPRISE_VIEW_UNKNOWN']);
    expect((await one.call('/api/v1/views/none/export?format=xls')).status).to.equal(400);
    const lost = new Error('gone');
    const two = await client({
      source: fakeSource({
        viewRows: async (_view, _query, { after }) =>
          after === undefined ? { rows: [{ key: 'a' }], next: 'p' } : Promise.reject(lost),
      }),
    });
    const broken = await two.call('/api/v1/views/mine/export');
    const failure: unknown = await broken.text().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).to.equal(lost);
    expect(two.failures).to.deep.equal([lost]);
  });
});
