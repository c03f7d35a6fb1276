import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@reprise/core/plugin';
import { ManualClock } from '@reprise/core/testing';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { addToken, type Dashboard, type DashboardOptions, revokeToken, startDashboard } from '../src/index.ts';
import { selfSigned } from './self-signed.ts';
import { type FakeSource, fakeSource } from './support.ts';

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly cookie: string;
  readonly message: IncomingMessage;
}

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
  /** Whom the caller trusts: by https, then. */
  readonly ca?: string;
}

/** As a client with a socket of its own asks. Rejects when there is no connection. */
function ask(port: number, path: string, { method = 'GET', headers = {}, body, ca }: Asked = {}): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const text = body === undefined ? '' : JSON.stringify(body);
  const sent = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': text.length };
  const options = { host: '127.0.0.1', port, path, method, headers: { ...sent, ...headers }, agent: false };
  const request = ca === undefined ? plainRequest(options) : tlsRequest({ ...options, ca });
  request.on('error', reject).on('response', (message) => {
    let got = '';
    message.setEncoding('utf8').on('data', (chunk: string) => {
      got += chunk;
    });
    const cookie = message.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
    message.on('end', () => resolve({ status: message.statusCode ?? 0, text: got, cookie, message }));
  });
  request.end(text);
  return promise;
}

