import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RepriseError } from '@reprise/core';
import type { Answer } from './liveness.ts';

export interface ProbeServer {
  /** Where it listens: `http://127.0.0.1:8080`. */
  readonly url: string;
  close(): Promise<void>;
}

/** By path. What throws is a 503 with what was thrown. */
export type Probes = Readonly<Record<string, () => Answer>>;

/** Who asks has this long to say what. */
const ASKING_MS = 5000;
const MOST_CONNECTIONS = 100;

/** Serves the probes, and nothing else. Rejects with REPRISE_CONFIG_INVALID when it cannot listen there. */
export async function serveProbes(probes: Probes, host: string, port: number): Promise<ProbeServer> {
  const limits = { maxHeaderSize: 8 * 1024, requestTimeout: ASKING_MS, headersTimeout: ASKING_MS };
  const server = createServer({ ...limits, connectionsCheckingInterval: ASKING_MS }, (request, response) =>
    answer(probes, request, response),
  );
  server.maxConnections = MOST_CONNECTIONS;
  const address = await listen(server, host, port);
  // From now on a connection that breaks is the other side's business.
  server.on('error', () => undefined);
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${name}:${address.port}`,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function answer(probes: Probes, request: IncomingMessage, response: ServerResponse): void {
  response.on('error', () => undefined);
  request.on('error', () => undefined);
  const path = (request.url ?? '').split('?', 1)[0] ?? '';
  const probe = Object.hasOwn(probes, path) ? probes[path] : undefined;
  const asks = request.method === 'GET' || request.method === 'HEAD';
  const [status, body] =
    probe === undefined
      ? [404, { status: 'not-found', paths: Object.keys(probes) }]
      : asks
        ? ask(probe)
        : [405, { status: 'not-allowed', methods: ['GET', 'HEAD'] }];
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    connection: 'close',
    ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}

function ask(probe: () => Answer): readonly [number, Answer['body']] {
  try {
    const { ok, body } = probe();
    return [ok ? 200 : 503, body];
  } catch (error) {
    return [503, { status: 'down', detail: String(error).slice(0, 300) }];
  }
}

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program does. Choose another: --health-port N (0: any that is free)',
  EACCES: 'it may not. Choose a port above 1023: --health-port N',
  EADDRNOTAVAIL: 'that is no address of this machine. Choose another: --health-host ADDRESS',
};

function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  const { promise, resolve, reject } = Promise.withResolvers<AddressInfo>();
  server.once('error', (error: NodeJS.ErrnoException) => {
    const why = WHY[error.code ?? ''] ?? error.message;
    const message = `The probes cannot listen on ${host}, port ${port}: ${why}.`;
    reject(new RepriseError('REPRISE_CONFIG_INVALID', message, { cause: error }));
  });
  server.listen(port, host, () => {
    server.removeAllListeners('error');
    resolve(server.address() as AddressInfo);
  });
  return promise;
}
