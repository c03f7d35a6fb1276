import { eventStoreConformance, type OwnershipHandle, ownershipConformance } from '@reprise/conformance';
import type { Storage } from '@reprise/core/plugin';
import { createEventStoreDBStorage, type EventStoreDBOptions } from '@reprise/event-store-eventstoredb';
import { describe, it } from 'mocha';
import { Child } from './support/child.ts';
import { LEASE_MS, REAL, targets } from './support/targets.ts';

const storages = new WeakMap<Storage, EventStoreDBOptions>();

async function open(options: EventStoreDBOptions | undefined): Promise<Storage> {
  if (options === undefined) throw new Error('not a storage of this suite');
  const storage = await createEventStoreDBStorage(options);
  storages.set(storage, options);
  return storage;
}

const handles = new WeakMap<OwnershipHandle, EventStoreDBOptions>();

async function compete(options: EventStoreDBOptions): Promise<OwnershipHandle> {
  const { ownership, events } = await createEventStoreDBStorage(options);
  if (ownership === undefined) throw new Error('a store that can be written to has an ownership');
  const handle = { ownership, close: () => events.close() };
  handles.set(handle, options);
  return handle;
}

const optionsOf = (handle: OwnershipHandle): EventStoreDBOptions => handles.get(handle) as EventStoreDBOptions;

describe('eventstoredb', () => {
  for (const { name, fresh } of targets()) {
    eventStoreConformance(name, {
      create: () => open(fresh()),
      async reopen(storage) {
        await storage.events.close();
        return open(storages.get(storage));
      },
      openSecond: (storage) => open(storages.get(storage)),
      timeoutMs: 60_000,
    });

    ownershipConformance(name, {
      create: () => compete({ ...fresh(), leaseMs: LEASE_MS }),
      openSecond: (handle) => compete(optionsOf(handle)),
      async ownElsewhere(handle) {
        const child = new Child('own', optionsOf(handle));
        await child.printed(1);
        return () => child.kill();
      },
    });
  }

  if (process.env[REAL] === undefined)
    it(`on a real server: not checked, because ${REAL} names none (esdb://127.0.0.1:2113?tls=false)`);
});
