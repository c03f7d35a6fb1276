import { eventStoreConformance } from '@reprise/conformance';
import type { EventStore } from '@reprise/core/plugin';
import { createSqliteEventStore } from '@reprise/event-store-sqlite';
import { temporaryPaths } from './folder.ts';

const newPath = temporaryPaths();
const paths = new WeakMap<EventStore, string>();

async function open(path: string): Promise<EventStore> {
  const store = await createSqliteEventStore({ path });
  paths.set(store, path);
  return store;
}

eventStoreConformance('sqlite', {
  create: () => open(newPath()),
  async reopen(store) {
    await store.close();
    return open(paths.get(store) ?? '');
  },
  openSecond: (store) => open(paths.get(store) ?? ''),
});
