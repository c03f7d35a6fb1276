import {
  DEFAULT_VIEW_LIMIT,
  decodeRowPlace,
  EVERYTHING,
  encodeRowPlace,
  type JsonObject,
  type Position,
  queryToSql,
  type RowPlace,
  type ViewBatch,
  type ViewId,
  type ViewPage,
  type ViewQuery,
  viewConflict,
} from '@reprise/core/plugin';
import { indexFor, rankOf, toRow, toText } from './mapping.ts';
import type { DatabaseSync, StatementSync } from './node-sqlite.ts';

type Found = { readonly key: string; readonly row: string; readonly rank: number | null };
type Parameters = readonly (string | number)[];

/** The statements of a view store, over one connection. Everything is done when a call returns; errors are those of SQLite. */
export class ViewTables {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #indexes = new Set<string>();

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  close(): void {
    this.#db.close();
  }

  checkpoint({ name, version }: ViewId): Position | undefined {
    const older = this.#sql('SELECT id FROM views WHERE name = ? AND version < ?').all(name, version);
    const drop = (): void => {
      for (const { id } of older) this.#drop(Number(id));
    };
    if (older.length > 0) this.#transaction(drop);
    return this.#view({ name, version })?.checkpoint;
  }

  commit(view: ViewId, { expected, next, changes }: ViewBatch): void {
    this.#transaction(() => {
      const known = this.#view(view);
      if (known?.checkpoint !== expected) throw viewConflict(view, expected, known?.checkpoint);
      const id = known?.id ?? this.#add(view);
      this.#sql('UPDATE views SET checkpoint = ? WHERE id = ?').run(next, id);
      const put = this.#sql(
        'INSERT INTO rows (view, key, row) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET row = excluded.row',
      );
      const remove = this.#sql('DELETE FROM rows WHERE view = ? AND key = ?');
      for (const { key, row } of changes) {
        if (row === undefined) remove.run(id, key);
        else put.run(id, key, toText(row));
      }
    });
  }

  get(view: ViewId, keys: readonly string[]): ReadonlyMap<string, JsonObject> {
    const found = new Map<string, JsonObject>();
    const known = this.#view(view);
    if (known === undefined) return found;
    const select = this.#sql('SELECT row FROM rows WHERE view = ? AND key = ?');
    for (const key of keys) {
      const text = select.get(known.id, key)?.['row'];
      if (text !== undefined) found.set(key, toRow(text));
    }
    return found;
  }

  list(view: ViewId, query: ViewQuery): ViewPage {
    const { limit = DEFAULT_VIEW_LIMIT, after } = query;
    const from = after === undefined ? undefined : decodeRowPlace(after);
    const known = this.#view(view);
    if (known === undefined) return { rows: [] };
    this.#index(known.id, query);
    const size = Math.max(0, limit);
    const found = this.#page(known.id, query, from, size + 1);
    const rows = found.slice(0, size).map(({ key, row, rank }) => ({
      key,
      row: toRow(row),
      cursor: encodeRowPlace({ rank: rank ?? undefined, key }),
    }));
    const last = rows.at(-1);
    return { rows, ...(last === undefined || found.length <= size ? {} : { next: last.cursor }) };
  }

  clear(view: ViewId): void {
    this.#transaction(() => {
      const known = this.#view(view);
      if (known !== undefined) this.#drop(known.id);
    });
  }

  /** Rows that have a number in the order come first, then those that have none: two selects, each of which an index serves. */
  #page(id: number, query: ViewQuery, from: RowPlace | undefined, limit: number): readonly Found[] {
    const { order } = query;
    const ranked: Found[] = [];
    if (order !== undefined && (from === undefined || from.rank !== undefined)) {
      const [sign, direction] = order.descending === true ? ['<', ' DESC'] : ['>', ''];
      const place = from?.rank === undefined ? 'rank IS NOT NULL' : `rank ${sign}= ? AND (rank ${sign} ? OR key > ?)`;
      const parameters = from?.rank === undefined ? [] : [from.rank, from.rank, from.key];
      ranked.push(...this.#select(id, query, { place, parameters, by: `rank${direction}, key`, limit }));
    }
    const left = limit - ranked.length;
    if (left <= 0) return ranked;
    const behind = from !== undefined && from.rank === undefined ? from.key : undefined;
    const place = behind === undefined ? 'rank IS NULL' : 'rank IS NULL AND key > ?';
    const parameters = behind === undefined ? [] : [behind];
    return [...ranked, ...this.#select(id, query, { place, parameters, by: 'key', limit: left })];
  }

  #select(
    id: number,
    { where = EVERYTHING, order }: ViewQuery,
    {
      place,
      parameters,
      by,
      limit,
    }: { readonly place: string; readonly parameters: Parameters; readonly by: string; readonly limit: number },
  ): readonly Found[] {
    const rank = `(${rankOf(order)})`;
    const condition = queryToSql(where, 'row');
    // The number of the view is written out: the indexes are of one view each. `+view` would not be seen to be it.
    const sql = `SELECT key, row, ${rank} AS rank FROM rows WHERE view = ${id} AND substr(key, 1, 1) <> '~' AND ${condition.sql} AND ${place.replaceAll('rank', rank)} ORDER BY ${by.replaceAll('rank', rank)} LIMIT ?`;
    return this.#db.prepare(sql).all(...condition.parameters, ...parameters, limit) as unknown as readonly Found[];
  }

  /** Made when it is first of use. */
  #index(id: number, query: ViewQuery): void {
    const index = indexFor(query);
    if (index === undefined) return;
    const name = `view_${id}_${index.name}`;
    if (this.#indexes.has(name)) return;
    this.#db.exec(`CREATE INDEX IF NOT EXISTS "${name}" ON rows (${index.columns}) WHERE view = ${id}`);
    this.#indexes.add(name);
  }

  #view({ name, version }: ViewId): { readonly id: number; readonly checkpoint: Position | undefined } | undefined {
    const found = this.#sql('SELECT id, checkpoint FROM views WHERE name = ? AND version = ?').get(name, version);
    if (found === undefined) return undefined;
    const { id, checkpoint } = found;
    return { id: Number(id), checkpoint: checkpoint === null ? undefined : String(checkpoint) };
  }

  #add({ name, version }: ViewId): number {
    return Number(this.#sql('INSERT INTO views (name, version) VALUES (?, ?)').run(name, version).lastInsertRowid);
  }

  /** With its indexes, which are of its number. */
  #drop(id: number): void {
    this.#sql('DELETE FROM rows WHERE view = ?').run(id);
    this.#sql('DELETE FROM views WHERE id = ?').run(id);
    const like = `view\\_${id}\\_%`;
    const indexes = this.#sql(`SELECT name FROM sqlite_schema WHERE type = 'index' AND name LIKE ? ESCAPE '\\'`).all(
      like,
    );
    for (const { name } of indexes) this.#db.exec(`DROP INDEX "${String(name)}"`);
    this.#indexes.clear();
  }

  #sql(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#db.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #transaction(work: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }
}
