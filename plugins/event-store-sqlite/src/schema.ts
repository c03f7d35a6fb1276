import type { DatabaseSync } from './node-sqlite.ts';

/** "RPRS": marks the file as an event store of Reprise (PRAGMA application_id). */
export const APPLICATION_ID = 0x52505253;

/**
 * One entry per version of the schema; a store of version n runs the entries from n on, in one transaction. What a `$name`
 * stands for is asked of the database with the statement of that name in MIGRATION_VALUES.
 *
 * Version 2: events have a checksum, chained over their stream (checksum.ts). Those of version 1 have none; from
 * `store.first_checked` on every event must have one, and a process that still runs the older version cannot append another.
 * `store.id` names this file and its copies.
 *
 * Version 3: metadata without a column of its own is kept as JSON, in `meta`.
 *
 * Version 4: a new stream has the trace of its first event (`trace`, a traceparent without its span), and its events of that trace
 * have their span alone in `traceparent` (trace-packing.ts). Streams of before have none, and keep traceparents whole.
 *
 * Version 5: a stream keeps the `attributes` of its summary, as JSON. Streams that were not appended to since have none.
 *
 * There is no index over event ids: whether an append is a repetition is asked of the revisions it would have taken, so
 * only streams and their revisions need one. `id`, `causation` and `correlation` hold a UUID as 16 bytes, other ids as
 * text. The view `history` is for people with a sqlite3 shell.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE streams (
    id INTEGER PRIMARY KEY,
    stream TEXT NOT NULL UNIQUE,
    kind TEXT, name TEXT, status TEXT, created_at INTEGER, updated_at INTEGER
  ) STRICT;
  CREATE INDEX streams_newest ON streams (kind, created_at, id) WHERE kind IS NOT NULL;
  CREATE INDEX streams_by_status ON streams (kind, status, created_at, id) WHERE kind IS NOT NULL;
  CREATE INDEX streams_by_name ON streams (kind, name, created_at, id) WHERE kind IS NOT NULL;

  CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    stream_id INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    id ANY NOT NULL,
    type TEXT NOT NULL,
    time INTEGER NOT NULL,
    data TEXT NOT NULL,
    causation ANY NOT NULL,
    correlation ANY,
    schema_version INTEGER NOT NULL,
    traceparent TEXT
  ) STRICT;
  CREATE UNIQUE INDEX events_by_stream ON events (stream_id, revision);

  CREATE TABLE snapshots (
    stream TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    schema TEXT NOT NULL,
    state TEXT NOT NULL
  ) STRICT;

  CREATE VIEW history AS
    SELECT e.position, s.stream, e.revision, e.type, datetime(e.time / 1000.0, 'unixepoch', 'subsec') AS at, e.data,
      iif(typeof(e.causation) = 'blob', lower(hex(e.causation)), e.causation) AS causation
    FROM events e JOIN streams s ON s.id = e.stream_id
    ORDER BY e.position;
  `,
  `
  CREATE TABLE store (id BLOB NOT NULL, first_checked INTEGER NOT NULL) STRICT;
  INSERT INTO store VALUES (randomblob(16), $firstChecked);
  ALTER TABLE events ADD COLUMN checksum INTEGER CHECK (checksum IS NOT NULL OR position < $firstChecked);
  ALTER TABLE snapshots ADD COLUMN checksum INTEGER;
  `,
  `
  ALTER TABLE events ADD COLUMN meta TEXT;
  `,
  `
  ALTER TABLE streams ADD COLUMN trace TEXT;
  `,
  `
  ALTER TABLE streams ADD COLUMN attributes TEXT;
  `,
];

const MIGRATION_VALUES: Readonly<Record<string, string>> = {
  $firstChecked: 'SELECT coalesce(max(position) + 1, 0) AS value FROM events',
};

/** Brings the schema from `version` to the newest. Inside a transaction. */
export function migrateSchema(db: DatabaseSync, version: number): void {
  for (const sql of MIGRATIONS.slice(version)) {
    db.exec(sql.replace(/\$[a-zA-Z]+/g, (name) => String(db.prepare(MIGRATION_VALUES[name] ?? '').get()?.value)));
  }
  db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}`);
}

export const SCHEMA_VERSION = MIGRATIONS.length;

export const EVENT_COLUMNS = [
  'position',
  'stream_id',
  'revision',
  'id',
  'type',
  'time',
  'data',
  'causation',
  'correlation',
  'schema_version',
  'traceparent',
  'checksum',
  'meta',
] as const;

/** Versions of the schema that brought a column. */
const SINCE: Readonly<Partial<Record<(typeof EVENT_COLUMNS)[number], number>>> = { checksum: 2, meta: 3 };

/** The columns of EVENT_COLUMNS as a query has them; those that came with a later version than the file's are null. */
export const selected = (version: number): string =>
  EVENT_COLUMNS.map((column) => (version < (SINCE[column] ?? 0) ? `NULL AS ${column}` : `e.${column}`)).join(', ');

/** The trace of a stream `s`, in a query; null in a file of a version without. */
export const traceColumn = (version: number): string => (version < 4 ? 'NULL AS trace' : 's.trace');

/** The attributes of a stream `s`, in a query; null in a file of a version without. */
export const attributesColumn = (version: number): string => (version < 5 ? 'NULL AS attributes' : 's.attributes');

export interface StoreIdentity {
  /** As hex. */
  readonly id: string;
  /** From this position on every event has a checksum. */
  readonly firstChecked: number;
}

/** What the file says of itself; undefined for one of version 1. */
export function storeIdentity(db: DatabaseSync): StoreIdentity | undefined {
  if (Number(pragma(db, 'user_version')) < 2) return undefined;
  const row = db.prepare('SELECT hex(id) AS id, first_checked FROM store').get();
  return row === undefined ? undefined : { id: String(row.id).toLowerCase(), firstChecked: Number(row.first_checked) };
}

export function pragma(db: DatabaseSync, name: string): number | string | null {
  const row = db.prepare(`PRAGMA ${name}`).get();
  const value = row === undefined ? null : (Object.values(row)[0] ?? null);
  return typeof value === 'number' || typeof value === 'string' ? value : null;
}
