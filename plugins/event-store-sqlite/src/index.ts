export type { SqliteEventStoreOptions } from './options.ts';
export { sqliteEventStore } from './plugin.ts';
export { createSqliteEventStore } from './sqlite-event-store.ts';
