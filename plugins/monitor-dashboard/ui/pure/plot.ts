export interface ViewField {
  readonly type: 'text' | 'time' | 'duration' | 'number';
  readonly path: readonly string[];
  readonly about: string;
}
export type ViewFields = Readonly<Record<string, ViewField>>;
export type ViewRow = Readonly<Record<string, unknown>>;

/** What a row has at a path; undefined where there is nothing. */
export function valueAt(row: ViewRow, path: readonly string[]): unknown {
  let value: unknown = row;
  for (const key of path)
    value =
      typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as ViewRow)[key] : undefined;
  return value;
}

export interface Series {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface Plot {
  readonly kind: 'time' | 'bars';
  readonly series: readonly Series[];
  /** Of bars: what each is. */
  readonly labels: readonly string[];
  /** Series or bars that there was no room for. */
  readonly left: number;
}

const MOST_SERIES = 6;
const MOST_BARS = 24;
const sumOf = ({ points }: Series): number => points.reduce((sum, { y }) => sum + y, 0);

/** Rows that have a time are lines over it, one for each of the first text; others are bars. `measure` names the field that is drawn. */
export function plotOf(fields: ViewFields, rows: readonly ViewRow[], measure: string): Plot {
  const y = fields[measure];
  const names = Object.entries(fields);
  const time = names.find(([name, { type }]) => type === 'time' && (name === 'minute' || names.length < 4))?.[1];
  const texts = names.filter(([, { type }]) => type === 'text').map(([, field]) => field);
  const nameOf = (row: ViewRow): string =>
    texts
      .flatMap(({ path }) => valueAt(row, path) ?? [])
      .map(String)
      .join(' · ') || String(row['key'] ?? '');
  if (y === undefined) return { kind: 'bars', series: [], labels: [], left: 0 };
  const numbered = rows.flatMap((row) => {
    const value = valueAt(row, y.path);
    return typeof value === 'number' && Number.isFinite(value) ? [{ row, value }] : [];
  });
  if (time === undefined) {
    const sorted = numbered.toSorted((a, b) => b.value - a.value);
    const shown = sorted.slice(0, MOST_BARS);
    const points = shown.map(({ value }, x) => ({ x, y: value }));
    const labels = shown.map(({ row }) => nameOf(row));
    return { kind: 'bars', series: [{ name: measure, points }], labels, left: sorted.length - shown.length };
  }
  const bySeries = new Map<string, { x: number; y: number }[]>();
  for (const { row, value } of numbered) {
    const x = valueAt(row, time.path);
    if (typeof x !== 'number') continue;
    const points = bySeries.get(nameOf(row)) ?? [];
    points.push({ x, y: value });
    bySeries.set(nameOf(row), points);
  }
  const all = [...bySeries]
    .map(([name, points]): Series => ({ name, points: points.toSorted((a, b) => a.x - b.x) }))
    .toSorted((a, b) => sumOf(b) - sumOf(a));
  return { kind: 'time', series: all.slice(0, MOST_SERIES), labels: [], left: Math.max(0, all.length - MOST_SERIES) };
}

/** About what a share of all was less than, of counts by powers of two: the end of the bucket that it falls into. Undefined where nothing was counted. */
export function quantile(spread: Readonly<Record<string, number>>, share: number): number | undefined {
  const buckets = Object.entries(spread)
    .map(([end, count]) => ({ end: Number(end), count }))
    .toSorted((a, b) => a.end - b.end);
  const all = buckets.reduce((sum, { count }) => sum + count, 0);
  let seen = 0;
  for (const { end, count } of buckets) {
    seen += count;
    if (seen >= all * share) return end;
  }
  return undefined;
}
