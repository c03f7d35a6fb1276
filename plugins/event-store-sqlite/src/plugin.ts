import { definePlugin, type Plugin } from '@reprise/core/plugin';
import { resolveOptions, type SqliteEventStoreOptions } from './options.ts';
import { createSqliteStorage } from './sqlite-storage.ts';

/** Keeps history in one file. Throws REPRISE_CONFIG_INVALID at once when an option is wrong. */
export function sqliteEventStore(options: SqliteEventStoreOptions = {}): Plugin<'event-store'> {
  resolveOptions(options);
  return definePlugin({
    name: 'sqlite',
    kind: 'event-store',
    create: () => createSqliteStorage(options),
    createReader: () => createSqliteStorage({ ...options, readOnly: true }),
  });
}
