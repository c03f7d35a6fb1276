import {
  type ListRuns,
  listByView,
  type Projection,
  RunReader,
  runIndex,
  type Storage,
  systemClock,
  Views,
} from '@reprise/core';
import type { StoreAccess } from './store-access.ts';
import { viewStoreOf } from './view-store-of.ts';

export interface OpenedReader {
  readonly reader: RunReader;
  /** Of what was opened beside the storage. */
  close(): Promise<void>;
}

/** Reads runs. Those of a store that cannot list them, and those that are wanted in an order of their own, are listed by the run index, which is brought up to date when it is first asked for. */
export function openRunReader(storage: Storage, access: StoreAccess): OpenedReader {
  let views: Promise<{ readonly views: Views; readonly list: ListRuns }> | undefined;
  const open = async (): Promise<{ readonly views: Views; readonly list: ListRuns }> => {
    const store = await viewStoreOf(access, []);
    const opened = new Views({
      store: storage.events,
      views: store,
      projections: [runIndex as Projection],
      clock: systemClock,
      notice: () => undefined, // what it has to say, `reprise views show` does
    });
    await opened.start();
    return { views: opened, list: listByView(store, () => opened.reachEnd(runIndex.name)) };
  };
  const list: ListRuns = async (query) => {
    views ??= open();
    return (await views).list(query);
  };
  return {
    reader: new RunReader(storage, { list }),
    close: async () => {
      if (views !== undefined) await (await views).views.close();
    },
  };
}
