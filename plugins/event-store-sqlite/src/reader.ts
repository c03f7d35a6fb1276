import { statSync } from 'node:fs';
import {
  BEGINNING,
  decodePosition,
  type EventPage,
  NO_STREAM,
  type ReadAllOptions,
  type ReadOptions,
  type RecordedEvent,
  type Snapshot,
} from '@reprise/core/plugin';
import { checksumOf } from './checksum.ts';
import type { DatabaseSync, Row, SQLInputValue, StatementSync } from './node-sqlite.ts';
import { hasWal, type ReadOnlyDatabase } from './open.ts';
import { pragma, selected, storeIdentity, traceColumn } from './schema.ts';
import { translated } from './store-error.ts';
import { StoreFaultError } from './store-fault.ts';
import { traceFrom } from './trace-packing.ts';
import { type StreamFacts, verified } from './verify.ts';

const DEFAULT_LIMIT = 1000;
/** A page ends with the event that takes its data to this many characters. */
const PAGE_CHARS = 4 * 1024 * 1024;
/** No stream has it. */
const NO_ID = -1;
/** Streams of which readAll remembers the last event that it saw. */
const SEEN = 10_000;

/** The last event of a stream in the order of reading. */
interface Seen {
  readonly revision: number;
  readonly checksum: number | null;
}

export interface AppendedTo {
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
}

/**
 * The reading connection, on the caller's thread: it blocks the loop for one page, so the caller's limit, and PAGE_CHARS, bound
 * how long. Every call sees all that was committed before it, by whatever process. Events are verified as they are read, each
 * with the one before it in its stream.
 */
export class Reader {
  readonly #db: DatabaseSync;
  readonly #path: string;
  readonly #frozen: string | undefined;
  readonly #version: number;
  readonly #place: { readonly path: string; readonly firstChecked: number };
  readonly #seen = new Map<number, Seen>();
  readonly #stream: StatementSync;
  readonly #forwards: StatementSync;
  readonly #backwards: StatementSync;
  readonly #all: StatementSync;
  readonly #checksum: StatementSync;
  readonly #head: StatementSync;
  readonly #there: StatementSync;
  readonly #lastRevision: StatementSync;
  readonly #dataVersion: StatementSync;
  readonly #appendedTo: StatementSync;
  readonly #snapshot: StatementSync;
  readonly #prepared = new Map<string, StatementSync>();

  /** Of the file's schema, when it was opened. */
  get version(): number {
    return this.#version;
  }

