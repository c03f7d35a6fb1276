import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { get, type Problem } from '../ui/app/api.ts';

/** A call of the page, to a server that answers by the path. */
describe('a call of the page', () => {
  const fetched = globalThis.fetch;
  let server: Server;
  beforeEach(async () => {
    server = createServer((request, response) => {
      response.writeHead(request.url?.endsWith('/refused') === true ? 409 : 200, {
        'content-type': 'application/json',
      });
      if (request.url?.endsWith('/whole') === true) response.end('{"data":1}');
      else if (request.url?.endsWith('/refused') === true)
        response.end('{"error":{"code":"REPRISE_RUN_ENDED","message":"It has ended."}}');
      else response.write('{"data":');
      if (request.url?.endsWith('/dying') === true) setTimeout(() => response.destroy(), 20);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    globalThis.fetch = (path, options) => fetched(`${origin}${String(path)}`, options);
  });
  afterEach(() => {
    globalThis.fetch = fetched;
    server.closeAllConnections();
    server.close();
  });
  const problemOf = async (call: Promise<unknown>): Promise<Pick<Problem, 'code' | 'status'>> => {
    const { code, status } = await call.then(
      (answer) => expect.fail(`answered ${JSON.stringify(answer)}`),
      (problem: unknown) => problem as Problem,
    );
    return { code, status };
  };

  it('is answered, or refused with what the server says', async () => {
    expect(await get('/whole')).to.deep.equal({ data: 1 });
    expect(await problemOf(get('/refused'))).to.deep.equal({ code: 'REPRISE_RUN_ENDED', status: 409 });
  });

  it('fails, and has no answer, when the server dies behind the head of its answer', async () => {
    expect(await problemOf(get('/dying'))).to.deep.equal({ code: 'DASHBOARD_GONE', status: 0 });
  });

  it('fails, and has no answer, when it is taken back behind the head of its answer', async () => {
    const stop = new AbortController();
    const call = problemOf(get('/hanging', {}, stop.signal));
    setTimeout(() => stop.abort(), 50);
    expect(await call).to.deep.equal({ code: 'DASHBOARD_GONE', status: 0 });
  });
});
