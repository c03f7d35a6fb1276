import { eventStoreConformance } from '@reprise/conformance';
import type { Storage } from '@reprise/core/plugin';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import { temporaryPaths } from './folder.ts';

const newPath = temporaryPaths();
const paths = new WeakMap<Storage, string>();

async function open(path: string): Promise<Storage> {
  const storage = await createSqliteStorage({ path });
  paths.set(storage, path);
  return storage;
}

eventStoreConformance('sqlite', {
  create: () => open(newPath()),
  async reopen(storage) {
    await storage.events.close();
    return open(paths.get(storage) ?? '');
  },
  openSecond: (storage) => open(paths.get(storage) ?? ''),
});
