import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';

/** "RPLG": says that a SQLite file is ours. */
const APPLICATION_ID = 0x52_50_4c_47;
const SCHEMA_VERSION = 1;
/** How long one call waits for another process at most: it holds up this one. */
const BLOCK_MS = 20;

const SCHEMA = `
  CREATE TABLE lines (id INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, task TEXT, attempt INTEGER, agent TEXT, at INTEGER NOT NULL,
    level INTEGER NOT NULL, message TEXT NOT NULL, fields TEXT) STRICT;
  CREATE INDEX lines_of_run ON lines (run, id);
  CREATE INDEX lines_by_age ON lines (at);
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};`;

/** Primary result codes (https://www.sqlite.org/rescode.html). */
const codeOf = (error: unknown): number => Number((error as { errcode?: unknown } | null)?.errcode ?? 0) & 0xff;
export const isBusy = (error: unknown): boolean => [5, 6].includes(codeOf(error));
const isDamaged = (error: unknown): boolean => [11, 26].includes(codeOf(error));

/** Node 22 prints an ExperimentalWarning when node:sqlite is loaded first; that one is kept back. */
function open(path: string, readOnly: boolean): DatabaseSync {
  const { emitWarning } = process;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
    if (!String(warning).startsWith('SQLite is an experimental'))
      Reflect.apply(emitWarning, process, [warning, ...rest]);
  };
  try {
    const { DatabaseSync: Database } = process.getBuiltinModule('node:sqlite');
    return new Database(path, { readOnly });
  } finally {
    process.emitWarning = emitWarning;
  }
}

const pragma = (db: DatabaseSync, name: string): unknown => db.prepare(`PRAGMA ${name}`).get()?.[name];

/** Undefined: there is none, or none of ours that this build can read. Throws what SQLite throws for one that is damaged. */
export function openToRead(path: string): DatabaseSync | undefined {
  if (!existsSync(path)) return undefined;
  const db = open(path, true);
  try {
    db.exec('PRAGMA busy_timeout = 1000');
    if (pragma(db, 'application_id') === APPLICATION_ID && pragma(db, 'user_version') === SCHEMA_VERSION) return db;
    db.close();
    return undefined;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Deletes what is kept of runs; nothing where there is no file. Throws what SQLite throws. */
export function forgetRuns(path: string, runIds: readonly string[]): void {
  const known = openToRead(path);
  if (known === undefined) return;
  known.close();
  const db = prepared(path);
  try {
    db.exec('BEGIN IMMEDIATE');
    const remove = db.prepare('DELETE FROM lines WHERE run = ?');
    for (const runId of runIds) remove.run(runId);
    db.exec('COMMIT');
  } finally {
    db.close();
  }
}

/**
 * Opens the file, or makes it. Logs can be done without: one that is damaged, or of another version, gives way to a new one (the old one is kept once, as
 * `-damaged`). The file of another application is left alone: throws.
 */
export function openToKeep(path: string): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true });
  try {
    return prepared(path);
  } catch (error) {
    if (!isDamaged(error)) throw error;
    renameSync(path, `${path}-damaged`);
    for (const side of ['-wal', '-shm']) rmSync(path + side, { force: true });
    return prepared(path);
  }
}

function prepared(path: string): DatabaseSync {
  const db = open(path, false);
  try {
    db.exec(`PRAGMA busy_timeout = ${BLOCK_MS}`);
    const isNew = Number(db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n']) === 0;
    if (!isNew && pragma(db, 'application_id') !== APPLICATION_ID)
      throw new Error(`${path} is the file of another application`);
    if (isNew) db.exec('PRAGMA auto_vacuum = INCREMENTAL');
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 4194304');
    if (!isNew && pragma(db, 'user_version') === SCHEMA_VERSION) return db;
    db.exec('BEGIN IMMEDIATE');
    // Another process may have made it meanwhile.
    if (pragma(db, 'user_version') !== SCHEMA_VERSION) db.exec(`DROP TABLE IF EXISTS lines; ${SCHEMA}`);
    db.exec('COMMIT');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
