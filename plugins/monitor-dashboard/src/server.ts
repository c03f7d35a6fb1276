import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { type Clock, RepriseError, type ScheduledCall, systemClock } from '@reprise/core/plugin';
import { createApp } from './app.ts';
import { KnownTokens } from './known-tokens.ts';
import { type Reach, type ReachOptions, reachOf } from './reach.ts';
import { type DashboardState, LinkSessions, type Role } from './sessions.ts';
import type { DashboardSource } from './source.ts';
import { readTls, stampOf } from './tls.ts';
import { TokenSessions } from './token-sessions.ts';

/** What the dashboard shows, where, and to whom. */
export interface DashboardOptions extends ReachOptions {
  readonly source: DashboardSource;
  /** Default 4680; 0: any that is free. */
  readonly port?: number;
  /** `viewer`: nothing can be changed, whatever a token says. Default `operator`. */
  readonly role?: Role;
  /** Who changes something, where the printed link lets in: put on record. */
  readonly by: string;
  /** The id of the run that the first link opens. Default: the overview. */
  readonly run?: string;
  /** The link that works next, each time that one was used. */
  onLink?(link: string): void;
  /** Who signed in with a token, or tried to, and from where. */
  onNote?(text: string): void;
  /** What a call failed with that is no coded error; what is wrong with a file of tokens, or a certificate, that has changed. */
  onError?(error: unknown): void;
  readonly clock?: Clock;
  /** Of the dashboard whose place this one takes: its sessions, and its link, go on. */
  readonly state?: DashboardState;
}

/** A server that listens. */
export interface Dashboard {
  readonly port: number;
  /** Opens it. At this machine alone: a session, once. */
  readonly link: string;
  /** For the one that takes its place. */
  readonly state: DashboardState;
  close(): Promise<void>;
}

/** The port that it listens at, unless told another. */
export const DEFAULT_PORT = 4680;

/** Connections at once: streams of browsers among them. */
const MAX_CONNECTIONS = 1000;
/** Certificates are looked at so often; ms. */
const RENEW_MS = 60_000;

/**
 * Starts the server. Throws REPRISE_DASHBOARD_UNSAFE for what would let in people who are not meant, REPRISE_TOKEN_FILE_INVALID, and
 * REPRISE_CONFIG_INVALID when it cannot listen there, or a certificate is none.
 */
export async function startDashboard(options: DashboardOptions): Promise<Dashboard> {
  const { source, port: wanted = DEFAULT_PORT, role = 'operator', by, clock = systemClock } = options;
  const { onLink, onNote, onError } = options;
  const reach = reachOf(options);
  const told = (error: unknown): void => onError?.(error);
  const tokens = reach.tokens === undefined ? undefined : new KnownTokens(reach.tokens, clock, told);
  const links = new LinkSessions({ name: by, role }, options.state);
  const sessions = tokens === undefined ? links : new TokenSessions({ find: tokens.find, clock, atMost: role });
  const closing = new AbortController();
  const { server, renewal } = serverOf(reach, clock, told);
  const port = await listen(server, wanted, reach.host).catch((error: unknown) => {
    renewal?.cancel();
    throw error;
  });
  const origin = reach.origin(port);
  let run = options.run;
  const link = (): string => {
    if (tokens !== undefined) return run === undefined ? `${origin}/` : `${origin}/runs/${run}`;
    return `${origin}/enter?token=${links.token}${run === undefined ? '' : `&run=${run}`}`;
  };
  const app = createApp({
    source,
    sessions,
    port,
    site: { hosts: reach.hosts(port), secure: reach.secure },
    proxies: reach.proxies,
    clock,
    closed: closing.signal,
    onError: told,
    ...(onNote === undefined ? {} : { onNote }),
    onEntered: () => {
      run = undefined;
      onLink?.(link());
    },
  });
  const answer = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
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
      return links.state;
    },
    close: async () => {
      renewal?.cancel();
      closing.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Made {
  readonly server: Server | TlsServer;
  readonly renewal?: { cancel(): void };
}

function serverOf({ tls }: Reach, clock: Clock, onError: (error: unknown) => void): Made {
  const limits = { maxHeaderSize: 16 * 1024, requestTimeout: 30_000, headersTimeout: 10_000 };
  if (tls === undefined) {
    const server = createServer(limits);
    server.maxConnections = MAX_CONNECTIONS;
    return { server };
  }
  const paths = [tls.cert, tls.key];
  let seen = stampOf(paths);
  const server = createTlsServer({ ...limits, handshakeTimeout: 10_000, ...readTls(tls) });
  server.maxConnections = MAX_CONNECTIONS;
  let next: ScheduledCall | undefined;
  const renew = (): void => {
    const now = stampOf(paths);
    try {
      if (now !== seen) server.setSecureContext(readTls(tls));
    } catch (error) {
      onError(error); // the one before goes on
    }
    seen = now;
    next = clock.schedule(RENEW_MS, renew);
  };
  next = clock.schedule(RENEW_MS, renew);
  return { server, renewal: { cancel: () => next?.cancel() } };
}

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program does. Choose another: --port N (0: any that is free).',
  EADDRNOTAVAIL: 'this machine has no such address. 0.0.0.0 is all that it has.',
  ENOTFOUND: 'there is no machine of that name.',
  EACCES: 'this user may not. Choose a port from 1024 on: --port N.',
};

function listen(server: Server, port: number, host: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const failed = (error: NodeJS.ErrnoException): void => {
    const why = WHY[error.code ?? ''];
    if (why === undefined) return reject(error);
    const message = `The dashboard cannot listen on ${host}:${port}: ${why}`;
    reject(new RepriseError('REPRISE_CONFIG_INVALID', message, { cause: error }));
  };
  server.once('error', failed);
  server.listen(port, host, () => {
    server.off('error', failed);
    resolve((server.address() as AddressInfo).port);
  });
  return promise;
}
