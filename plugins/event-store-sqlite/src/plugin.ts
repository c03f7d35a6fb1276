import { definePlugin, type Plugin } from '@reprise/core/plugin';
import { resolveOptions, type SqliteEventStoreOptions } from './options.ts';
import { createSqliteEventStore } from './sqlite-event-store.ts';

/** Keeps history in one file. Throws REPRISE_CONFIG_INVALID at once when an option is wrong. */
export function sqliteEventStore(options: SqliteEventStoreOptions = {}): Plugin<'event-store'> {
  resolveOptions(options);
  return definePlugin({
    name: 'sqlite',
    kind: 'event-store',
    create: () => createSqliteEventStore(options),
    createReader: () => createSqliteEventStore({ ...options, readOnly: true }),
  });
}
