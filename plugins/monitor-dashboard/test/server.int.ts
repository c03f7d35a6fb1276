import { connect } from 'node:net';
import { isRepriseError } from '@reprise/core/plugin';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { type Dashboard, startDashboard } from '../src/index.ts';
import { type FakeSource, fakeSource } from './support.ts';

describe('the server of the dashboard', () => {
  let source: FakeSource;
  let dashboard: Dashboard;
  let cookie: string;
  const links: string[] = [];

  before(async () => {
    source = fakeSource();
    dashboard = await startDashboard({ source, port: 0, by: 'ann', onLink: (link) => links.push(link) });
    const response = await fetch(dashboard.link);
    cookie = (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  });
  after(() => dashboard.close());

  /** What is answered to bytes as they are: the status, 0 when the connection was closed without one. */
  function raw(text: string): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>();
    const socket = connect(dashboard.port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      answer += chunk;
      if (answer.includes('\r\n')) socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0)));
    return promise;
  }

  const request = (target: string, lines: readonly string[] = [], method = 'GET', body = '') =>
    raw(
      [
        `${method} ${target} HTTP/1.1`,
        `Host: 127.0.0.1:${dashboard.port}`,
        `Cookie: ${cookie}`,
        ...lines,
        '',
        body,
      ].join('\r\n'),
    );

  it('answers to who has the session, and tells the next link', async () => {
    expect(await request('/api/v1/runs')).to.equal(200);
    expect(links).to.have.length(1);
    expect(links[0]).to.equal(dashboard.link);
  });

  it('refuses requests that try the doors, and goes on', async () => {
    const before = source.asked.length;
    const own = `http://127.0.0.1:${dashboard.port}`;
    const json = [`Origin: ${own}`, 'Content-Type: application/json'];
    const answers = [
      await request('/api/v1//runs'),
      await request('/api/v1/runs%2fr1'),
      await request('/api/v1/runs;x'),
      await request('/api/v1/runs\\r1'),
      await request('/api/v1/runs/..;/runs'),
      await request('/api/./v1/runs'),
      await request('/assets/../api/v1/runs'),
      await request('/api/v1/../v1/runs/.'),
      await request('http://evil.example/api/v1/runs'),
      await raw(`GET /api/v1/runs HTTP/1.1\r\nCookie: ${cookie}\r\n\r\n`),
      await raw(`GET /api/v1/runs HTTP/1.1\r\nHost: evil.example\r\nCookie: ${cookie}\r\n\r\n`),
      await raw(
        `GET /api/v1/runs HTTP/1.1\r\nHost: 127.0.0.1:${dashboard.port}\r\nHost: evil.example\r\nCookie: ${cookie}\r\n\r\n`,
      ),
      await request(
        '/api/v1/runs/r1/pause',
        ['Content-Type: application/json', 'Content-Length: 14'],
        'POST',
        '{"reason":"x"}',
      ),
      await request(
        '/api/v1/runs/r1/pause',
        [...json, 'Transfer-Encoding: chunked'],
        'POST',
        'e\r\n{"reason":"x"}\r\n0\r\n\r\n',
      ),
      await request('/api/v1/runs/r1/pause', [...json, 'Content-Length: 999999999'], 'POST', '{'),
      await request('/api/v1/runs', [`X-Long: ${'x'.repeat(20_000)}`]),
      await raw('\u0016\u0003\u0001 not http\r\n\r\n'),
    ];
    for (const [at, status] of answers.entries())
      expect(status === 0 || status >= 400, `request ${at}: ${status}`).to.equal(true);
    expect(source.asked).to.have.length(before);
    expect(await request('/api/v1/runs/r1/pause', [...json, 'Content-Length: 14'], 'POST', '{"reason":"x"}')).to.equal(
      200,
    );
  });

  it('says what to do when its port is taken', async () => {
    const code = await startDashboard({ source, port: dashboard.port, by: 'ann' }).then(
      () => 'started',
      (error: unknown) => (isRepriseError(error) ? `${error.code}: ${error.message}` : String(error)),
    );
    expect(code).to.match(/^REPRISE_CONFIG_INVALID: .*another program does.*--port/);
  });

  it('closes with streams that are open', async () => {
    const other = await startDashboard({ source, port: 0, by: 'ann' });
    const entered = await fetch(other.link);
    const headers = { cookie: (entered.headers.get('set-cookie') ?? '').split(';')[0] ?? '' };
    const stream = await fetch(`http://127.0.0.1:${other.port}/api/v1/stream`, { headers });
    expect(stream.status).to.equal(200);
    const closed = source.closed;
    await other.close();
    await stream.text().catch(() => '');
    expect(source.closed).to.equal(closed + 1);
  });
});
