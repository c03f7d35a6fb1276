import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import {
  DEFAULT_VIEW_LIMIT,
  decodeRowPlace,
  definePlugin,
  EVERYTHING,
  encodeRowPlace,
  type JsonObject,
  matches,
  type Plugin,
  RepriseError,
  type RowPlace,
  type ViewBatch,
  type ViewId,
  type ViewOrder,
  type ViewQuery,
  type ViewStore,
  viewConflict,
  viewStoreClosed,
} from '@reprise/core/plugin';

/** Views as one JSON file, which every commit replaces: for small views, and one process. */
export const jsonFileViews = (path: string): Plugin<'view-store'> =>
  definePlugin({ name: 'json-file', kind: 'view-store', create: () => createJsonFileViews(path) });

interface View extends ViewId {
  readonly checkpoint: string;
  readonly rows: Readonly<Record<string, JsonObject>>;
}

export async function createJsonFileViews(path: string): Promise<ViewStore> {
  let views = await load(path);
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;

  const find = ({ name, version }: ViewId): View | undefined =>
    views.find((view) => view.name === name && view.version === version);
  /** A copy: what becomes of what is handed out is not the store's. */
  const rowsOf = (id: ViewId): View['rows'] => {
    if (closed) throw viewStoreClosed();
    return structuredClone(find(id)?.rows ?? {});
  };
  /** One change after the other. What is in memory is what is on disk. */
  const change = (next: () => readonly View[]): Promise<void> => {
    if (closed) throw viewStoreClosed();
    const changed = last.then(async () => {
      const all = next();
      if (all === views) return;
      await save(path, all);
      views = all;
    });
    last = changed.catch(() => undefined);
    return changed;
  };
  const without = (drop: (view: View) => boolean): readonly View[] =>
    views.some(drop) ? views.filter((view) => !drop(view)) : views;

  return {
    async checkpoint(id) {
      await change(() => without(({ name, version }) => name === id.name && version < id.version));
      return find(id)?.checkpoint;
    },
    async commit(id, batch) {
      await change(() => {
        const view = find(id);
        if (view?.checkpoint !== batch.expected) throw viewConflict(id, batch.expected, view?.checkpoint);
        return [...views.filter((other) => other !== view), changedBy(batch, id, view)];
      });
    },
    async get(id, keys) {
      const rows = rowsOf(id);
      return new Map(keys.flatMap((key) => (Object.hasOwn(rows, key) ? [[key, rows[key] as JsonObject]] : [])));
    },
    async list(id, query) {
      return pageOf(Object.entries(rowsOf(id)), query);
    },
    async clear(id) {
      await change(() => without(({ name, version }) => name === id.name && version === id.version));
    },
    async close() {
      closed = true;
      await last;
    },
  };
}

function changedBy({ changes, next }: ViewBatch, { name, version }: ViewId, view: View | undefined): View {
  const rows = new Map(Object.entries(view?.rows ?? {}));
  for (const { key, row } of changes) {
    if (row === undefined) rows.delete(key);
    else rows.set(key, structuredClone(row));
  }
  return { name, version, checkpoint: next, rows: Object.fromEntries(rows) };
}

function pageOf(rows: readonly (readonly [string, JsonObject])[], query: ViewQuery) {
  const { where = EVERYTHING, order, limit = DEFAULT_VIEW_LIMIT, after } = query;
  const from = after === undefined ? undefined : decodeRowPlace(after);
  const found = rows
    .filter(([key, row]) => !key.startsWith('~') && matches(where, row))
    .map(([key, row]) => ({ key, row, rank: numberAt(row, order) }))
    .filter((place) => from === undefined || compare(place, from, order) > 0)
    .sort((a, b) => compare(a, b, order));
  const page = found.slice(0, Math.max(0, limit)).map((place) => ({
    key: place.key,
    row: place.row,
    cursor: encodeRowPlace(place),
  }));
  const end = page.at(-1);
  return { rows: page, ...(end === undefined || page.length === found.length ? {} : { next: end.cursor }) };
}

function numberAt(row: JsonObject, order: ViewOrder | undefined): number | undefined {
  let at: unknown = order === undefined ? undefined : row;
  for (const key of order?.path ?? []) at = typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined;
  return typeof at === 'number' ? at : undefined;
}

/** By number, those without one last; then by key, in the order of UTF-8. */
function compare(a: RowPlace, b: RowPlace, order: ViewOrder | undefined): number {
  if (a.rank === b.rank) return Buffer.compare(Buffer.from(a.key), Buffer.from(b.key));
  if (a.rank === undefined) return 1;
  if (b.rank === undefined) return -1;
  return order?.descending === true ? b.rank - a.rank : a.rank - b.rank;
}

/** A view is disposable: what cannot be read is built again. */
async function load(path: string): Promise<readonly View[]> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as readonly View[];
  } catch {
    await rm(path, { force: true });
    return [];
  }
}

async function save(path: string, views: readonly View[]): Promise<void> {
  try {
    await writeFile(`${path}.new`, JSON.stringify(views));
    await rename(`${path}.new`, path);
  } catch (cause) {
    throw new RepriseError('REPRISE_VIEW_STORE_UNAVAILABLE', `The views could not be written to ${path}.`, { cause });
  }
}
