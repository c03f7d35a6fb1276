export { createEventStoreDBStorage } from './eventstoredb-storage.ts';
export type { EventStoreDBOptions } from './options.ts';
export { eventstoredbEventStore } from './plugin.ts';
