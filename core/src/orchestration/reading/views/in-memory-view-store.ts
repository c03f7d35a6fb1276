import type { Position } from '../../../event-store/position.ts';
import { freezeJson, type JsonObject } from '../../../shared/json.ts';
import { matches, valueAt } from '../query/matches.ts';
import { EVERYTHING } from '../query/query.ts';
import { decodeRowPlace, encodeRowPlace, type RowPlace } from './view-cursor.ts';
import { viewConflict, viewStoreClosed } from './view-errors.ts';
import { DEFAULT_VIEW_LIMIT, type ViewId, type ViewOrder, type ViewStore } from './view-store.ts';

interface View {
  checkpoint: Position | undefined;
  readonly rows: Map<string, JsonObject>;
}

/** The reference implementation of the port: in this process's memory, gone when it ends. Rows are kept as they are handed over, and frozen. */
export function createInMemoryViewStore(): ViewStore {
  const views = new Map<string, Map<number, View>>();
  let closed = false;

  const versionsOf = ({ name }: ViewId): Map<number, View> => {
    if (closed) throw viewStoreClosed();
    const known = views.get(name);
    if (known !== undefined) return known;
    const none = new Map<number, View>();
    views.set(name, none);
    return none;
  };
  const viewOf = (id: ViewId): View | undefined => versionsOf(id).get(id.version);

  return {
    async checkpoint(id) {
      const versions = versionsOf(id);
      for (const version of versions.keys()) if (version < id.version) versions.delete(version);
      return versions.get(id.version)?.checkpoint;
    },

    async commit(id, { expected, next, changes }) {
      const view = viewOf(id) ?? { checkpoint: undefined, rows: new Map() };
      if (view.checkpoint !== expected) throw viewConflict(id, expected, view.checkpoint);
      for (const { key, row } of changes) {
        if (row === undefined) view.rows.delete(key);
        else {
          freezeJson(row);
          view.rows.set(key, row);
        }
      }
      view.checkpoint = next;
      versionsOf(id).set(id.version, view);
    },

    async get(id, keys) {
      const rows = viewOf(id)?.rows;
      return new Map(
        keys.flatMap((key) => {
          const row = rows?.get(key);
          return row === undefined ? [] : [[key, row] as const];
        }),
      );
    },

    async list(id, { where = EVERYTHING, order, limit = DEFAULT_VIEW_LIMIT, after }) {
      const from = after === undefined ? undefined : decodeRowPlace(after);
      const found: (RowPlace & { readonly row: JsonObject })[] = [];
      for (const [key, row] of viewOf(id)?.rows ?? []) {
        if (key.startsWith('~') || !matches(where, row)) continue;
        const place = { rank: rankOf(row, order), key };
        if (from === undefined || comparePlaces(place, from, order) > 0) found.push({ ...place, row });
      }
      found.sort((a, b) => comparePlaces(a, b, order));
      const rows = found
        .slice(0, Math.max(0, limit))
        .map(({ key, row, rank }) => ({ key, row, cursor: encodeRowPlace({ rank, key }) }));
      const last = rows.at(-1);
      return { rows, ...(last === undefined || rows.length === found.length ? {} : { next: last.cursor }) };
    },

    async clear(id) {
      versionsOf(id).delete(id.version);
    },

    async close() {
      closed = true;
    },
  };
}

function rankOf(row: JsonObject, order: ViewOrder | undefined): number | undefined {
  const value = order === undefined ? undefined : valueAt(row, order.path);
  return typeof value === 'number' ? value : undefined;
}

/** Negative when `a` comes first. Keys are compared by code point, as UTF-8 does: that is what stores on a disk do. */
function comparePlaces(a: RowPlace, b: RowPlace, order: ViewOrder | undefined): number {
  if (a.rank !== b.rank) {
    if (a.rank === undefined) return 1;
    if (b.rank === undefined) return -1;
    return order?.descending === true ? b.rank - a.rank : a.rank - b.rank;
  }
  return compareKeys(a.key, b.key);
}

/** By code point. */
export function compareKeys(a: string, b: string): number {
  if (a === b) return 0;
  const left = [...a];
  const right = [...b];
  for (let at = 0; at < left.length && at < right.length; at += 1) {
    const difference = (left[at]?.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
