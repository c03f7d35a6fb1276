import { isRepriseError, RepriseError, sleep, type ViewStore, viewStoreClosed } from '@reprise/core/plugin';
import { isBusy, isDamaged } from './node-sqlite.ts';
import { inodeOf, type Opened, openViews, setAside } from './open.ts';
import { resolveOptions, type SqliteViewStoreOptions } from './options.ts';
import { seed } from './seed.ts';
import { ViewTables } from './view-tables.ts';

/** How long to wait before a file that is locked is tried again, in ms. */
const AGAIN_MS = 20;

/**
 * Views in a SQLite file in WAL mode, which several processes may share: each commit is one transaction, and compares the checkpoint in it.
 *
 *   open ──a call meets damage──► the file set aside, a new one open (onRemade)
 *   either ──close()──► closed
 *
 * Rejects with REPRISE_VIEW_STORE_UNAVAILABLE when the file cannot be opened.
 */
export async function createSqliteViewStore(given: SqliteViewStoreOptions = {}): Promise<ViewStore> {
  const { path, busyMs, seedFrom } = resolveOptions(given);
  const listeners = new Set<(message: string) => void>();
  const told: string[] = [];
  const underWay = new Set<Promise<void>>();
  let closed = false;
  let tables: ViewTables | undefined;
  let inode: bigint | undefined;
  const unseeded = seedFrom === undefined ? undefined : seed(seedFrom, path);
  if (unseeded !== undefined) told.push(unseeded);

  const use = ({ db, remade }: Opened): ViewTables => {
    if (remade !== undefined) {
      told.push(remade);
      for (const listener of listeners) listener(remade);
    }
    inode = inodeOf(path);
    tables = new ViewTables(db);
    return tables;
  };

  /** Done at once, or as soon as no other process is in the way. What is under way at close() is not cut off. */
  const run = async <T>(work: (tables: ViewTables) => T): Promise<T> => {
    if (closed) throw viewStoreClosed();
    const done = Promise.withResolvers<void>();
    underWay.add(done.promise);
    try {
      return await tried(work);
    } finally {
      underWay.delete(done.promise);
      done.resolve();
    }
  };

  const tried = async <T>(work: (tables: ViewTables) => T): Promise<T> => {
    for (let waited = 0; ; waited += AGAIN_MS) {
      try {
        return work(tables ?? use(openViews(path)));
      } catch (error) {
        if (isRepriseError(error)) throw error;
        if (isDamaged(error)) remake(error);
        else if (!isBusy(error) || waited >= busyMs) throw unavailable(path, error);
      }
      await sleep(AGAIN_MS);
    }
  };

  const remake = (error: unknown): void => {
    const damaged = tables;
    tables = undefined;
    damaged?.close();
    if (damaged === undefined) throw unavailable(path, error);
    setAside(path, inode);
    use({
      ...openViews(path),
      remade: `${path} was damaged (${(error as Error).message}), and is now ${path}-damaged`,
    });
  };

  await run(() => undefined);
  return {
    checkpoint: (view) => run((to) => to.checkpoint(view)),
    commit: (view, batch) => run((to) => to.commit(view, batch)),
    get: (view, keys) => run((to) => to.get(view, keys)),
    list: (view, query) => run((to) => to.list(view, query)),
    clear: (view) => run((to) => to.clear(view)),
    onRemade(listener) {
      for (const message of told) listener(message);
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async close() {
      closed = true;
      await Promise.all(underWay);
      tables?.close();
      tables = undefined;
    },
  };
}

const unavailable = (path: string, cause: unknown): RepriseError => {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new RepriseError('REPRISE_VIEW_STORE_UNAVAILABLE', `The views in ${path} cannot be read or written: ${why}.`, {
    cause,
  });
};
