export { createSqliteKeyframes, type SqliteKeyframesOptions } from './keyframes.ts';
export type { SqliteViewStoreOptions } from './options.ts';
export { sqliteViewStore } from './plugin.ts';
export { createSqliteViewStore } from './sqlite-view-store.ts';