  constructor({ db, frozen }: ReadOnlyDatabase, path: string) {
    this.#db = db;
    this.#path = path;
    this.#frozen = frozen ? fingerprint(path) : undefined;
    this.#version = Number(pragma(db, 'user_version'));
    this.#place = { path, firstChecked: storeIdentity(db)?.firstChecked ?? Number.POSITIVE_INFINITY };
    const columns = selected(this.#version);
    const trace = traceColumn(this.#version);
    this.#stream = db.prepare(`SELECT s.id, ${trace} FROM streams s WHERE s.stream = ?`);
    const ofStream = `SELECT ${columns} FROM events e WHERE e.stream_id = ?`;
    this.#forwards = db.prepare(`${ofStream} AND e.revision >= ? ORDER BY e.revision LIMIT ?`);
    this.#backwards = db.prepare(`${ofStream} AND e.revision <= ? ORDER BY e.revision DESC LIMIT ?`);
    this.#all = db.prepare(
      `SELECT ${columns}, s.stream, ${trace} FROM events e JOIN streams s ON s.id = e.stream_id
       WHERE e.position > ? ORDER BY e.position LIMIT ?`,
    );
    const checksum = this.#version < 2 ? 'NULL AS checksum' : 'checksum';
    this.#checksum = db.prepare(`SELECT ${checksum} FROM events WHERE stream_id = ? AND revision = ?`);
    this.#there = db.prepare('SELECT 1 FROM events WHERE position = ?');
    this.#head = db.prepare('SELECT max(position) AS position FROM events');
    this.#lastRevision = db.prepare(
      'SELECT max(revision) AS revision FROM events WHERE stream_id = (SELECT id FROM streams WHERE stream = ?)',
    );
    this.#dataVersion = db.prepare('PRAGMA data_version');
    this.#appendedTo = db.prepare(
      `SELECT s.stream, max(e.revision) AS revision, max(e.position) AS position FROM events e JOIN streams s ON s.id = e.stream_id
       WHERE e.position BETWEEN ? AND ? GROUP BY e.stream_id ORDER BY min(e.position)`,
    );
    this.#snapshot = db.prepare(`SELECT revision, schema, state, ${checksum} FROM snapshots WHERE stream = ?`);
  }

  read(stream: string, { from, direction = 'forwards', limit = DEFAULT_LIMIT }: ReadOptions = {}): EventPage {
    return this.#use(() => {
      const statement = direction === 'forwards' ? this.#forwards : this.#backwards;
      const start = from ?? (direction === 'forwards' ? 0 : Number.MAX_SAFE_INTEGER);
      const found = this.#stream.get(stream);
      const facts = { stream, trace: traceFrom((found?.trace ?? null) as string | null) };
      const { rows, complete } = this.#page(statement, Number(found?.id ?? NO_ID), start, Math.max(0, limit));
      const step = direction === 'forwards' ? -1 : 1;
      const events = rows.flatMap((row, index) => {
        const near = rows[index + step];
        const before = near !== undefined && Number(near.revision) === Number(row.revision) - 1 ? near : undefined;
        const known = before === undefined ? undefined : (before.checksum as number | null);
        return this.#event(row, facts, known) ?? [];
      });
      return complete && rows.length < limit ? Object.assign(events, { complete }) : events;
    });
  }

  readAll({ after = BEGINNING, limit = DEFAULT_LIMIT }: ReadAllOptions = {}): EventPage {
    return this.#use(() => {
      const { rows, complete } = this.#page(this.#all, decodePosition(after), Math.max(0, limit));
      const events = rows.flatMap((row) => {
        const id = Number(row.stream_id);
        const facts = { stream: String(row.stream), trace: traceFrom(row.trace as string | null) };
        const seen = this.#seen.get(id);
        const known = seen?.revision === Number(row.revision) - 1 ? seen.checksum : undefined;
        const event = this.#event(row, facts, known);
        if (event === undefined) return [];
        if (this.#seen.size >= SEEN) this.#seen.clear();
        this.#seen.set(id, { revision: event.revision, checksum: row.checksum as number | null });
        return event;
      });
      return complete && rows.length < limit ? Object.assign(events, { complete }) : events;
    });
  }

  /** The last position; -1 in an empty store. */
  head(): number {
    return this.#use(() => Number(this.#head.get()?.position ?? -1));
  }

  /** The last revision of a stream; NO_STREAM when there is none. */
  endOf(stream: string): number {
    return this.#use(() => Number(this.#lastRevision.get(stream)?.revision ?? NO_STREAM));
  }

  /** Changes whenever another connection, the writer of this store included, has committed. */
  dataVersion(): number {
    return this.#use(() => Number(this.#dataVersion.get()?.data_version));
  }

  /** The streams that have events at the positions from..to (inclusive), each with the last revision and position among them. */
  appendedTo(from: number, to: number): readonly AppendedTo[] {
    const rows = this.#use(() => this.#appendedTo.all(from, to));
    return rows.map(({ stream, revision, position }) => ({
      stream: String(stream),
      revision: Number(revision),
      position: Number(position),
    }));
  }

  /** The cached state of a stream. One that does not fit its checksum, or has none, is as good as none. */
  snapshot(stream: string): Snapshot | undefined {
    const row = this.#use(() => this.#snapshot.get(stream));
    if (row === undefined) return undefined;
    const state = String(row.state);
    if (row.checksum !== checksumOf(state)) return undefined;
    return { revision: Number(row.revision), schema: String(row.schema), state };
  }

  /** Rows of any query; `sql` is prepared once. */
  query(sql: string, parameters: readonly (string | number)[]): Row[] {
    return this.#use(() => {
      const statement = this.#prepared.get(sql) ?? this.#db.prepare(sql);
      this.#prepared.set(sql, statement);
      return statement.all(...parameters);
    });
  }

  close(): void {
    this.#db.close();
  }

  #use<T>(work: () => T): T {
    return translated(this.#path, () => {
      if (this.#frozen !== undefined && this.#frozen !== fingerprint(this.#path)) throw changed(this.#path);
      return work();
    });
  }

  /** One page: as many rows as the statement has (complete), or as fit. */
  #page(
    statement: StatementSync,
    ...parameters: SQLInputValue[]
  ): { readonly rows: Row[]; readonly complete: boolean } {
    const rows: Row[] = [];
    let chars = 0;
    for (const row of statement.iterate(...parameters)) {
      rows.push(row);
      chars += (row.data as string).length;
      if (chars >= PAGE_CHARS) return { rows, complete: false };
    }
    return { rows, complete: true };
  }

  /**
   * The event of a row; undefined when its stream was removed since. `known`: what the event before it is remembered to have as its checksum, which is
   * another one where the stream began anew.
   */
  #event(row: Row, facts: StreamFacts, known: number | null | undefined): RecordedEvent | undefined {
    try {
      return verified(row, facts, known === undefined ? this.#checksumBefore(row) : known, this.#place);
    } catch (error) {
      if (this.#there.get(Number(row.position)) === undefined) return undefined;
      if (known === undefined) throw error;
      return verified(row, facts, this.#checksumBefore(row), this.#place);
    }
  }

  /** Null before the first event, and where the one before is of version 1; undefined when it is not there. */
  #checksumBefore({ stream_id, revision }: Row): number | null | undefined {
    if (revision === 0) return null;
    const row = this.#checksum.get(Number(stream_id), Number(revision) - 1);
    return row === undefined ? undefined : (row.checksum as number | null);
  }
}

/** Of a file that is read as one that nothing changes. */
function fingerprint(path: string): string {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return `${stats?.ino} ${stats?.size} ${stats?.mtimeNs} ${hasWal(path)}`;
}

const changed = (path: string): StoreFaultError =>
  new StoreFaultError({
    code: 'REPRISE_STORE_UNAVAILABLE',
    message: `${path} was opened as a file that nothing changes (its folder could not be written), and has been changed. Open it again.`,
    retryable: false,
  });
