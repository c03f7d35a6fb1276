import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { AnyPlugin } from '@reprise/core';
import { eventstoredbEventStore } from '@reprise/event-store-eventstoredb';
import { ProtocolServer } from '../../plugins/event-store-eventstoredb/test/support/protocol-server.ts';

/** A server in a process of its own, so that its processor time is not counted; or the one that REPRISE_EVENTSTOREDB_URL names. */
export async function withEventStoreDB<T>(work: (store: AnyPlugin) => Promise<T>): Promise<T> {
  const namespace = `bench${process.pid}_${Math.floor(performance.now())}`;
  const url = process.env['REPRISE_EVENTSTOREDB_URL'];
  if (url !== undefined) return work(eventstoredbEventStore({ connectionString: url, namespace }));
  const { connectionString, stop } = await serveEventStoreDB();
  try {
    return await work(eventstoredbEventStore({ connectionString, namespace }));
  } finally {
    stop();
  }
}

/** The protocol server in a process of its own. */
export async function serveEventStoreDB(): Promise<{ readonly connectionString: string; stop(): void }> {
  const server: ChildProcess = spawn(
    process.execPath,
    ['--conditions=reprise-source', fileURLToPath(import.meta.url), 'serve'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [said] = await once(server.stdout ?? server, 'data');
  return { connectionString: String(said).trim(), stop: () => void server.kill() };
}

if (process.argv[2] === 'serve')
  process.stdout.write(`${(await new ProtocolServer({ direct: true }).start()).connectionString}\n`);
