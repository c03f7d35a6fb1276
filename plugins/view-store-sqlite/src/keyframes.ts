import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import { type Keyframe, type KeyframeStore, RepriseError } from '@reprise/core/plugin';
import { type DatabaseSync, isBusy, isDamaged, openDatabase } from './node-sqlite.ts';

export interface SqliteKeyframesOptions {
  /** The database file; its folder is created. `-wal` and `-shm` files stand beside it. */
  readonly path: string;
  /** Bytes of keyframes that are kept, compressed. Default 256 MiB. */
  readonly maxBytes?: number;
}

/** "RPKF": says that a SQLite file is ours. */
const APPLICATION_ID = 0x52_50_4b_46;
const SCHEMA_VERSION = 1;
const BLOCK_MS = 50;
const MAX_BYTES = 256 * 1024 * 1024;
/** Characters of a state that is not kept: reading it back would take longer than folding is worth, and memory. */
const MAX_CHARS = 128 * 1024 * 1024;

const SCHEMA = `
  DROP TABLE IF EXISTS frames; DROP TABLE IF EXISTS runs;
  CREATE TABLE frames (run TEXT NOT NULL, version TEXT NOT NULL, revision INTEGER NOT NULL, event TEXT NOT NULL, sum BLOB NOT NULL, chars INTEGER NOT NULL, state BLOB NOT NULL, PRIMARY KEY (run, version, revision)) STRICT;
  CREATE TABLE runs (run TEXT PRIMARY KEY, used INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};`;

const [deflated, inflated] = [promisify(deflateRaw), promisify(inflateRaw)];
const sumOf = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

interface Row {
  readonly revision: number;
  readonly event: string;
  readonly sum: Uint8Array;
  readonly chars: number;
  readonly state: Uint8Array;
}

/**
 * Keyframes in a SQLite file, which several processes may share. Nothing in it is missed: a file that is damaged, or of another schema, is begun anew; a
 * frame that is not what was written is none; while another process writes, nothing is kept. Beyond `maxBytes` the runs go that were asked for longest
 * ago, and of one that alone is too large every other frame. Methods reject with REPRISE_VIEW_STORE_UNAVAILABLE where there can be no such file.
 */
export function createSqliteKeyframes({ path, maxBytes = MAX_BYTES }: SqliteKeyframesOptions): KeyframeStore {
  let db: DatabaseSync | undefined;
  let closed = false;
  let cleaned: string | undefined;

  /** What the work gives; undefined when the file is busy or was damaged. */
  const use = <Result>(work: (on: DatabaseSync) => Result): Result | undefined => {
    if (closed) return undefined;
    try {
      db ??= open(path);
      return work(db);
    } catch (error) {
      if (isBusy(error)) return undefined;
      if (error instanceof RepriseError) throw error;
      if (!isDamaged(error)) throw unavailable(path, error);
      db?.close();
      db = undefined;
      for (const side of ['', '-wal', '-shm']) rmSync(path + side, { force: true });
      return undefined;
    }
  };
  const change = (work: (on: DatabaseSync) => void): void =>
    use((on) => {
      on.exec('BEGIN IMMEDIATE');
      try {
        work(on);
        on.exec('COMMIT');
      } catch (error) {
        if (on.isTransaction) on.exec('ROLLBACK');
        throw error;
      }
    });

  return {
    load: async (runId, version, { after, at }) => {
      const row = use((on) => {
        const text =
          'SELECT revision, event, sum, chars, state FROM frames WHERE run = ? AND version = ? AND revision > ? AND revision <= ? ORDER BY revision DESC LIMIT 1';
        return on.prepare(text).get(runId, version, after, Math.min(at, Number.MAX_SAFE_INTEGER)) as Row | undefined;
      });
      const state = row === undefined ? undefined : await textOf(row);
      if (row === undefined) return undefined;
      if (state === undefined) {
        change((on) => dropRun(on, runId));
        return undefined;
      }
      change((on) => on.prepare(`UPDATE runs SET used = ${NEXT} WHERE run = ?`).run(runId));
      return { revision: row.revision, eventId: row.event, state };
    },
    save: async (runId, version, { revision, eventId, state }: Keyframe) => {
      if (state.length > MAX_CHARS) return;
      const same = 'SELECT 1 FROM frames WHERE run = ? AND version = ? AND revision = ? AND event = ?';
      if (use((on) => on.prepare(same).get(runId, version, revision, eventId)) !== undefined) return;
      const bytes = await deflated(Buffer.from(state), { level: 1 });
      change((on) => {
        if (cleaned !== version) {
          on.prepare('DELETE FROM frames WHERE version <> ?').run(version);
          on.exec('DELETE FROM runs WHERE run NOT IN (SELECT run FROM frames)');
          cleaned = version;
        }
        on.prepare('INSERT OR REPLACE INTO frames VALUES (?, ?, ?, ?, ?, ?, ?)').run(
          runId,
          version,
          revision,
          eventId,
          sumOf(bytes),
          state.length,
          bytes,
        );
        weigh(on, runId);
        shrink(on, runId, maxBytes);
      });
    },
    forget: async (runId) => change((on) => dropRun(on, runId)),
    close: async () => {
      closed = true;
      db?.close();
      db = undefined;
    },
  };
}

