import type { IncomingMessage } from 'node:http';
import type { BlockList } from 'node:net';
import { type Clock, isId, type JsonObject } from '@reprise/core/plugin';
import { type Context, Hono } from 'hono';
import { API } from './api.ts';
import { callerOf } from './callers.ts';
import { CallReader } from './calls.ts';
import { eventStream } from './event-stream.ts';
import { cookieOf, guard, SAFE_HEADERS, type Site } from './guards.ts';
import { addLogin, SESSION_ROUTES } from './login.ts';
import { LOGIN, NO_SESSION, OPEN_FILES } from './login-page.ts';
import { openApi } from './openapi.ts';
import { enteredPage, NOT_BUILT, type PageFile, readPage } from './page.ts';
import { HttpProblem, problemOf } from './problems.ts';
import { assertRoutes, FileAnswer, type Permission, type Route } from './route.ts';
import { may, type Person, type Sessions } from './sessions.ts';
import type { DashboardSource } from './source.ts';

/** What the application is made of. */
export interface AppParts {
  readonly source: DashboardSource;
  readonly sessions: Sessions;
  /** Browsers know two servers of one name apart by the port only. */
  readonly port: number;
  readonly site: Site;
  /** Who is answered, and believed about who calls. */
  readonly proxies?: BlockList | undefined;
  readonly clock: Clock;
  /** Aborts when the server is to close: it ends the streams. */
  readonly closed: AbortSignal;
  readonly routes?: readonly Route[];
  readonly page?: ReadonlyMap<string, PageFile>;
  onEntered?(): void;
  /** Who signed in, or tried to. */
  onNote?(text: string): void;
  onError?(error: unknown): void;
}

const VERSION = '0.1.0';
const BASE = '/api/v1';
const html = (text: string, status = 200, headers: Readonly<Record<string, string>> = {}): Response =>
  new Response(text, {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store', ...headers },
  });
const json = (value: unknown, status = 200): Response =>
  new Response(JSON.stringify(value), {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
  });

/** A browser saves it and shows nothing of it, whatever is in it. Broken off when whoever asked may not have it any more. */
function fileOf(
  { name, type, text }: FileAnswer,
  stillMay: () => boolean,
  onError: (error: unknown) => void = () => undefined,
): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      try {
        if (!stillMay()) {
          await text.return();
          return controller.error(new Error('the session has ended'));
        }
        const { done, value } = await text.next();
        if (done === true) controller.close();
        else controller.enqueue(encoder.encode(value));
      } catch (error) {
        onError(error);
        controller.error(error);
      }
    },
    cancel: async () => {
      await text.return();
    },
  });
  return new Response(body, {
    headers: {
      'content-type': `${type}; charset=utf-8`,
      'content-disposition': `attachment; filename="${name}"`,
      'cache-control': 'no-store',
    },
  });
}

/** As Node has read it; undefined where there is no server. */
const incomingOf = (context: Context): IncomingMessage | undefined =>
  (context.env as { readonly incoming?: IncomingMessage } | undefined)?.incoming;
const peerOf = (context: Context): string | undefined => incomingOf(context)?.socket.remoteAddress;

const HEALTH = `${BASE}/health`;

