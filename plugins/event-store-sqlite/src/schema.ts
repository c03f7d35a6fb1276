import type { DatabaseSync } from './node-sqlite.ts';

/** "RPRS": marks the file as an event store of Reprise (PRAGMA application_id). */
export const APPLICATION_ID = 0x52505253;

/**
 * One entry per version of the schema; a store of version n runs the entries from n on, in one transaction.
 *
 * There is no index over event ids: whether an append is a repetition is asked of the revisions it would have taken, so
 * only streams and their revisions need one. `id`, `causation` and `correlation` hold a UUID as 16 bytes, other ids as
 * text. The view `history` is for people with a sqlite3 shell.
 */
export const MIGRATIONS: readonly string[] = [
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
];

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
] as const;

export function pragma(db: DatabaseSync, name: string): number | string | null {
  const row = db.prepare(`PRAGMA ${name}`).get();
  const value = row === undefined ? null : (Object.values(row)[0] ?? null);
  return typeof value === 'number' || typeof value === 'string' ? value : null;
}
