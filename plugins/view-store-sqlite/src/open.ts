import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { RepriseError, SQL_FUNCTIONS } from '@reprise/core/plugin';
import { type DatabaseSync, isDamaged, openDatabase } from './node-sqlite.ts';

/** "RPVW": says that a SQLite file is ours. */
export const APPLICATION_ID = 0x52_50_56_57;
/** Another one is thrown away, older or newer. */
export const SCHEMA_VERSION = 1;
/** How long one call of SQLite waits for other processes, at most: it holds up this one. */
const BLOCK_MS = 50;

const SCHEMA = `
  CREATE TABLE views (id INTEGER PRIMARY KEY, name TEXT NOT NULL, version INTEGER NOT NULL, checkpoint TEXT, UNIQUE (name, version)) STRICT;
  CREATE TABLE rows (view INTEGER NOT NULL, key TEXT NOT NULL, row TEXT NOT NULL, PRIMARY KEY (view, key)) STRICT;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};`;

export interface Opened {
  readonly db: DatabaseSync;
  /** Why what had been kept is gone. */
  readonly remade?: string;
}

/**
 * Opens the file, or makes it. One of another schema version is emptied; one that is damaged is set aside (`-damaged`, the last one is kept), and a new
 * one made: views are built again. The SQLite file of another application is left alone: REPRISE_VIEW_STORE_UNAVAILABLE.
 */
export function openViews(path: string): Opened {
  mkdirSync(dirname(path), { recursive: true });
  try {
    return connect(path);
  } catch (error) {
    if (!isDamaged(error)) throw error;
    setAside(path, inodeOf(path));
    return {
      ...connect(path),
      remade: `${path} was damaged (${(error as Error).message}), and is now ${path}-damaged`,
    };
  }
}

/** Out of the way with what is there, unless another process has done so meanwhile. The -wal file goes with it: it belongs to no other. */
export function setAside(path: string, inode: bigint | undefined): void {
  if (inode === undefined || inodeOf(path) !== inode) return;
  renameSync(path, `${path}-damaged`);
  for (const side of ['-wal', '-shm']) rmSync(`${path}${side}`, { force: true });
}

export const inodeOf = (path: string): bigint | undefined =>
  existsSync(path) ? statSync(path, { bigint: true, throwIfNoEntry: false })?.ino : undefined;

function connect(path: string): Opened {
  const db = openDatabase(path);
  try {
    db.exec(`PRAGMA busy_timeout = ${BLOCK_MS}`);
    const { application_id: id } = db.prepare('PRAGMA application_id').get() ?? {};
    const { objects } = db.prepare('SELECT count(*) AS objects FROM sqlite_schema').get() ?? {};
    if (id !== APPLICATION_ID && objects !== 0) throw notOurs(path);
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16384');
    const remade = prepare(db, path);
    for (const [name, call] of Object.entries(SQL_FUNCTIONS))
      db.function(name, { deterministic: true }, (row, other) => call(String(row), String(other)));
    return { db, ...(remade === undefined ? {} : { remade }) };
  } catch (error) {
    db.close();
    throw error;
  }
}

export const versionOf = (db: DatabaseSync): unknown => db.prepare('PRAGMA user_version').get()?.['user_version'];

function prepare(db: DatabaseSync, path: string): string | undefined {
  if (versionOf(db) === SCHEMA_VERSION) return undefined;
  db.exec('BEGIN IMMEDIATE');
  try {
    const version = versionOf(db); // again, inside the lock
    if (version !== SCHEMA_VERSION) {
      db.exec('DROP TABLE IF EXISTS rows; DROP TABLE IF EXISTS views;');
      db.exec(SCHEMA);
    }
    db.exec('COMMIT');
    if (version === 0 || version === SCHEMA_VERSION) return undefined;
    return `${path} was written by another version of @reprise/view-store-sqlite`;
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

const notOurs = (path: string): RepriseError =>
  new RepriseError(
    'REPRISE_VIEW_STORE_UNAVAILABLE',
    `${path} is the SQLite file of another application. Give another path.`,
    {
      retryable: false,
    },
  );