/** The whole server as a function from a request to its answer. Throws REPRISE_PLUGIN_INVALID when a route does not say who may call it. */
export function createApp(parts: AppParts): Hono {
  const { source, sessions, port, site, proxies, clock, closed, routes = API, page = readPage() } = parts;
  const { onEntered, onNote, onError } = parts;
  const withTokens = sessions.by === 'token';
  const declared = [...routes, ...(withTokens ? SESSION_ROUTES : [])];
  assertRoutes(declared);
  // A browser takes one that begins with __Host- by https only, and of this host only.
  const cookie = site.secure ? `__Host-reprise_${port}` : `reprise_${port}`;
  const attributes = `Path=/; HttpOnly; SameSite=Strict${site.secure ? '; Secure' : ''}`;
  const document = openApi(routes, VERSION, { withTokens });
  const app = new Hono({ strict: true });

  const sessionOf = (request: Request): string | undefined => cookieOf(request, cookie);
  const personOf = (request: Request, permission: Permission = 'view'): Person => {
    const person = sessions.who(sessionOf(request));
    if (permission === 'open') return person ?? NOBODY;
    if (person === undefined) throw noSession(withTokens);
    if (!may(person.role, permission)) throw readOnly(withTokens);
    return person;
  };
  const stillMay = (request: Request, permission: Permission) => (): boolean => {
    const person = sessions.who(sessionOf(request));
    return person !== undefined && may(person.role, permission);
  };

  app.use('*', async (context, next) => {
    const { raw, path } = context.req;
    // Whoever looks whether it is up knows no name of it, and is no proxy.
    const isProbe = site.secure && path === HEALTH && raw.method === 'GET';
    if (!isProbe) {
      callerOf(raw.headers, peerOf(context), proxies);
      guard(raw, site, incomingOf(context)?.url);
    }
    await next();
    for (const [name, value] of Object.entries(SAFE_HEADERS)) context.res.headers.set(name, value);
  });
  app.onError((error) => {
    const { status, body } = problemOf(error);
    if (status === 500) onError?.(error);
    const response = json(body, status);
    for (const [name, value] of Object.entries(SAFE_HEADERS)) response.headers.set(name, value);
    if (error instanceof HttpProblem && error.retryAfter !== undefined)
      response.headers.set('retry-after', String(error.retryAfter));
    return response;
  });

  for (const route of routes) {
    const calls = new CallReader(route);
    app.on(route.method.toUpperCase(), BASE + route.path, async (context) => {
      const { raw } = context.req;
      const { name } = personOf(raw, route.permission);
      const answer = await route.answer(await calls.read(raw, context.req.param(), source, name, onError));
      return answer instanceof FileAnswer ? fileOf(answer, stillMay(raw, route.permission), onError) : json(answer);
    });
  }
  app.get(`${BASE}/openapi.json`, (context) => {
    personOf(context.req.raw);
    return json(document);
  });
  app.get(`${BASE}/session`, (context) => {
    const { name, role } = personOf(context.req.raw);
    return json({ role, by: name, canEnd: withTokens } satisfies JsonObject);
  });
  app.get(`${BASE}/stream`, async (context) => {
    const { raw } = context.req;
    personOf(raw);
    const after = raw.headers.get('last-event-id') ?? undefined;
    if (after !== undefined && !/^[\w:./+=-]{1,512}$/.test(after))
      throw new HttpProblem(400, 'DASHBOARD_CALL_INVALID', 'Last-Event-ID is no position.');
    const stream = await eventStream(source, clock, after, closed, stillMay(raw, 'view'));
    return new Response(stream, { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' } });
  });
  if (withTokens)
    addLogin(app, BASE, {
      sessions,
      clock,
      personOf,
      sessionOf,
      callerOf: (context) => callerOf(context.req.raw.headers, peerOf(context), proxies),
      cookieOf: (session) => `${cookie}=${session ?? ''}; ${attributes}${session === undefined ? '; Max-Age=0' : ''}`,
      ...(onNote === undefined ? {} : { onNote }),
    });
  // Whoever has no session is not told which routes there are.
  app.all('/api/*', (context) => {
    personOf(context.req.raw);
    throw new HttpProblem(404, 'DASHBOARD_NOT_FOUND', 'The API has no such route: see /api/v1/openapi.json.');
  });

  if (!withTokens)
    app.get('/enter', (context) => {
      const session = sessions.begin(context.req.query('token') ?? '');
      if (session === undefined) return html(NO_SESSION, 401);
      onEntered?.();
      const run = context.req.query('run') ?? '';
      return html(enteredPage(isId(run) ? `/runs/${run}` : '/'), 200, {
        'set-cookie': `${cookie}=${session}; ${attributes}`,
        'referrer-policy': 'no-referrer',
      });
    });
  app.get('/*', (context) => {
    const { path, raw } = context.req;
    const open = OPEN_FILES.get(path);
    if (open !== undefined)
      return new Response(open.text, { headers: { 'content-type': open.type, 'cache-control': 'no-cache' } });
    if (sessions.who(sessionOf(raw)) === undefined) return html(withTokens ? LOGIN : NO_SESSION, 401);
    const file = page.get(path) ?? (path.startsWith('/assets/') ? undefined : page.get('/index.html'));
    if (file === undefined && page.size === 0) return html(NOT_BUILT, 503);
    if (file === undefined) throw new HttpProblem(404, 'DASHBOARD_NOT_FOUND', 'There is no such file.');
    const cache = file.immutable ? 'private, max-age=31536000, immutable' : 'no-cache';
    return new Response(file.bytes, { headers: { 'content-type': file.type, 'cache-control': cache } });
  });
  app.all('*', () => {
    throw new HttpProblem(405, 'DASHBOARD_METHOD', 'Nothing answers to that method here.');
  });
  return app;
}

const NOBODY: Person = { name: '', role: 'viewer' };

const noSession = (withTokens: boolean): HttpProblem =>
  new HttpProblem(
    401,
    'DASHBOARD_NO_SESSION',
    withTokens
      ? 'No session, or it has ended: open this address in the browser, and give your token.'
      : 'No session: open the link that `reprise dashboard` has printed last.',
  );

const readOnly = (withTokens: boolean): HttpProblem =>
  new HttpProblem(
    403,
    'DASHBOARD_READ_ONLY',
    withTokens
      ? 'You may look, and change nothing (the role of your token, or --read-only).'
      : 'This dashboard only shows: it was started with --read-only.',
  );
