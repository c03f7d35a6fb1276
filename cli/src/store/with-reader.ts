import { RepriseError, type RunReader, type Storage } from '@reprise/core';
import { locateStore, type Whereabouts } from './locate-store.ts';
import { openRunReader } from './open-run-reader.ts';
import type { StoreAccess } from './store-access.ts';

export interface OpenReader {
  readonly reader: RunReader;
  readonly storage: Storage;
  readonly access: StoreAccess;
}

/** Opens the store for reading, for as long as `use` takes. Throws REPRISE_RUN_NOT_FOUND while no run has made the store yet. */
export async function withReader<Result>(
  where: Whereabouts,
  use: (open: OpenReader) => Promise<Result>,
): Promise<Result> {
  const access = await locateStore(where, process.cwd());
  if (access.exists === false && where.store === undefined) throw noRunsYet(access);
  const storage = await access.openReader();
  try {
    const opened = openRunReader(storage, access);
    try {
      return await use({ reader: opened.reader, storage, access });
    } finally {
      await opened.close();
    }
  } finally {
    await storage.events.close();
  }
}

export const noRunsYet = (access: StoreAccess): RepriseError =>
  new RepriseError(
    'REPRISE_RUN_NOT_FOUND',
    `There are no runs yet: the store ${access.where} is made by the first one.`,
    {
      details: { store: access.where },
      fix: 'Start one: `reprise run start <workflow>`. To look into another store: --store PATH.',
    },
  );
