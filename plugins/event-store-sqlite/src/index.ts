export type { SqliteEventStoreOptions } from './options.ts';
export { sqliteEventStore } from './plugin.ts';
export { createSqliteStorage } from './sqlite-storage.ts';
