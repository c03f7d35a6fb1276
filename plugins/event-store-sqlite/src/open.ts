import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { readMark } from './mark.ts';
import { assertNotGone, assertReaches } from './mark-check.ts';
import { type DatabaseSync, openDatabase } from './node-sqlite.ts';
import { OwnerLock, ownerPath } from './owner-lock.ts';
import { APPLICATION_ID, migrateSchema, pragma, SCHEMA_VERSION } from './schema.ts';
import { assertSound } from './sound.ts';
import { cannotMakeSideFiles, corrupt, isBusy, needsRollBack, StoreFaultError, toFault } from './store-fault.ts';

const PAGE_SIZE = 4096;
const BUSY_TIMEOUT_MS = 10_000;

export interface WritableOptions {
  /** As resolveStorePath gives it. */
  readonly path: string;
  readonly maxFileBytes?: number | undefined;
}

/**
 * Opens the file for appends; creates or migrates it when needed. Throws StoreFaultError: REPRISE_STORE_CORRUPT for a file
 * that is torn, is something else or lacks acknowledged events (it is left as it is), REPRISE_STORE_UNAVAILABLE for the rest.
 *
 * What is there is examined over a connection that only reads: one that may write would fold a damaged WAL into the file and
 * remove it when it is closed.
 */
