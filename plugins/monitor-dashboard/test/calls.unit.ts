import { expect } from 'chai';
import { describe, it } from 'mocha';
import { API, openApi } from '../src/index.ts';
import { client, codeOf, fakeSource } from './support.ts';

describe('calls of the dashboard', () => {
  it('reach the source as they were meant', async () => {
    const { source, call } = await client();
    for (const path of [
      '/runs?query=status:failed%20duration%3E1m&limit=3&after=c1',
      '/runs?sort=duration:desc',
      '/runs?sort=ended',
      '/runs?sort=started:desc',
      '/runs/r1/state?at=17&prefix=book/',
      '/runs/r1/task?task=book%2Fpay%5B3%5D',
      '/runs/r1/history?from=5',
      '/runs/r1/diff/r2',
      '/runs/r1/logs?task=book&attempt=2&level=warn&text=x&after=9',
    ])
      expect((await call(`/api/v1${path}`)).status, path).to.equal(200);
    expect(source.asked).to.deep.equal([
      ['runs', 'status:failed duration>1m', { limit: 3, after: 'c1', order: undefined }],
      ['runs', '', { limit: 50, after: undefined, order: { by: 'duration', descending: true } }],
      ['runs', '', { limit: 50, after: undefined, order: { by: 'ended', descending: false } }],
      ['runs', '', { limit: 50, after: undefined, order: undefined }],
      ['state', 'r1', { at: 17, prefix: 'book/', limit: 1000 }],
      ['task', 'r1', 'book/pay[3]', undefined],
      ['history', 'r1', { from: 5, limit: 200 }],
      ['diff', 'r1', 'r2'],
      ['logs', 'r1', { taskId: 'book', attempt: 2, level: 'warn', text: 'x', after: 9, limit: 500 }],
    ]);
  });

  it('that do not fit are refused with what is wrong, and reach nobody', async () => {
    const { source, call } = await client();
    for (const path of [
      '/runs?limit=0',
      '/runs?limit=501',
      '/runs?limit=1e2',
      '/runs?limit=-1',
      '/runs?limit=10&limit=20',
      '/runs?nothing=1',
      '/runs?sort=status',
      '/runs?sort=ended:asc:desc',
      '/runs?sort=__proto__',
      '/runs?__proto__=1',
      '/runs/r1/event',
      '/runs/r1/event?revision=99999999999999999999',
      '/runs/.hidden',
      '/runs/r1/state?at=last',
      '/runs/r1/logs?level=loud',
      '/runs/r1/logs?attempt=0',
      `/runs?query=${'x'.repeat(5000)}`,
    ]) {
      const response = await call(`/api/v1${path}`);
      expect(response.status, path).to.equal(400);
      expect(await codeOf(response), path).to.equal('DASHBOARD_CALL_INVALID');
    }
    for (const body of [
      '',
      '{',
      '[]',
      'null',
      '{}',
      '{"reason":""}',
      '{"reason":" \\n "}',
      '{"reason":"x","more":1}',
      '{"reason":"x","__proto__":{"a":1}}',
      '{"reason":7}',
    ]) {
      const response = await call('/api/v1/runs/r1/pause', { method: 'POST', body });
      expect(response.status, body).to.equal(400);
    }
    const messages = Array.from({ length: 257 }, (_, index) => `m${index}`);
    const many = await call('/api/v1/runs/r1/redrive', { method: 'POST', body: { reason: 'x', messages } });
    expect(many.status).to.equal(400);
    expect(source.asked).to.deep.equal([]);
  });

  it('every change says who and why', async () => {
    const { source, call } = await client();
    const bodies: Readonly<Record<string, object>> = {
      signal: { signal: 'go', data: { a: [1] } },
      answer: { task: 'ask', answer: { approved: true } },
      assign: { task: 'ask', to: 'bob' },
      redrive: { messages: ['m1'] },
      discard: { messages: ['m1'] },
      edit: { message: 'm1', data: 'new' },
    };
    const changes = API.filter(
      ({ method, path, plans }) => method === 'post' && plans !== true && path.startsWith('/runs/:run'),
    );
    for (const { id, path } of changes) {
      const url = `/api/v1${path.replace(':run', 'r1')}`;
      const body = bodies[id.slice('run.'.length)] ?? {};
      expect((await call(url, { method: 'POST', body })).status, `${id} without why`).to.equal(400);
      expect((await call(url, { method: 'POST', body: { ...body, reason: 'because' } })).status, id).to.equal(200);
    }
    expect(source.asked).to.have.length(12);
    for (const [, runId, , who] of source.asked)
      expect([runId, who]).to.deep.equal(['r1', { by: 'ann', reason: 'because' }]);
    expect(source.asked.map(([, , command]) => (command as { readonly kind: string }).kind)).to.deep.equal(
      changes.map(({ id }) => id.slice('run.'.length)),
    );
  });

  it('a fork is planned without a why, and begun with one, from what was edited', async () => {
    const { source, call } = await client();
    const branch = { at: 7, input: null, outcomes: { 'book/pay': { id: 1 } }, again: ['pay'] };
    const plan = await call('/api/v1/runs/r1/fork/plan', { method: 'POST', body: branch });
    expect(plan.status).to.equal(200);
    const fork = await call('/api/v1/runs/r1/fork', { method: 'POST', body: { ...branch, reason: 'x' } });
    expect(fork.status).to.equal(200);
    expect(source.asked).to.deep.equal([
      ['planFork', 'r1', branch],
      ['command', 'r1', { kind: 'fork', ...branch }, { by: 'ann', reason: 'x' }],
    ]);
    for (const wrong of [{ at: -1 }, { outcomes: [] }, { again: 'pay' }, { inputs: 1 }, { reason: 'x' }])
      expect((await call('/api/v1/runs/r1/fork/plan', { method: 'POST', body: wrong })).status).to.equal(400);
    expect(source.asked).to.have.length(2);
  });

  it('a run is started with who and why', async () => {
    const { source, call } = await client();
    const start = (body: object) => call('/api/v1/start', { method: 'POST', body });
    expect((await start({ workflow: 'trip', input: { n: 1 } })).status).to.equal(400);
    expect((await start({ workflow: 'trip', reason: 'x' })).status).to.equal(400);
    expect((await start({ workflow: 'trip', input: null, id: 'r9', reason: 'x' })).status).to.equal(200);
    expect(source.asked).to.deep.equal([
      ['start', { workflow: 'trip', version: undefined, input: null, id: 'r9' }, { by: 'ann', reason: 'x' }],
    ]);
  });

  it('many runs are changed by one call, and each is told by itself', async () => {
    const source = fakeSource();
    const { command } = source;
    const broken = new Error('secret of /home/ann');
    const one = await client({
      source: {
        ...source,
        command: (run, ...rest) => (run === 'bad' ? Promise.reject(broken) : command(run, ...rest)),
      },
    });
    const bulk = (body: object) => one.call('/api/v1/bulk', { method: 'POST', body: { reason: 'x', ...body } });
    const runs = ['r1', 'nobody', 'bad', ...Array.from({ length: 20 }, (_, index) => `m${index}`)];
    const text = await (await bulk({ kind: 'cancel', runs })).text();
    const { results } = JSON.parse(text) as { readonly results: readonly Record<string, unknown>[] };
    expect(results.map(({ runId }) => runId)).to.deep.equal(runs);
    expect(results.slice(0, 3).map(({ done, code }) => [done, code])).to.deep.equal([
      [true, undefined],
      [false, 'REPRISE_RUN_NOT_FOUND'],
      [false, 'DASHBOARD_FAILED'],
    ]);
    expect(text).to.not.include('secret');
    expect(one.failures).to.deep.equal([broken]);
    expect(source.asked[0]).to.deep.equal([
      'command',
      'r1',
      { kind: 'cancel', force: false },
      { by: 'ann', reason: 'x' },
    ]);
    const asked = source.asked.length;
    for (const wrong of [
      { kind: 'fork', runs: ['r1'] },
      { kind: 'cancel', runs: [] },
      { kind: 'cancel', runs: ['../r1'] },
      { kind: 'cancel', runs: ['r1', 'r1'] },
      { kind: 'cancel', runs: Array.from({ length: 501 }, (_, index) => `m${index}`) },
    ])
      expect((await bulk(wrong)).status, JSON.stringify(wrong).slice(0, 60)).to.equal(400);
    expect(source.asked).to.have.length(asked);
  });

  it('are in the document of the API, each with who may', async () => {
    const { call } = await client();
    const document = (await (await call('/api/v1/openapi.json')).json()) as ReturnType<typeof openApi> & {
      readonly paths: Record<
        string,
        Record<string, { operationId: string; 'x-permission': string; parameters: { name: string; in: string }[] }>
      >;
    };
    expect(document).to.deep.equal(JSON.parse(JSON.stringify(openApi(API, '0.1.0'))));
    expect(document['openapi']).to.equal('3.1.0');
    const operations = Object.entries(document.paths).flatMap(([path, verbs]) =>
      Object.entries(verbs).map(([verb, operation]) => ({ path, verb, ...operation })),
    );
    expect(operations).to.have.length(API.length + 1);
    expect(new Set(operations.map(({ operationId }) => operationId)).size).to.equal(operations.length);
    for (const { path, operationId, parameters, ...operation } of operations) {
      expect(operation['x-permission'], operationId).to.be.oneOf(['open', 'view', 'operate']);
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(
        parameters.filter((one) => one.in === 'path').map(({ name }) => name),
        operationId,
      ).to.deep.equal(named);
    }
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, at = '']) =>
      at.split('/'),
    );
    expect(references.length).to.be.greaterThan(20);
    for (const steps of references)
      expect(steps.reduce<unknown>((value, step) => (value as Record<string, unknown>)[step], document)).to.be.an(
        'object',
      );
  });
});
