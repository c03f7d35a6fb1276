import { systemClock } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { API, assertRoutes, type Route } from '../src/index.ts';
import { SESSION_ROUTES } from '../src/login.ts';
import { client, codeOf, fakeSource, ORIGIN, SECURE, TOKEN } from './support.ts';

const VERBS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'];
/** Ways to say a path that a router might read as another one. */
const SPELLINGS = [
  (path: string) => path,
  (path: string) => `${path}/`,
  (path: string) => path.replace('/v1', '//v1'),
  (path: string) => `/${path}`,
  (path: string) => `${path};x=1`,
  (path: string) => path.replace('api', '%61pi'),
  (path: string) => path.replace('/v1', '%2fv1'),
  (path: string) => path.replace('/v1', '/v1/../v1'),
  (path: string) => path.replace('/v1', '/%2e%2e/api/v1'),
  (path: string) => `${path}.json`,
  (path: string) => path.toUpperCase(),
  (path: string) => `${path}?token=x`,
];

const pathOf = ({ path }: { readonly path: string }): string => `/api/v1${path.replaceAll(/:\w+/g, 'r1')}`;
const EXTRA = [
  '/api/v1/stream',
  '/api/v1/session',
  '/api/v1/openapi.json',
  '/api',
  '/api/',
  '/api/v2/runs',
  '/',
  '/runs',
  '/assets/x.js',
  '/enter',
  '/login',
];
/** Whoever comes may have these: nothing in them is of a run. */
const OPEN_FILES = ['/login.js', '/login.css'];

