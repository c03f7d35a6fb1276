export { createEventStoreDBStorage } from './eventstoredb-storage.ts';
export type { EventStoreDBOptions } from './options.ts';
export { eventStoreDB } from './plugin.ts';