export function openWritable({ path, maxFileBytes }: WritableOptions): DatabaseSync {
  return translatedFault(path, () => {
    mkdirSync(dirname(path), { recursive: true });
    const mark = readMark(path);
    const there = isThere(path);
    assertOneName(path);
    const examined = there ? examineFirst(path, mark) : undefined;
    if (examined === undefined) assertNotGone(path, mark);
    try {
      return connect(path, {}, (db) => {
        becomeWal(db);
        db.exec('PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -32768');
        db.exec('PRAGMA journal_size_limit = 67108864');
        if (pragma(db, 'user_version') !== SCHEMA_VERSION) migrate(db, path);
        if (maxFileBytes !== undefined) {
          db.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxFileBytes / Number(pragma(db, 'page_size'))))}`);
        }
      });
    } finally {
      examined?.close();
    }
  });
}

export interface ReadOnlyDatabase {
  readonly db: DatabaseSync;
  /** The file was opened as one that nothing changes: whoever reads must look whether that still holds. */
  readonly frozen: boolean;
}

/**
 * Opens an existing store for reading, beside writers of this and other processes. Throws as openWritable does. On a full disk
 * and in a folder that may not be written the files that SQLite shares between processes cannot be made: without them the
 * store is read as one that nothing changes, when all of it is in the one file.
 */
export function openReadOnly(path: string, options: { readonly check: boolean }): ReadOnlyDatabase {
  return translatedFault(path, () => {
    const mark = options.check ? readMark(path) : undefined;
    if (!isThere(path)) {
      assertNotGone(path, mark);
      throw unavailable(
        `There is no event store at ${path}, or the file is empty. Start a run first, or check the path.`,
      );
    }
    const prepare = (db: DatabaseSync): void => {
      db.exec('PRAGMA cache_size = -16384');
      if (options.check) examine(db, path, mark);
      if (options.check && Number(pragma(db, 'user_version')) === 0) {
        throw unavailable(`${path} holds no event store yet: open it for writing once.`);
      }
    };
    try {
      return { db: connect(path, { readOnly: true }, prepare), frozen: false };
    } catch (error) {
      if (needsRollBack(error))
        throw unavailable(`${path} was being made when its process was killed: open it for writing once.`);
      if (!cannotMakeSideFiles(error)) throw error;
      if (hasWal(path)) throw sideFilesNeeded(path, error);
      return { db: connect(path, { readOnly: true, immutable: true }, prepare), frozen: true };
    }
  });
}

/** Whether the file has a WAL with something in it. */
export const hasWal = (path: string): boolean => (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;

type Access = { readonly readOnly?: boolean; readonly immutable?: boolean };

function connect(path: string, access: Access, prepare: (db: DatabaseSync) => void): DatabaseSync {
  const db = openDatabase(path, access);
  try {
    db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    prepare(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function translatedFault<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof StoreFaultError ? error : new StoreFaultError(toFault(error, path), error);
  }
}

const unavailable = (message: string): StoreFaultError =>
  new StoreFaultError({ code: 'REPRISE_STORE_UNAVAILABLE', message, retryable: false });

const sideFilesNeeded = (path: string, cause: unknown): StoreFaultError =>
  new StoreFaultError(
    {
      code: 'REPRISE_STORE_UNAVAILABLE',
      message:
        `${path} has events in its -wal file, and the -shm file that reading them needs cannot be made here (the disk is full, or` +
        ' the folder may not be written). Copy the file and its -wal file to a folder with space, and read them there.',
      retryable: false,
    },
    cause,
  );

/**
 * Whether the path names a file with content. The file is not opened here: closing it again would let go of the locks that
 * SQLite has on it for this process (https://www.sqlite.org/howtocorrupt.html, 2.2).
 */
function isThere(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return false;
  if (!stats.isFile()) throw unavailable(`${path} is not a file, so it cannot be an event store.`);
  return stats.size > 0;
}

/** One file under two names would have two WAL files, one for each name, and be torn by them. */
function assertOneName(path: string): void {
  const names = statSync(path, { throwIfNoEntry: false })?.nlink ?? 1;
  if (names <= 1) return;
  throw unavailable(
    `${path} has ${names} names (hard links). A store that is written must have one: remove the others, or copy the file.`,
  );
}

/**
 * A process that was killed while it made the file leaves its transaction half written. To read is enough to take that back, for a connection that may
 * write. (A store that has events is in WAL mode, and has no such journal.)
 */
function examineFirst(path: string, mark: ReturnType<typeof readMark>): DatabaseSync {
  const look = (): DatabaseSync => connect(path, { readOnly: true }, (db) => examine(db, path, mark));
  try {
    return look();
  } catch (error) {
    if (!needsRollBack(error)) throw error;
    connect(path, {}, (db) => db.prepare('SELECT count(*) FROM sqlite_schema').get()).close();
    return look();
  }
}

function examine(db: DatabaseSync, path: string, mark: ReturnType<typeof readMark>): void {
  assertOurs(db, path);
  assertReaches(db, path, mark);
  if (pragma(db, 'application_id') === APPLICATION_ID) assertSound(db, path);
}

/** A database with content is ours when its application id says so. An empty one may become ours. */
function assertOurs(db: DatabaseSync, path: string): void {
  const applicationId = pragma(db, 'application_id');
  if (applicationId === APPLICATION_ID) {
    if (Number(pragma(db, 'user_version')) <= SCHEMA_VERSION) return;
    throw unavailable(`${path} was written by a newer version of @reprise/event-store-sqlite. Use that version.`);
  }
  const objects = db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n;
  if (applicationId === 0 && objects === 0) return;
  throw new StoreFaultError(corrupt(path, 'it is the SQLite file of another application'));
}

/** The switch to WAL needs the file alone for a moment, and SQLite does not always wait for that by itself. */
function becomeWal(db: DatabaseSync): void {
  if (pragma(db, 'journal_mode') === 'wal') return;
  db.exec(`PRAGMA page_size = ${PAGE_SIZE}`);
  for (let left = 200; ; left -= 1) {
    try {
      if (pragma(db, 'journal_mode = WAL') === 'wal') return;
      throw unavailable('This file system does not support the WAL mode of SQLite. Use a local disk.');
    } catch (error) {
      if (!isBusy(error) || left === 0) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

function migrate(db: DatabaseSync, path: string): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    assertOurs(db, path); // again, inside the lock: another process may have created the store meanwhile
    const version = Number(pragma(db, 'user_version'));
    if (version === SCHEMA_VERSION) {
      db.exec('COMMIT');
      return;
    }
    if (version === 0) makeOwnerFile(path);
    else assertNotDriven(path);
    migrateSchema(db, version);
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** From here on a lock file that is not there was removed by somebody: see OwnerLock. */
function makeOwnerFile(path: string): void {
  try {
    closeSync(openSync(ownerPath(path), 'wx'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** A driver of the older version would meet events that it cannot read, and could append nothing more. */
function assertNotDriven(path: string): void {
  const lock = new OwnerLock(path);
  const free = lock.acquire();
  lock.release();
  if (free) return;
  throw unavailable(
    `${path} was written by an older version of @reprise/event-store-sqlite, and a process that runs it still drives the store.` +
      ' Stop that process, then open the store again: it is brought up to date then.',
  );
}
