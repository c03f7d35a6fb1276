import type { Json, JsonObject } from '@reprise/core/plugin';
import { type Call, FileAnswer, type Route } from './route.ts';
import type { DashboardSource } from './source.ts';

export const EXPORT_FORMATS = ['csv', 'ndjson'] as const;

const PAGE = 500;
/** Columns of a CSV at most: what rows have beyond that is in NDJSON. */
const COLUMNS = 200;

/** A spreadsheet would take these for a formula, and what agents say is in the cells. */
const FORMULA = /^[=+\-@\t\r\n]/;

/** One cell of a CSV (RFC 4180): text that a spreadsheet would calculate has an apostrophe before it; numbers are as they are. */
export function csvCell(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A row with the members of its objects as members of its own (`took.maxMs`). */
export function flatRow(row: JsonObject, prefix = '', depth = 0): Record<string, Json> {
  const flat: Record<string, Json> = {};
  for (const [name, value] of Object.entries(row)) {
    const isNested = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (isNested && depth < 2) Object.assign(flat, flatRow(value as JsonObject, `${prefix}${name}.`, depth + 1));
    else flat[prefix + name] = value;
  }
  return flat;
}

const lineOf = (cells: readonly (Json | undefined)[]): string => `${cells.map(csvCell).join(',')}\r\n`;

async function* pages(source: DashboardSource, view: string, query: string): AsyncGenerator<readonly JsonObject[]> {
  for (let after: string | undefined; ; ) {
    const { rows, next } = await source.viewRows(view, query, { limit: PAGE, after });
    yield rows;
    if (next === null) return;
    after = next;
  }
}

/** Columns are those of the rows of the first page, in the order in which they come. */
async function* csv(given: AsyncGenerator<readonly JsonObject[]>): AsyncGenerator<string, void, undefined> {
  let columns: readonly string[] | undefined;
  for await (const rows of given) {
    const flat = rows.map((row) => flatRow(row));
    if (columns === undefined) {
      columns = [...new Set(flat.flatMap((row) => Object.keys(row)))].slice(0, COLUMNS);
      yield lineOf(columns);
    }
    const names = columns;
    yield flat.map((row) => lineOf(names.map((name) => (Object.hasOwn(row, name) ? row[name] : undefined)))).join('');
  }
}

async function* ndjson(given: AsyncGenerator<readonly JsonObject[]>): AsyncGenerator<string, void, undefined> {
  for await (const rows of given) yield rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

/** What is wrong with the query is told before the file begins. */
async function begun(given: AsyncGenerator<readonly JsonObject[]>): Promise<AsyncGenerator<readonly JsonObject[]>> {
  const first = await given.next();
  return (async function* () {
    if (first.done !== true) yield first.value;
    yield* given;
  })();
}

const view = ({ path }: Call): string => path['view'] ?? '';

export const exportRoute = (query: NonNullable<Route['query']>): Route => ({
  id: 'views.export',
  method: 'get',
  path: '/views/:view/export',
  permission: 'view',
  summary: 'All rows of a view that fit, as a file: CSV (members of objects as columns) or NDJSON.',
  query: {
    ...query,
    format: { type: 'string', description: 'Default: csv.', default: 'csv', choices: EXPORT_FORMATS },
  },
  result: { type: 'string' },
  answer: async (call) => {
    const rows = await begun(pages(call.source, view(call), call.text('query') ?? ''));
    return call.text('format') === 'ndjson'
      ? new FileAnswer(`${view(call)}.ndjson`, 'application/x-ndjson', ndjson(rows))
      : new FileAnswer(`${view(call)}.csv`, 'text/csv', csv(rows));
  },
});
