export type { SqliteViewStoreOptions } from './options.ts';
export { sqliteViewStore } from './plugin.ts';
export { createSqliteViewStore } from './sqlite-view-store.ts';
