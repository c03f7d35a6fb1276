import type { ReadAllOptions, ReadOptions, RecordedEvent, Snapshot } from '@reprise/core';
import { toRecordedEvent } from './mapping.ts';
import type { DatabaseSync, Row, StatementSync } from './node-sqlite.ts';
import { EVENT_COLUMNS } from './schema.ts';
import { translated } from './store-error.ts';
import { corrupt, StoreFaultError } from './store-fault.ts';

const DEFAULT_LIMIT = 1000;
const COLUMNS = EVENT_COLUMNS.map((column) => `e.${column}`).join(', ');
const OF_STREAM = `SELECT ${COLUMNS} FROM events e WHERE e.stream_id = (SELECT id FROM streams WHERE stream = ?)`;

/**
 * The reading connection, on the caller's thread: it blocks the loop for one page, so the caller's limit bounds how long.
 * Every call sees all that was committed before it, by whatever process.
 */
export class Reader {
  readonly #db: DatabaseSync;
  readonly #path: string;
  readonly #forwards: StatementSync;
  readonly #backwards: StatementSync;
  readonly #all: StatementSync;
  readonly #head: StatementSync;
  readonly #dataVersion: StatementSync;
  readonly #appendedTo: StatementSync;
  readonly #snapshot: StatementSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(db: DatabaseSync, path: string) {
    this.#db = db;
    this.#path = path;
    this.#forwards = db.prepare(`${OF_STREAM} AND e.revision >= ? ORDER BY e.revision LIMIT ?`);
    this.#backwards = db.prepare(`${OF_STREAM} AND e.revision <= ? ORDER BY e.revision DESC LIMIT ?`);
    this.#all = db.prepare(
      `SELECT ${COLUMNS}, s.stream FROM events e JOIN streams s ON s.id = e.stream_id
       WHERE e.position >= ? ORDER BY e.position LIMIT ?`,
    );
    this.#head = db.prepare('SELECT max(position) AS position FROM events');
    this.#dataVersion = db.prepare('PRAGMA data_version');
    this.#appendedTo = db.prepare(
      `SELECT s.stream, max(e.revision) AS revision FROM events e JOIN streams s ON s.id = e.stream_id
       WHERE e.position BETWEEN ? AND ? GROUP BY e.stream_id ORDER BY min(e.position)`,
    );
    this.#snapshot = db.prepare('SELECT revision, schema, state FROM snapshots WHERE stream = ?');
  }

  read(stream: string, { from, direction = 'forwards', limit = DEFAULT_LIMIT }: ReadOptions = {}): RecordedEvent[] {
    const rows = this.#rows(() =>
      direction === 'forwards'
        ? this.#forwards.all(stream, from ?? 0, Math.max(0, limit))
        : this.#backwards.all(stream, from ?? Number.MAX_SAFE_INTEGER, Math.max(0, limit)),
    );
    return rows.map((row) => this.#toEvent(row, stream));
  }

  readAll({ from = 0, limit = DEFAULT_LIMIT }: ReadAllOptions = {}): RecordedEvent[] {
    const rows = this.#rows(() => this.#all.all(from, Math.max(0, limit)));
    return rows.map((row) => this.#toEvent(row, String(row.stream)));
  }

  /** The last position; -1 in an empty store. */
  head(): number {
    return translated(this.#path, () => Number(this.#head.get()?.position ?? -1));
  }

  /** Changes whenever another connection, the writer of this store included, has committed. */
  dataVersion(): number {
    return translated(this.#path, () => Number(this.#dataVersion.get()?.data_version));
  }

  /** The streams that have events at the positions from..to (inclusive), each with its last revision among them. */
  appendedTo(from: number, to: number): { readonly stream: string; readonly revision: number }[] {
    const rows = this.#rows(() => this.#appendedTo.all(from, to));
    return rows.map(({ stream, revision }) => ({ stream: String(stream), revision: Number(revision) }));
  }

  snapshot(stream: string): Snapshot | undefined {
    const row = translated(this.#path, () => this.#snapshot.get(stream));
    if (row === undefined) return undefined;
    return { revision: Number(row.revision), schema: String(row.schema), state: String(row.state) };
  }

  /** Rows of any query; `sql` is prepared once. */
  query(sql: string, parameters: readonly (string | number)[]): Row[] {
    return this.#rows(() => {
      const statement = this.#prepared.get(sql) ?? this.#db.prepare(sql);
      this.#prepared.set(sql, statement);
      return statement.all(...parameters);
    });
  }

  close(): void {
    this.#db.close();
  }

  #rows(read: () => Row[]): Row[] {
    return translated(this.#path, read);
  }

  #toEvent(row: Row, stream: string): RecordedEvent {
    return translated(this.#path, () => {
      try {
        return toRecordedEvent(row, stream);
      } catch (error) {
        throw new StoreFaultError(corrupt(this.#path, `the event at position ${row.position} is not JSON`), error);
      }
    });
  }
}
