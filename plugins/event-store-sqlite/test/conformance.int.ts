import { eventStoreConformance, type OwnershipHandle, ownershipConformance } from '@reprise/conformance';
import type { Storage } from '@reprise/core/plugin';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import { Child } from './child.ts';
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

const stores = new WeakMap<OwnershipHandle, string>();

async function compete(path: string): Promise<OwnershipHandle> {
  const { ownership, events } = await createSqliteStorage({ path });
  if (ownership === undefined) throw new Error('a store that can be written to has an ownership');
  const handle = { ownership, close: () => events.close() };
  stores.set(handle, path);
  return handle;
}

ownershipConformance('sqlite', {
  create: () => compete(newPath()),
  openSecond: (handle) => compete(stores.get(handle) ?? ''),
  async ownElsewhere(handle) {
    const child = new Child('own', [stores.get(handle) ?? '']);
    await child.printed(1);
    return () => child.kill();
  },
});
