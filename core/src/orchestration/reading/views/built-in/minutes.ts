import type { QueryFields } from '../../query/query.ts';
import type { ViewEvent } from '../projection.ts';

const MINUTE_MS = 60_000;

/** What rows that are of one workflow and minute begin with. */
export type MinuteRow = {
  readonly workflow: string;
  /** When the minute began; ms since the Unix epoch. */
  readonly minute: number;
};

/** One that is of the workflow of an event and the minute of `time`. */
export const minuteOf = ({ run }: ViewEvent, time: number): MinuteRow => ({
  workflow: run.workflow,
  minute: Math.floor(time / MINUTE_MS) * MINUTE_MS,
});

/** Keys of minutes are in order of time. */
export const minuteKey = ({ workflow, minute }: MinuteRow): string =>
  `${String(minute / MINUTE_MS).padStart(12, '0')}/${workflow}`;

export const MINUTE_FIELDS: QueryFields = {
  workflow: { type: 'text', path: ['workflow'], about: 'the workflow of the runs' },
  minute: { type: 'time', path: ['minute'], about: 'when the minute began' },
};

export const NEWEST_MINUTE = { path: ['minute'], descending: true } as const;

/** How many there were, and how long: sum and longest, in ms. */
export type Tally = { readonly count: number; readonly sumMs: number; readonly maxMs: number };

export const NOTHING_YET: Tally = { count: 0, sumMs: 0, maxMs: 0 };

export const tallied = ({ count, sumMs, maxMs }: Tally, ms: number): Tally => ({
  count: count + 1,
  sumMs: sumMs + ms,
  maxMs: Math.max(maxMs, ms),
});

/** How many took less than so many ms, and not less than half of that: by powers of two (`{"64": 3}`: from 32 to 63). */
export type Spread = { readonly [ms: string]: number };

export function spreadBy(spread: Spread, ms: number): Spread {
  const bucket = String(2 ** Math.ceil(Math.log2(ms + 1)));
  return { ...spread, [bucket]: (spread[bucket] ?? 0) + 1 };
}