const NEXT = '(SELECT coalesce(max(used), 0) + 1 FROM runs)';

function weigh(on: DatabaseSync, runId: string): void {
  const bytes = '(SELECT sum(length(state)) FROM frames WHERE run = ?1)';
  on.prepare(`INSERT OR REPLACE INTO runs VALUES (?1, ${NEXT}, ${bytes})`).run(runId);
}

function dropRun(on: DatabaseSync, runId: string): void {
  for (const table of ['frames', 'runs']) on.prepare(`DELETE FROM ${table} WHERE run = ?`).run(runId);
}

/** So that what is kept is no larger than it may be; `runId` was asked for last. */
function shrink(on: DatabaseSync, runId: string, maxBytes: number): void {
  const total = (): number => Number(on.prepare('SELECT sum(bytes) AS bytes FROM runs').get()?.['bytes'] ?? 0);
  while (total() > maxBytes) {
    const oldest = on.prepare('SELECT run FROM runs WHERE run <> ? ORDER BY used LIMIT 1').get(runId)?.['run'];
    if (oldest !== undefined) dropRun(on, String(oldest));
    else {
      on.prepare(
        'DELETE FROM frames WHERE run = ?1 AND revision IN (SELECT revision FROM (SELECT revision, row_number() OVER (ORDER BY revision) AS at FROM frames WHERE run = ?1) WHERE at % 2 = 1)',
      ).run(runId);
      weigh(on, runId);
    }
  }
}

/** Undefined when it is not what was written. */
async function textOf({ sum, state, chars }: Row): Promise<string | undefined> {
  if (!sumOf(state).equals(sum)) return undefined;
  const text = (await inflated(state, { maxOutputLength: chars * 4 + 1 })).toString();
  return text.length === chars ? text : undefined;
}

function open(path: string): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true });
  const db = openDatabase(path);
  try {
    db.exec(`PRAGMA busy_timeout = ${BLOCK_MS}`);
    const pragma = (name: string): unknown => db.prepare(`PRAGMA ${name}`).get()?.[name];
    const { objects } = db.prepare('SELECT count(*) AS objects FROM sqlite_schema').get() ?? {};
    if (objects !== 0 && pragma('application_id') !== APPLICATION_ID)
      throw unavailable(path, new Error('it is the SQLite file of another application'));
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF');
    if (pragma('user_version') !== SCHEMA_VERSION) db.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT;`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

const unavailable = (path: string, error: unknown): RepriseError =>
  new RepriseError('REPRISE_VIEW_STORE_UNAVAILABLE', `No keyframes are kept in ${path}: ${(error as Error).message}`, {
    cause: error,
    retryable: false,
  });
