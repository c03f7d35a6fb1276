import { type Json, type JsonObject, RepriseError, systemClock } from '@reprise/core/plugin';
import type { AppParts } from '../src/app.ts';
import { type ChangeListener, createApp, type DashboardSource, type Role, Sessions } from '../src/index.ts';

export const PORT = 4680;
export const ORIGIN = `http://127.0.0.1:${PORT}`;

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

/** The server without a socket, and a browser that has a session. */
export async function client({
  role = 'operator',
  source = fakeSource(),
  ...parts
}: Partial<Omit<AppParts, 'source'>> & { readonly role?: Role; readonly source?: FakeSource } = {}): Promise<Client> {
  const sessions = new Sessions(role);
  const closing = new AbortController();
  const failures: unknown[] = [];
  const app = createApp({
    source,
    sessions,
    port: PORT,
    by: 'ann',
    clock: systemClock,
    closed: closing.signal,
    page: new Map(),
    onError: (error) => failures.push(error),
    ...parts,
  });
  const one: Client = {
    source,
    sessions,
    closing,
    failures,
    cookie: '',
    call: async (path, { method = 'GET', body, headers = {} } = {}) => {
      const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
      const all: Record<string, string | undefined> = {
        host: `127.0.0.1:${PORT}`,
        cookie: one.cookie,
        ...(method === 'GET'
          ? {}
          : {
              origin: ORIGIN,
              'content-type': 'application/json',
              'content-length': String(Buffer.byteLength(text ?? '')),
            }),
        ...headers,
      };
      const given = Object.entries(all).filter(
        (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
      );
      return app.request(
        new Request(ORIGIN + path, { method, headers: given, ...(text === undefined ? {} : { body: text }) }),
      );
    },
  };
  const entered = await one.call(`/enter?token=${sessions.token}`);
  one.cookie = (entered.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  return one;
}

export async function codeOf(response: Response): Promise<string> {
  const { error } = (await response.json()) as { readonly error: { readonly code: string } };
  return error.code;
}
