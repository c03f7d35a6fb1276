import { type Json, type JsonObject, RepriseError, systemClock } from '@reprise/core/plugin';
import type { AppParts } from '../src/app.ts';
import {
  type ChangeListener,
  createApp,
  type DashboardSource,
  LinkSessions,
  type Role,
  type Sessions,
} from '../src/index.ts';
import { kept } from '../src/sessions.ts';
import { TokenSessions } from '../src/token-sessions.ts';

export const PORT = 4680;
export const ORIGIN = `http://127.0.0.1:${PORT}`;
/** Of a server whose browsers have tokens. */
export const SECURE = 'https://reprise.example';
/** The token that the client has there. */
export const TOKEN = 'rpd_of-the-client';

export interface FakeSource extends DashboardSource {
  readonly asked: [string, ...unknown[]][];
  listener: ChangeListener | undefined;
  closed: number;
}

/** A source that answers with what it was asked, and remembers it. */
export function fakeSource(over: Partial<DashboardSource> = {}): FakeSource {
  const asked: [string, ...unknown[]][] = [];
  const told =
    (name: string, more: JsonObject = {}) =>
    async (...args: unknown[]): Promise<JsonObject> => {
      asked.push([name, ...args]);
      if (args[0] === 'nobody') throw new RepriseError('REPRISE_RUN_NOT_FOUND', "There is no run 'nobody'.");
      return { asked: name, args: args as Json[], ...more };
    };
  const source: FakeSource = {
    asked,
    listener: undefined,
    closed: 0,
    runs: told('runs', { runs: [], next: null }),
    fields: told('fields', { fields: {} }),
    run: told('run'),
    history: told('history'),
    event: told('event'),
    events: told('events'),
    keyframe: told('keyframe'),
    state: told('state'),
    task: told('task'),
    graph: told('graph'),
    explain: told('explain'),
    timeline: told('timeline'),
    criticalPath: told('criticalPath'),
    decisions: told('decisions'),
    ledger: told('ledger'),
    usage: told('usage'),
    messages: told('messages'),
    message: told('message'),
    logs: told('logs', { kept: true, lines: [] }),
    diff: told('diff'),
    overview: told('overview'),
    agents: told('agents'),
    forms: told('forms'),
    deadLetters: told('deadLetters'),
    workflows: told('workflows'),
    workflowGraph: told('workflowGraph'),
    views: told('views', { views: [] }),
    viewRows: async (...args) => {
      asked.push(['viewRows', ...args]);
      return { rows: [{ key: 'a', n: 1 }], next: null };
    },
    health: told('health'),
    planFork: told('planFork'),
    start: told('start'),
    command: told('command'),
    follow: async (after, listener) => {
      asked.push(['follow', after]);
      source.listener = listener;
      return {
        position: after ?? '7',
        close: async () => {
          source.closed += 1;
        },
      };
    },
    ...over,
  };
  return source;
}

export interface Client {
  readonly source: FakeSource;
  readonly sessions: Sessions;
  readonly closing: AbortController;
  readonly failures: unknown[];
  cookie: string;
  /** The path that opens a session, once. */
  link(): string;
  /** A request as a browser at the page would make it; headers that are undefined are left out. */
  call(
    path: string,
    options?: {
      readonly method?: string;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string | undefined>>;
    },
  ): Promise<Response>;
}

export interface ClientOptions extends Partial<Omit<AppParts, 'source'>> {
  readonly role?: Role;
  readonly source?: FakeSource;
  /** Let in by a token of a file, by https, instead of by the printed link. */
  readonly withToken?: boolean;
}

/** The server without a socket, and a browser that has a session. */
export async function client(options: ClientOptions = {}): Promise<Client> {
  const { role = 'operator', source = fakeSource(), withToken = false, ...parts } = options;
  const links = new LinkSessions({ name: 'ann', role });
  const token = { name: 'ann', role, sha256: kept(TOKEN), created: '2026-11-28T00:00:00.000Z' };
  const find = (sha256: string) => (sha256 === token.sha256 ? token : undefined);
  const sessions = withToken ? new TokenSessions({ find, clock: systemClock, atMost: 'operator' }) : links;
  const origin = withToken ? SECURE : ORIGIN;
  const hosts = withToken ? [new URL(SECURE).host] : [`127.0.0.1:${PORT}`, `localhost:${PORT}`];
  const closing = new AbortController();
  const failures: unknown[] = [];
  const app = createApp({
    source,
    sessions,
    port: PORT,
    site: { hosts: new Set(hosts), secure: withToken },
    clock: systemClock,
    closed: closing.signal,
    page: new Map(),
    onError: (error) => failures.push(error),
    ...parts,
  });
  const one: Client = {
    source,
    sessions,
    link: () => `/enter?token=${links.token}`,
    closing,
    failures,
    cookie: '',
    call: async (path, { method = 'GET', body, headers = {} } = {}) => {
      const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
      const all: Record<string, string | undefined> = {
        host: new URL(origin).host,
        cookie: one.cookie,
        ...(method === 'GET'
          ? {}
          : {
              origin,
              'content-type': 'application/json',
              'content-length': String(Buffer.byteLength(text ?? '')),
            }),
        ...headers,
      };
      const given = Object.entries(all).filter(
        (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
      );
      return app.request(
        new Request(origin + path, { method, headers: given, ...(text === undefined ? {} : { body: text }) }),
      );
    },
  };
  const entered = withToken
    ? await one.call('/api/v1/login', { method: 'POST', body: { token: TOKEN } })
    : await one.call(one.link());
  one.cookie = (entered.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  return one;
}

export async function codeOf(response: Response): Promise<string> {
  const { error } = (await response.json()) as { readonly error: { readonly code: string } };
  return error.code;
}
