import { definePlugin, type Plugin } from '@reprise/core/plugin';
import { createEventStoreDBStorage } from './eventstoredb-storage.ts';
import { type EventStoreDBOptions, resolveOptions } from './options.ts';

/** Keeps history in EventStoreDB. Throws REPRISE_CONFIG_INVALID at once when an option is wrong. */
export function eventstoredbEventStore(options: EventStoreDBOptions): Plugin<'event-store'> {
  resolveOptions(options);
  return definePlugin({
    name: 'eventstoredb',
    kind: 'event-store',
    create: () => createEventStoreDBStorage(options),
    createReader: () => createEventStoreDBStorage({ ...options, readOnly: true }),
  });
}
