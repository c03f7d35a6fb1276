import { definePlugin, type Plugin } from '@reprise/core/plugin';
import { resolveOptions, type SqliteViewStoreOptions } from './options.ts';
import { createSqliteViewStore } from './sqlite-view-store.ts';

/** Keeps views in one file. Throws REPRISE_CONFIG_INVALID at once when an option is wrong. */
export function sqliteViewStore(options: SqliteViewStoreOptions = {}): Plugin<'view-store'> {
  resolveOptions(options);
  return definePlugin({ name: 'sqlite-views', kind: 'view-store', create: () => createSqliteViewStore(options) });
}
