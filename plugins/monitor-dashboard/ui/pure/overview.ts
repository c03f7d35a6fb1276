import { type Plot, quantile, type Series } from './plot.ts';

/** What became of the runs of a workflow in a minute, as far as the plots look at it. */
export interface MinuteRow {
  readonly minute: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly took: { readonly maxMs: number };
  readonly spread: Readonly<Record<string, number>>;
}

const MINUTE_MS = 60_000;
/** Minutes that plots show. */
const MINUTES = 60;

const plotOf = (series: readonly Series[]): Plot => ({ kind: 'time', series, labels: [], left: 0 });

/** The minutes of the hour up to `now`, each with what `of` makes of the rows of all workflows in it. */
function byMinute(rows: readonly MinuteRow[], now: number, of: (rows: readonly MinuteRow[]) => number | undefined) {
  const found = new Map<number, MinuteRow[]>();
  for (const row of rows) found.set(row.minute, [...(found.get(row.minute) ?? []), row]);
  const last = Math.floor(now / MINUTE_MS) * MINUTE_MS;
  return Array.from({ length: MINUTES }, (_, at) => last - (MINUTES - 1 - at) * MINUTE_MS).flatMap((x) => {
    const y = of(found.get(x) ?? []);
    return y === undefined ? [] : [{ x, y }];
  });
}

const sum =
  (of: 'failed' | 'cancelled') =>
  (rows: readonly MinuteRow[]): number =>
    rows.reduce((all, row) => all + row[of], 0);

/** Runs that failed and that were cancelled, a minute. */
export const failuresPlot = (rows: readonly MinuteRow[], now: number): Plot =>
  plotOf([
    { name: 'failed', points: byMinute(rows, now, sum('failed')) },
    { name: 'cancelled', points: byMinute(rows, now, sum('cancelled')) },
  ]);

/** How long runs that ended took, by the minute of their end: half of them less than p50, to a factor of two. Minutes in which none ended have no point. */
export function latencyPlot(rows: readonly MinuteRow[], now: number): Plot {
  const of = (share: number) => (inMinute: readonly MinuteRow[]) => {
    const spread: Record<string, number> = {};
    for (const row of inMinute)
      for (const [end, count] of Object.entries(row.spread)) spread[end] = (spread[end] ?? 0) + count;
    const end = quantile(spread, share);
    // None took longer than the slowest.
    return end === undefined ? undefined : Math.min(end, Math.max(...inMinute.map(({ took }) => took.maxMs)));
  };
  return plotOf([
    { name: 'p50', points: byMinute(rows, now, of(0.5)) },
    { name: 'p95', points: byMinute(rows, now, of(0.95)) },
  ]);
}

/** How far the view that is furthest behind was, at a time. */
export interface LagSample {
  readonly x: number;
  readonly y: number;
}

/** Samples that are kept: an hour of one in 20 s, and more where much happens. */
const SAMPLES = 720;
/** The least between two samples. */
const SAMPLE_MS = 5000;

/** With how far views are behind now, where the last sample is old enough. */
export function sampled(
  samples: readonly LagSample[],
  now: number,
  views: readonly { readonly caughtUp: boolean; readonly behindMs?: number }[],
): readonly LagSample[] {
  const last = samples.at(-1)?.x ?? Number.NEGATIVE_INFINITY;
  if (views.length === 0 || now - last < SAMPLE_MS) return samples;
  const y = Math.max(0, ...views.map(({ caughtUp, behindMs = 0 }) => (caughtUp ? 0 : behindMs)));
  return [...samples, { x: now, y }].slice(-SAMPLES);
}

export const lagPlot = (samples: readonly LagSample[]): Plot => plotOf([{ name: 'furthest behind', points: samples }]);
