import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createPart, type Plugin, type Storage, systemClock, systemIds, systemRandom } from '@reprise/core';

/** A store that was found, and how to open it. */
export interface StoreAccess {
  /** The file, or the name of the plugin. */
  readonly where: string;
  /** The file of a store that this package knows how to open. */
  readonly path?: string;
  /** The file in which its views are kept, where no plugin says otherwise. */
  readonly views?: string;
  /** The file in which states of long runs are kept, for whoever goes back and forth in them. A cache. */
  readonly keyframes?: string;
  /** The file in which what agents log is kept, where no plugin says otherwise. */
  readonly logs?: string;
  /** Whether a first run is still to make it; undefined when only its plugin knows. */
  readonly exists: boolean | undefined;
  /** For those who write. */
  plugin(): Promise<Plugin<'event-store'>>;
  /** For those who only read: works beside whoever writes. */
  openReader(): Promise<Storage>;
}

/** The SQLite store in a file. */
export const fileStore = (path: string): StoreAccess => ({
  where: path,
  path,
  views: `${path}-views`,
  keyframes: `${path}-keyframes`,
  logs: `${path}-logs`,
  // With its mark alone, it was there: opening it says that it is gone.
  exists: existsSync(path) || existsSync(`${path}-mark`),
  plugin: async () => {
    const { sqliteEventStore } = await import('@reprise/event-store-sqlite');
    return sqliteEventStore({ path });
  },
  openReader: async () => {
    const { createSqliteStorage } = await import('@reprise/event-store-sqlite');
    return createSqliteStorage({ path, readOnly: true });
  },
});

/** The store that a configuration in `folder` brings by a plugin. A view is built anew when the store is another one, so they share a file. */
export const pluginStore = (plugin: Plugin<'event-store'>, folder: string): StoreAccess => ({
  where: `plugin '${plugin.name}'`,
  views: join(folder, '.reprise', `${plugin.name}-views`),
  keyframes: join(folder, '.reprise', `${plugin.name}-keyframes`),
  logs: join(folder, '.reprise', `${plugin.name}-logs`),
  exists: undefined,
  plugin: async () => plugin,
  openReader: async () => {
    const context = { clock: systemClock, ids: systemIds, random: systemRandom };
    const { name, kind } = plugin;
    // Checked as at a start.
    const create: typeof plugin.create = (given) =>
      plugin.createReader === undefined ? plugin.create(given) : plugin.createReader(given);
    return createPart({ name, kind, create }, context);
  },
});
