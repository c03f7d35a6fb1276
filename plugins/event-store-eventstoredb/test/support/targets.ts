import { randomUUID } from 'node:crypto';
import type { EventStoreDBOptions } from '@reprise/event-store-eventstoredb';
import { after, before } from 'mocha';
import { ProtocolServer } from './protocol-server.ts';

/** A server that suites run on. */
export interface Target {
  readonly name: string;
  /** Of a namespace that nobody has used: what others wrote is in the same log. Inside of tests only. */
  fresh(): EventStoreDBOptions;
}

/** The name of the protocol server. */
export const PROTOCOL = 'eventstoredb';
export const REAL = 'REPRISE_EVENTSTOREDB_URL';

/** How long a lease is: a real server, wherever it is, may take its time for a renewal. */
export const LEASE_MS = process.env[REAL] === undefined ? 600 : 3000;

/** The protocol server, and the real one that the environment names. Inside of a suite, which starts and stops what is needed. */
export function targets(): readonly Target[] {
  const server = new ProtocolServer();
  before(() => server.start());
  after(() => server.stop());
  const url = process.env[REAL];
  const fresh = (connectionString: string) => ({
    connectionString,
    namespace: `test${randomUUID().slice(0, 13).replaceAll('-', '')}`,
  });
  const protocol = { name: PROTOCOL, fresh: () => fresh(server.connectionString) };
  return url === undefined ? [protocol] : [protocol, { name: 'eventstoredb, a real server', fresh: () => fresh(url) }];
}