describe('who may call the dashboard', () => {
  it('every route says so, or nothing starts', () => {
    assertRoutes([...API, ...SESSION_ROUTES]);
    const [first] = API;
    const nobody = { ...first, permission: undefined } as unknown as Route;
    expect(() => assertRoutes([nobody])).to.throw('does not say who may call it');
    expect(() => assertRoutes([{ id: 'a', method: 'post', path: '/a', permission: 'view' }])).to.throw(
      'changes runs for view',
    );
    expect(() => assertRoutes([...API, ...API.slice(0, 1)])).to.throw('two routes');
  });

  for (const withToken of [false, true]) {
    const how = withToken ? 'with a token' : 'with the link';
    const origin = withToken ? SECURE : ORIGIN;

    it(`nobody without a session reads or changes anything, however a path is spelt and whatever the verb (${how})`, async () => {
      const { source, call } = await client({ withToken });
      let tried = 0;
      for (const path of [...API.map(pathOf), ...SESSION_ROUTES.map(pathOf), ...EXTRA, ...OPEN_FILES])
        for (const spell of SPELLINGS)
          for (const method of VERBS) {
            const body = method === 'GET' || method === 'HEAD' ? undefined : { reason: 'x' };
            const cookie = 'reprise_4680=guess; __Host-reprise_4680=guess';
            const headers = { cookie, origin };
            const response = await call(spell(path), { method, headers, ...(body === undefined ? {} : { body }) });
            const text = await response.text();
            tried += 1;
            const isHealth = response.status === 200 && text === '{"status":"ok"}';
            const isHead = method === 'HEAD' && response.status === 200 && path === '/api/v1/health';
            const isOpen = OPEN_FILES.includes(path) && (method === 'GET' || method === 'HEAD');
            expect(
              isHealth || isHead || isOpen || response.status >= 400,
              `${method} ${spell(path)}: ${response.status}`,
            ).to.equal(true);
            expect(response.headers.get('set-cookie')).to.equal(null);
          }
      expect(tried).to.be.greaterThan(2000);
      expect(source.asked).to.deep.equal([]);
    });

    it(`a viewer reads all and changes nothing, whatever the verb (${how})`, async () => {
      const { source, call } = await client({ role: 'viewer', withToken });
      for (const route of API) {
        const query = Object.entries(route.query ?? {}).flatMap(([name, { required, type }]) =>
          required ? [`${name}=${type === 'integer' ? 1 : 'x'}`] : [],
        );
        const path = `${pathOf(route)}${query.length === 0 ? '' : `?${query.join('&')}`}`;
        for (const method of VERBS) {
          const isRead = method === 'GET' || method === 'HEAD';
          const response = await call(path, isRead ? { method } : { method, body: { reason: 'x' } });
          const expected = isRead && route.method === 'get' ? [200] : method === 'POST' ? [403, 404] : [404, 405];
          expect(expected, `${method} ${path}: ${response.status}`).to.include(response.status);
          if (method === 'POST' && route.method === 'post') expect(response.status, path).to.equal(403);
        }
      }
      expect(source.asked.some(([name]) => ['command', 'start', 'planFork'].includes(name))).to.equal(false);
    });
  }

  it('who has a token is let in as often as he comes, by his name and role, until he leaves', async () => {
    const one = await client({ withToken: true });
    expect(one.cookie).to.match(/^__Host-reprise_4680=[\w-]{43}$/);
    const login = (token: unknown, headers = {}) =>
      one.call('/api/v1/login', { method: 'POST', body: { token }, headers: { cookie: '', ...headers } });
    const again = await login(` ${TOKEN}\n`);
    expect(await again.json()).to.deep.equal({ role: 'operator', by: 'ann' });
    expect(again.headers.get('set-cookie')).to.match(
      /^__Host-reprise_4680=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
    );
    expect(await (await one.call('/api/v1/session')).json()).to.deep.equal({
      role: 'operator',
      by: 'ann',
      canEnd: true,
    });
    await one.call('/api/v1/runs/r1/pause', { method: 'POST', body: { reason: 'x' } });
    expect(one.source.asked.at(-1)).to.deep.equal(['command', 'r1', { kind: 'pause' }, { by: 'ann', reason: 'x' }]);
    for (const token of [`${TOKEN}x`, one.cookie.split('=')[1]]) expect((await login(token)).status).to.equal(401);
    for (const token of ['', 7, null, undefined]) expect((await login(token)).status).to.equal(400);
    expect((await login('x'.repeat(2000))).status).to.equal(413);
    expect((await login(TOKEN, { origin: 'https://evil.example' })).status).to.equal(403);
    expect((await login(TOKEN, { origin: 'http://reprise.example' })).status).to.equal(403);
    const left = await one.call('/api/v1/logout', { method: 'POST', body: {} });
    expect(left.headers.get('set-cookie')).to.include('Max-Age=0');
    expect((await one.call('/api/v1/session')).status).to.equal(401);
    expect(await (await one.call('/runs')).text()).to.include('<form>');
  });

  it('nobody tries more than ten tokens a minute', async () => {
    const now = { value: 0 };
    const clock = { now: () => now.value, schedule: systemClock.schedule };
    const { call } = await client({ withToken: true, clock });
    const login = (token: string) =>
      call('/api/v1/login', { method: 'POST', body: { token }, headers: { cookie: '' } });
    for (let at = 0; at < 10; at += 1) expect((await login('wrong')).status).to.equal(401);
    const refused = await login(TOKEN);
    expect(refused.status).to.equal(429);
    expect(refused.headers.get('retry-after')).to.equal('60');
    now.value = 60_001;
    expect((await login(TOKEN)).status).to.equal(200);
  });

  it('a link works once, and a session is no token', async () => {
    const one = await client();
    const link = one.link();
    expect((await one.call(link)).status).to.equal(200);
    expect((await one.call(link)).status).to.equal(401);
    expect((await one.call('/enter')).status).to.equal(401);
    expect((await one.call(`/enter?token=${one.cookie.split('=')[1]}`)).status).to.equal(401);
    expect(await (await one.call(`${one.link()}&run=r-1`)).text()).to.include('url=/runs/r-1"');
    for (const run of ['//evil.example', '"><script>', '../x', 'a;b', '%2e'])
      expect(await (await one.call(`${one.link()}&run=${encodeURIComponent(run)}`)).text(), run).to.include('url=/"');
    const entered = await one.call(one.link());
    expect(entered.headers.get('set-cookie')).to.match(/^reprise_4680=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
  });

  it('another host, another site and another kind of body are refused before anybody is asked who he is', async () => {
    const { source, call } = await client();
    const post = (headers: Record<string, string | undefined>, body: unknown = { reason: 'x' }) =>
      call('/api/v1/runs/r1/pause', { method: 'POST', body, headers });
    expect((await call('/api/v1/runs', { headers: { host: 'evil.example' } })).status).to.equal(421);
    expect((await call('/api/v1/runs', { headers: { host: '127.0.0.1:80' } })).status).to.equal(421);
    expect(
      (await call('/api/v1/runs', { headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' } })).status,
    ).to.equal(403);
    expect((await post({ origin: undefined })).status).to.equal(403);
    expect((await post({ origin: 'null' })).status).to.equal(403);
    expect((await post({ origin: 'http://127.0.0.1:4680.evil.example' })).status).to.equal(403);
    expect((await post({ origin: 'https://127.0.0.1:4680' })).status).to.equal(403);
    expect((await post({ 'content-type': 'text/plain' })).status).to.equal(415);
    expect((await post({ 'content-type': 'application/x-www-form-urlencoded' })).status).to.equal(415);
    expect((await post({ 'content-length': undefined })).status).to.equal(411);
    expect((await post({ 'content-length': '9999999', cookie: '' })).status).to.equal(413);
    expect(source.asked).to.deep.equal([]);
    expect((await post({})).status).to.equal(200);
    expect(source.asked).to.deep.equal([['command', 'r1', { kind: 'pause' }, { by: 'ann', reason: 'x' }]]);
  });

  it('every answer says that nothing else may be loaded or run', async () => {
    const one = await client();
    for (const path of ['/', '/api/v1/runs', '/api/v1/nothing', '/api/v1/health', '//x']) {
      const { headers } = await one.call(path);
      expect(headers.get('content-security-policy'), path)
        .to.include("default-src 'none'")
        .and.include("require-trusted-types-for 'script'")
        .and.not.include('unsafe');
      expect(headers.get('x-content-type-options'), path).to.equal('nosniff');
      expect(headers.get('access-control-allow-origin'), path).to.equal(null);
    }
  });

  it('what fails without a code is told where the dashboard was started, not to the caller', async () => {
    const source = fakeSource({ agents: async () => Promise.reject(new Error('secret of /home/ann')) });
    const { call, failures } = await client({ source });
    const response = await call('/api/v1/agents');
    expect(response.status).to.equal(500);
    expect(await response.text()).to.not.include('secret');
    expect(failures).to.have.length(1);
  });

  it('a run that is not there is 404, by the code that the command line says', async () => {
    const { call } = await client();
    const response = await call('/api/v1/runs/nobody');
    expect(response.status).to.equal(404);
    expect(await codeOf(response)).to.equal('REPRISE_RUN_NOT_FOUND');
  });
});
