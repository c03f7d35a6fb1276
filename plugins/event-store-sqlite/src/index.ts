export type { SqliteEventStoreOptions } from './options.ts';
export { sqliteEventStore } from './plugin.ts';
export { type RestoredStore, restoreSqliteStore } from './restore.ts';
export { createSqliteStorage } from './sqlite-storage.ts';
