import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { type Clock, RepriseError, systemClock } from '@reprise/core/plugin';
import { createApp } from './app.ts';
import { type DashboardState, type Role, Sessions } from './sessions.ts';
import type { DashboardSource } from './source.ts';

/** What the dashboard shows, where, and to whom. */
export interface DashboardOptions {
  readonly source: DashboardSource;
  /** Default 4680; 0: any that is free. Always on 127.0.0.1. */
  readonly port?: number;
  /** `viewer`: nothing can be changed. Default `operator`. */
  readonly role?: Role;
  /** Who changes something: put on record. */
  readonly by: string;
  /** The link that works next, each time that one was used. */
  onLink?(link: string): void;
  /** What a call failed with that is no coded error. */
  onError?(error: unknown): void;
  readonly clock?: Clock;
  /** Of the dashboard whose place this one takes: its sessions, and its link, go on. */
  readonly state?: DashboardState;
}

/** A server that listens. */
export interface Dashboard {
  readonly port: number;
  /** Opens a session, once. */
  readonly link: string;
  /** For the one that takes its place. */
  readonly state: DashboardState;
  close(): Promise<void>;
}

/** The port that it listens at, unless told another. */
export const DEFAULT_PORT = 4680;

/** Starts the server. Throws REPRISE_CONFIG_INVALID when the port is taken. */
export async function startDashboard(options: DashboardOptions): Promise<Dashboard> {
  const { source, port: wanted = DEFAULT_PORT, role = 'operator', by, onLink, onError, clock = systemClock } = options;
  const sessions = new Sessions(role, options.state);
  const closing = new AbortController();
  const server = createServer({ maxHeaderSize: 16 * 1024, requestTimeout: 30_000, headersTimeout: 10_000 });
  const port = await listen(server, wanted);
  const link = (): string => `http://127.0.0.1:${port}/enter?token=${sessions.token}`;
  const app = createApp({
    source,
    sessions,
    port,
    by,
    clock,
    closed: closing.signal,
    ...(onError === undefined ? {} : { onError }),
    onEntered: () => onLink?.(link()),
  });
  const answer = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  server.on('request', (incoming, outgoing) => {
    // A target with a host of its own is for proxies.
    if (incoming.url?.startsWith('/') === true) void answer(incoming, outgoing);
    else outgoing.writeHead(400).end();
  });
  return {
    port,
    get link() {
      return link();
    },
    get state() {
      return sessions.state;
    },
    close: async () => {
      closing.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function listen(server: Server, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') return reject(error);
    const message = `The dashboard cannot listen on 127.0.0.1:${port}: another program does. Choose another: --port N (0: any that is free).`;
    reject(new RepriseError('REPRISE_CONFIG_INVALID', message, { cause: error }));
  });
  server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  return promise;
}
