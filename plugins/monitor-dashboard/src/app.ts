import type { Clock, JsonObject } from '@reprise/core/plugin';
import { Hono } from 'hono';
import { API } from './api.ts';
import { CallReader } from './calls.ts';
import { eventStream } from './event-stream.ts';
import { cookieOf, guard, SAFE_HEADERS } from './guards.ts';
import { openApi } from './openapi.ts';
import { ENTERED, NO_SESSION, NOT_BUILT, type PageFile, readPage } from './page.ts';
import { HttpProblem, problemOf } from './problems.ts';
import { assertRoutes, FileAnswer, type Permission, type Route } from './route.ts';
import type { Sessions } from './sessions.ts';
import type { DashboardSource } from './source.ts';

/** What the application is made of. */
export interface AppParts {
  readonly source: DashboardSource;
  readonly sessions: Sessions;
  readonly port: number;
  readonly by: string;
  readonly clock: Clock;
  /** Aborts when the server is to close: it ends the streams. */
  readonly closed: AbortSignal;
  readonly routes?: readonly Route[];
  readonly page?: ReadonlyMap<string, PageFile>;
  onEntered?(): void;
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

/** A browser saves it and shows nothing of it, whatever is in it. */
function fileOf({ name, type, text }: FileAnswer, onError: (error: unknown) => void = () => undefined): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      try {
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

/** The whole server as a function from a request to its answer. Throws REPRISE_PLUGIN_INVALID when a route does not say who may call it. */
export function createApp(parts: AppParts): Hono {
  const { source, sessions, port, by, clock, closed, routes = API, page = readPage(), onEntered, onError } = parts;
  assertRoutes(routes);
  const hosts = new Set([`127.0.0.1:${port}`, `localhost:${port}`]);
  const cookie = `reprise_${port}`;
  const document = openApi(routes, VERSION);
  const app = new Hono({ strict: true });

  const assertMay = (request: Request, permission: Permission): void => {
    const may = sessions.may(cookieOf(request, cookie), permission);
    if (may === true) return;
    if (may === undefined)
      throw new HttpProblem(
        401,
        'DASHBOARD_NO_SESSION',
        'No session: open the link that `reprise dashboard` has printed last.',
      );
    throw new HttpProblem(403, 'DASHBOARD_READ_ONLY', 'This dashboard only shows: it was started with --read-only.');
  };

  app.use('*', async (context, next) => {
    guard(context.req.raw, hosts);
    await next();
    for (const [name, value] of Object.entries(SAFE_HEADERS)) context.res.headers.set(name, value);
  });
  app.onError((error) => {
    const { status, body } = problemOf(error);
    if (status === 500) onError?.(error);
    const response = json(body, status);
    for (const [name, value] of Object.entries(SAFE_HEADERS)) response.headers.set(name, value);
    return response;
  });

  for (const route of routes) {
    const calls = new CallReader(route);
    app.on(route.method.toUpperCase(), BASE + route.path, async (context) => {
      const { raw } = context.req;
      assertMay(raw, route.permission);
      const answer = await route.answer(await calls.read(raw, context.req.param(), source, by, onError));
      return answer instanceof FileAnswer ? fileOf(answer, onError) : json(answer);
    });
  }
  app.get(`${BASE}/openapi.json`, (context) => {
    assertMay(context.req.raw, 'view');
    return json(document);
  });
  app.get(`${BASE}/session`, (context) => {
    assertMay(context.req.raw, 'view');
    return json({ role: sessions.role, by } satisfies JsonObject);
  });
  app.get(`${BASE}/stream`, async (context) => {
    const { raw } = context.req;
    assertMay(raw, 'view');
    const after = raw.headers.get('last-event-id') ?? undefined;
    if (after !== undefined && !/^[\w:./+=-]{1,512}$/.test(after))
      throw new HttpProblem(400, 'DASHBOARD_CALL_INVALID', 'Last-Event-ID is no position.');
    const stream = await eventStream(source, clock, after, closed);
    return new Response(stream, { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' } });
  });
  // Whoever has no session is not told which routes there are.
  app.all('/api/*', (context) => {
    assertMay(context.req.raw, 'view');
    throw new HttpProblem(404, 'DASHBOARD_NOT_FOUND', 'The API has no such route: see /api/v1/openapi.json.');
  });

  app.get('/enter', (context) => {
    const token = context.req.query('token') ?? '';
    const session = sessions.begin(token);
    if (session === undefined) return html(NO_SESSION, 401);
    onEntered?.();
    return html(ENTERED, 200, {
      'set-cookie': `${cookie}=${session}; Path=/; HttpOnly; SameSite=Strict`,
      'referrer-policy': 'no-referrer',
    });
  });
  app.get('/*', (context) => {
    if (sessions.may(cookieOf(context.req.raw, cookie), 'view') !== true) return html(NO_SESSION, 401);
    const { path } = context.req;
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
