export type { SqliteEventStoreOptions } from './options.ts';
export { createSqliteEventStore } from './sqlite-event-store.ts';
