import { closeSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type DatabaseSync, openDatabase } from './node-sqlite.ts';
import { APPLICATION_ID, MIGRATIONS, pragma, SCHEMA_VERSION } from './schema.ts';
import { corrupt, isBusy, StoreFaultError, toFault } from './store-fault.ts';

const PAGE_SIZE = 4096;
/** A smaller file is checked whole when it is opened; a larger one by its header, its schema and its ends. */
const WHOLE_CHECK_BYTES = 16 * 1024 * 1024;
const BUSY_TIMEOUT_MS = 10_000;

export interface WritableOptions {
  readonly path: string;
  readonly maxFileBytes?: number | undefined;
}

/**
 * Opens the file for appends; creates or migrates it when needed. Throws StoreFaultError: REPRISE_STORE_CORRUPT for a file
 * that is torn or is something else (it is left as it is), REPRISE_STORE_UNAVAILABLE for the rest.
 */
export function openWritable({ path, maxFileBytes }: WritableOptions): DatabaseSync {
  return guarded(
    path,
    () => {
      mkdirSync(dirname(path), { recursive: true });
      assertSqliteFile(path);
      return openDatabase(path);
    },
    (db) => {
      assertOurs(db, path);
      becomeWal(db);
      db.exec('PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -32768');
      db.exec('PRAGMA journal_size_limit = 67108864');
      if (pragma(db, 'user_version') !== SCHEMA_VERSION) migrate(db, path);
      assertSound(db, path);
      if (maxFileBytes !== undefined) {
        db.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxFileBytes / Number(pragma(db, 'page_size'))))}`);
      }
    },
  );
}

/** Opens an existing store for reading, beside writers of this and other processes. Throws as openWritable does. */
export function openReadOnly(path: string, options: { readonly check: boolean }): DatabaseSync {
  return guarded(
    path,
    () => {
      assertSqliteFile(path, 'must exist');
      return openDatabase(path, { readOnly: true });
    },
    (db) => {
      db.exec('PRAGMA cache_size = -16384');
      if (!options.check) return;
      assertOurs(db, path);
      if (Number(pragma(db, 'user_version')) < SCHEMA_VERSION) {
        throw unavailable(`${path} holds no event store yet, or one of an older version: open it for writing once.`);
      }
      assertSound(db, path);
    },
  );
}

function guarded(path: string, open: () => DatabaseSync, prepare: (db: DatabaseSync) => void): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    db = open();
    db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    prepare(db);
    return db;
  } catch (error) {
    db?.close();
    throw new StoreFaultError(toFault(error, path), error);
  }
}

const unavailable = (message: string): StoreFaultError =>
  new StoreFaultError({ code: 'REPRISE_STORE_UNAVAILABLE', message, retryable: false });

/** Looks at the file before SQLite does: opening, say, a text file for writing must not alter it. */
function assertSqliteFile(path: string, existence?: 'must exist'): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) {
    if (existence === undefined) return;
    throw unavailable(`There is no event store at ${path}. Start a run first, or check the path.`);
  }
  if (!stats.isFile()) throw unavailable(`${path} is not a file, so it cannot be an event store.`);
  if (stats.size === 0) {
    if (existence === undefined) return;
    throw unavailable(`The file ${path} is empty: no event store was created there yet.`);
  }
  const header = Buffer.alloc(16);
  const file = openSync(path, 'r');
  try {
    readSync(file, header, 0, 16, 0);
  } finally {
    closeSync(file);
  }
  if (header.toString('latin1') !== 'SQLite format 3\0') {
    throw new StoreFaultError(corrupt(path, 'it does not start as an SQLite file does'));
  }
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
    for (const sql of MIGRATIONS.slice(Number(pragma(db, 'user_version')))) db.exec(sql);
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** Finds what is torn or missing. A damaged page in the middle of a large file is found when it is read. */
function assertSound(db: DatabaseSync, path: string): void {
  const bytes = Number(pragma(db, 'page_count')) * Number(pragma(db, 'page_size'));
  if (bytes <= WHOLE_CHECK_BYTES) {
    const problem = pragma(db, 'quick_check(1)');
    if (problem !== 'ok') throw new StoreFaultError(corrupt(path, String(problem)));
    return;
  }
  db.prepare('SELECT * FROM events ORDER BY position LIMIT 10').all();
  db.prepare('SELECT * FROM events ORDER BY position DESC LIMIT 1000').all();
  db.prepare('SELECT max(revision) FROM events WHERE stream_id = (SELECT max(id) FROM streams)').get();
}
