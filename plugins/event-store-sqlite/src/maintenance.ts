import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { RepriseError, type StoreStats } from '@reprise/core/plugin';
import { type DatabaseSync, openDatabase } from './node-sqlite.ts';
import { pragma } from './schema.ts';
import { translated } from './store-error.ts';

/** How long the lock of a writer is waited for, in ms. */
const BUSY_MS = 30_000;

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

/** What the file at a path holds. */
export function statsOf(path: string): StoreStats {
  return withDatabase(path, true, (db) => {
    const { events, firstAt, lastAt } = db
      .prepare(
        `SELECT (SELECT count(*) FROM events) AS events,
          (SELECT time FROM events ORDER BY position LIMIT 1) AS firstAt, (SELECT time FROM events ORDER BY position DESC LIMIT 1) AS lastAt`,
      )
      .get() as { readonly events: number; readonly firstAt: number | null; readonly lastAt: number | null };
    const { streams } = db.prepare('SELECT count(*) AS streams FROM streams').get() as { readonly streams: number };
    return {
      events,
      streams,
      bytes: sizeOf(path) + sizeOf(`${path}-wal`),
      freeBytes: Number(pragma(db, 'freelist_count')) * Number(pragma(db, 'page_size')),
      ...(firstAt === null ? {} : { firstAt }),
      ...(lastAt === null ? {} : { lastAt }),
    };
  });
}

/**
 * A copy of the file at a path, as of one moment, in a new file: whole and synced before it has its name. A process that writes goes on meanwhile.
 * Throws REPRISE_STORE_UNAVAILABLE when a file is there, or cannot be made.
 */
export function backUp(path: string, to: string): void {
  if (existsSync(to)) throw taken(to);
  const partial = `${to}.partial-${process.pid}`;
  try {
    withDatabase(path, true, (db) => db.prepare('VACUUM INTO ?').run(partial));
    syncFile(partial);
    // Somebody else may have made it meanwhile.
    if (!existsSync(to)) {
      renameSync(partial, to);
      syncFile(dirname(to));
      return;
    }
  } catch (error) {
    rmSync(partial, { force: true });
    // Of the source, that is told; of the rest, the file that was to be made.
    throw error instanceof RepriseError && error.code === 'REPRISE_STORE_CORRUPT' ? error : cannotWrite(to, error);
  }
  rmSync(partial, { force: true });
  throw taken(to);
}

/** Gives back what is free in the file at a path. */
export const compactFile = (path: string): void =>
  withDatabase(path, false, (db) => {
    db.exec('VACUUM');
    // Readers may keep the WAL from being cut: it is then cut later.
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  });

function withDatabase<T>(path: string, readOnly: boolean, use: (db: DatabaseSync) => T): T {
  return translated(path, () => {
    const db = openDatabase(path, { readOnly });
    try {
      db.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
      return use(db);
    } finally {
      db.close();
    }
  });
}

/** A folder, too, so that the names in it are durable. */
export function syncFile(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

const taken = (to: string): RepriseError =>
  new RepriseError('REPRISE_STORE_UNAVAILABLE', `There is a file at ${to} already; it was left as it is.`, {
    retryable: false,
    fix: 'Name a file that is not there.',
  });

export const cannotWrite = (to: string, cause: unknown): RepriseError =>
  new RepriseError(
    'REPRISE_STORE_UNAVAILABLE',
    `${to} could not be written: ${cause instanceof Error ? cause.message : String(cause)}`,
    { cause, retryable: false, fix: 'Name a file in a folder that is there, may be written, and has room.' },
  );
