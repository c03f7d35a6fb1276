import {
  type AnyPlugin,
  createInMemoryViewStore,
  type Plugin,
  systemClock,
  systemIds,
  systemRandom,
  type ViewStore,
} from '@reprise/core';
import type { StoreAccess } from './store-access.ts';

/** Where views are kept: as a plugin says, or else in a file beside the store, or of the project. */
export async function viewStoreOf(access: StoreAccess, plugins: readonly AnyPlugin[]): Promise<ViewStore> {
  const plugin = plugins.find((one): one is AnyPlugin & Plugin<'view-store'> => one.kind === 'view-store');
  if (plugin !== undefined) return plugin.create({ clock: systemClock, ids: systemIds, random: systemRandom });
  if (access.views === undefined) return createInMemoryViewStore();
  const { createSqliteViewStore } = await import('@reprise/view-store-sqlite');
  return createSqliteViewStore({ path: access.views });
}
