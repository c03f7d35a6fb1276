import { viewStoreConformance } from '@reprise/conformance';
import type { ViewStore } from '@reprise/core/plugin';
import { createSqliteViewStore } from '../src/index.ts';
import { temporaryPaths } from './folder.ts';

const newPath = temporaryPaths();
const paths = new WeakMap<ViewStore, string>();

const open = async (path: string): Promise<ViewStore> => {
  const store = await createSqliteViewStore({ path });
  paths.set(store, path);
  return store;
};
const pathOf = (store: ViewStore): string => paths.get(store) ?? '';

viewStoreConformance('sqlite', {
  create: () => open(newPath()),
  reopen: async (store) => {
    await store.close();
    return open(pathOf(store));
  },
  openSecond: (store) => open(pathOf(store)),
});
