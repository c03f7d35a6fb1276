import { copyFileSync, existsSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { cannotWrite, syncFile } from './maintenance.ts';
import { markPath } from './mark.ts';
import { translated } from './store-error.ts';
import { resolveStorePath } from './store-path.ts';

export interface RestoredStore {
  /** The file of the store, links followed. */
  readonly path: string;
  /** Where what stood there before is now, which opens as a store; undefined when there was nothing. */
  readonly kept: string | undefined;
}

/**
 * Puts a backup where a store is, or is to be; what stood there is kept beside it, under a name with `suffix`. For a store that no process has open: one that has finds
 * its file replaced, and stops. The mark of the old file goes last: should this process die before, the store says that something is missing, and is not begun anew.
 * Throws REPRISE_STORE_UNAVAILABLE.
 */
export function restoreSqliteStore(backup: string, store: string, suffix: string): RestoredStore {
  const path = translated(store, () => resolveStorePath(store));
  const incoming = `${path}.restoring-${process.pid}`;
  const kept = existsSync(path) ? `${path}.${suffix}` : undefined;
  try {
    copyFileSync(backup, incoming);
    syncFile(incoming);
    if (kept !== undefined) {
      renameSync(path, kept);
      if (existsSync(`${path}-wal`)) renameSync(`${path}-wal`, `${kept}-wal`);
    }
    // Of the WAL that is gone.
    rmSync(`${path}-shm`, { force: true });
    renameSync(incoming, path);
    if (existsSync(markPath(path))) {
      if (kept === undefined) rmSync(markPath(path));
      else renameSync(markPath(path), markPath(kept));
    }
    syncFile(dirname(path));
    return { path, kept };
  } catch (error) {
    rmSync(incoming, { force: true });
    throw cannotWrite(path, error);
  }
}