describe('the dashboard beyond loopback', () => {
  let folder: string;
  let source: FakeSource;
  let dashboard: Dashboard | undefined;
  let notes: string[];
  let failures: unknown[];
  const file = (name: string): string => join(folder, name);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'reprise-dashboard-'));
    source = fakeSource();
    notes = [];
    failures = [];
  });
  afterEach(async () => {
    await dashboard?.close();
    dashboard = undefined;
    rmSync(folder, { recursive: true, force: true });
  });

  const tokenOf = (name: string, role: 'viewer' | 'operator'): string =>
    addToken(file('tokens.json'), { name, role, now: systemClock.now() });

  const start = async (options: Partial<DashboardOptions>): Promise<number> => {
    dashboard = await startDashboard({
      source,
      port: 0,
      by: 'nobody',
      tokens: file('tokens.json'),
      onNote: (text) => notes.push(text),
      onError: (error) => failures.push(error),
      ...options,
    });
    return dashboard.port;
  };

  const certified = (name = 'one'): string => {
    const { cert, key } = selfSigned(name);
    writeFileSync(file('cert.pem'), cert);
    writeFileSync(file('key.pem'), key, { mode: 0o600 });
    return cert;
  };
  const tls = () => ({ cert: file('cert.pem'), key: file('key.pem') });

  it('is read by TLS only, and lets in who has a token, by his name and role', async () => {
    const ca = certified();
    const [ann, kim] = [tokenOf('ann', 'viewer'), tokenOf('kim', 'operator')];
    const port = await start({ tls: tls() });
    expect(dashboard?.link).to.equal(`https://127.0.0.1:${port}/`);
    const origin = `https://127.0.0.1:${port}`;
    const post = (path: string, body: object, cookie = '') =>
      ask(port, path, { method: 'POST', body, ca, headers: { origin, cookie } });

    await ask(port, '/api/v1/runs').then(
      () => expect.fail('answered without TLS'),
      (error: NodeJS.ErrnoException) => expect(error.code).to.equal('ECONNRESET'),
    );
    await ask(port, '/', { ca: selfSigned('other').cert }).then(
      () => expect.fail('trusted'),
      (error: NodeJS.ErrnoException) => expect(error.code).to.match(/SELF_SIGNED/),
    );
    const page = await ask(port, '/runs/r1', { ca });
    expect([page.status, page.text.includes('<form>')]).to.deep.equal([401, true]);
    expect((await ask(port, '/enter?token=x', { ca })).status).to.equal(401);
    expect((await ask(port, '/api/v1/health', { ca, headers: { host: '10.1.2.3' } })).text).to.equal('{"status":"ok"}');
    expect((await ask(port, '/api/v1/runs', { ca, headers: { host: '10.1.2.3' } })).status).to.equal(421);

    expect((await post('/api/v1/login', { token: 'guess' })).status).to.equal(401);
    const viewer = (await post('/api/v1/login', { token: ann })).cookie;
    const operator = (await post('/api/v1/login', { token: kim })).cookie;
    expect((await ask(port, '/api/v1/runs', { ca, headers: { cookie: viewer } })).status).to.equal(200);
    expect((await post('/api/v1/runs/r1/pause', { reason: 'x' }, viewer)).status).to.equal(403);
    expect((await post('/api/v1/runs/r1/pause', { reason: 'x' }, operator)).status).to.equal(200);
    expect(source.asked.at(-1)).to.deep.equal(['command', 'r1', { kind: 'pause' }, { by: 'kim', reason: 'x' }]);
    expect(notes).to.deep.equal([
      'a wrong token from 127.0.0.1',
      'ann (viewer) signed in from 127.0.0.1',
      'kim (operator) signed in from 127.0.0.1',
    ]);
  });

  it('--read-only makes viewers of all', async () => {
    const ca = certified();
    const kim = tokenOf('kim', 'operator');
    const port = await start({ tls: tls(), role: 'viewer' });
    const headers = { origin: `https://127.0.0.1:${port}` };
    const login = await ask(port, '/api/v1/login', { method: 'POST', body: { token: kim }, ca, headers });
    expect(JSON.parse(login.text)).to.deep.equal({ role: 'viewer', by: 'kim' });
    const all = { ...headers, cookie: login.cookie };
    const pause = await ask(port, '/api/v1/runs/r1/pause', { method: 'POST', body: { reason: 'x' }, ca, headers: all });
    expect(pause.status).to.equal(403);
  });

  it('who is struck out of the file is out, his open stream too; who is added comes in', async () => {
    const clock = new ManualClock(0);
    const ca = certified();
    const [ann, kim] = [tokenOf('ann', 'viewer'), tokenOf('kim', 'viewer')];
    const port = await start({ tls: tls(), clock });
    const headers = { origin: `https://127.0.0.1:${port}` };
    const login = (token: string) => ask(port, '/api/v1/login', { method: 'POST', body: { token }, ca, headers });
    const cookies = [(await login(ann)).cookie, (await login(kim)).cookie];
    const read = async (cookie: string | undefined) =>
      (await ask(port, '/api/v1/runs', { ca, headers: { cookie: cookie ?? '' } })).status;
    const stream = ask(port, '/api/v1/stream', { ca, headers: { cookie: cookies[0] ?? '' } });
    while (source.listener === undefined) await new Promise((resolve) => setTimeout(resolve, 5));

    revokeToken(file('tokens.json'), 'ann');
    const max = tokenOf('max', 'viewer');
    clock.advance(1001);
    expect(await read(cookies[0])).to.equal(401);
    expect(await read(cookies[1])).to.equal(200);
    expect((await login(max)).status).to.equal(200);
    expect((await login(ann)).status).to.equal(401);
    source.listener.onChange({ position: '8', runs: [] });
    clock.advance(251);
    expect((await stream).text)
      .to.include('event: snapshot')
      .and.not.include('event: change');
    expect(source.closed).to.equal(1);

    writeFileSync(file('tokens.json'), '{"version":1,"tok');
    clock.advance(1001);
    expect(await read(cookies[1])).to.equal(401);
    expect(failures).to.have.length(1);
    expect(String(failures[0])).to.include('is no JSON');
  });

  it('goes on with a certificate that is renewed, and with the one before when that is none', async () => {
    const clock = new ManualClock(0);
    const first = certified('first');
    tokenOf('ann', 'viewer');
    const port = await start({ tls: tls(), clock });
    expect((await ask(port, '/api/v1/health', { ca: first })).status).to.equal(200);
    await new Promise((resolve) => setTimeout(resolve, 20)); // another time of the file
    writeFileSync(file('cert.pem'), selfSigned('of another key').cert);
    clock.advance(60_000);
    expect(failures.map(String).join()).to.include('no certificate and its key');
    expect((await ask(port, '/api/v1/health', { ca: first })).status).to.equal(200);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const second = certified('second');
    clock.advance(60_000);
    expect((await ask(port, '/api/v1/health', { ca: second })).status).to.equal(200);
    await ask(port, '/api/v1/health', { ca: first }).then(
      () => expect.fail('still the first'),
      () => undefined,
    );
  });

  it('behind a proxy answers the proxy only, for its own names, and what came by https', async () => {
    const ann = tokenOf('ann', 'operator');
    const port = await start({ proxies: ['127.0.0.0/8'], publicUrls: ['https://reprise.example'] });
    expect(dashboard?.link).to.equal('https://reprise.example/');
    const through = {
      host: 'reprise.example',
      origin: 'https://reprise.example',
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '10.9.9.9, 203.0.113.7, 127.0.0.9',
    };
    const login = (headers: Record<string, string>) =>
      ask(port, '/api/v1/login', { method: 'POST', body: { token: ann }, headers });
    const { cookie, message } = await login(through);
    expect(message.headers['set-cookie']?.[0]).to.match(/; Secure$/);
    expect(notes).to.deep.equal(['ann (operator) signed in from 203.0.113.7']);
    expect((await ask(port, '/api/v1/runs', { headers: { ...through, cookie } })).status).to.equal(200);
    expect((await login({ ...through, host: `127.0.0.1:${port}` })).status).to.equal(421);
    expect((await login({ ...through, 'x-forwarded-proto': 'http' })).status).to.equal(403);
    expect((await login({ host: through.host, origin: through.origin })).status).to.equal(403);
    expect((await login({ ...through, origin: 'http://reprise.example' })).status).to.equal(403);
  });

  it('behind a proxy believes nobody else', async () => {
    const ann = tokenOf('ann', 'operator');
    const port = await start({ proxies: ['10.0.0.5'], publicUrls: ['https://reprise.example'] });
    const headers = {
      host: 'reprise.example',
      origin: 'https://reprise.example',
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '10.0.0.5',
    };
    const tried = await ask(port, '/api/v1/login', { method: 'POST', body: { token: ann }, headers });
    expect([tried.status, tried.text.includes('DASHBOARD_PROXY')]).to.deep.equal([403, true]);
    expect((await ask(port, '/', { headers })).status).to.equal(403);
    expect((await ask(port, '/api/v1/health')).status).to.equal(200);
  });
});
