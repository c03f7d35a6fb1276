import type { Storage } from '@reprise/core/plugin';
import { createEventStoreDBStorage, type EventStoreDBOptions } from '@reprise/event-store-eventstoredb';
import { afterEach } from 'mocha';
import { ProtocolServer, type ProtocolServerOptions } from './protocol-server.ts';

/** Servers and stores that are closed after each test. */
export function servers() {
  const started: ProtocolServer[] = [];
  const opened: Storage[] = [];
  afterEach(async () => {
    for (const server of started) server.fault = undefined;
    for (const { events } of opened.splice(0)) await events.close();
    for (const server of started.splice(0)) await server.stop();
  });
  const serve = async (options: ProtocolServerOptions = {}): Promise<ProtocolServer> => {
    const server = await new ProtocolServer(options).start();
    started.push(server);
    return server;
  };
  const open = async (server: ProtocolServer, options: Partial<EventStoreDBOptions> = {}): Promise<Storage> => {
    const storage = await createEventStoreDBStorage({ connectionString: server.connectionString, ...options });
    opened.push(storage);
    return storage;
  };
  return { serve, open };
}
