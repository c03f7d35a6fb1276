import type { RunEvent } from '../../../workflow/events.ts';
import type { QueryField } from '../../query/query.ts';
import { defineProjection, type Projection } from '../projection.ts';
import {
  MINUTE_FIELDS,
  type MinuteRow,
  minuteKey,
  minuteOf,
  NEWEST_MINUTE,
  NOTHING_YET,
  type Spread,
  spreadBy,
  type Tally,
  tallied,
} from './minutes.ts';

/** What became of the runs of a workflow in a minute, by when it happened. */
export type ThroughputRow = MinuteRow & {
  readonly started: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Attempts that were scheduled; of those, the ones that were not the first of their task. */
  readonly attempts: number;
  readonly retries: number;
  /** Of the runs that ended in it: from their start to their end. */
  readonly took: Tally;
  /** Those counted by how long they took: by the least power of two, in ms, that is more. */
  readonly spread: Spread;
};

const counted = (path: readonly string[], about: string): QueryField => ({ type: 'number', path, about });

/** Copied events of a run that goes on from another happened elsewhere, and are left out. */
export const throughput: Projection<ThroughputRow> = defineProjection<ThroughputRow>({
  name: 'throughput',
  version: 2,
  about: 'runs started and ended, attempts and retries, per minute and workflow',
  fields: {
    ...MINUTE_FIELDS,
    started: counted(['started'], 'runs that started'),
    completed: counted(['completed'], 'runs that completed'),
    failed: counted(['failed'], 'runs that failed'),
    cancelled: counted(['cancelled'], 'runs that were cancelled'),
    attempts: counted(['attempts'], 'attempts that were scheduled'),
    retries: counted(['retries'], 'attempts that were not the first of their task'),
    longest: { type: 'duration', path: ['took', 'maxMs'], about: 'how long the slowest run that ended took' },
  },
  order: NEWEST_MINUTE,
  keyOf: (given) =>
    counts(given.event) && given.metadata.origin === undefined ? minuteKey(minuteOf(given, given.time)) : undefined,
  apply: (row, given) => count(row ?? { ...NOTHING, ...minuteOf(given, given.time) }, given.event, given.run.startedAt),
});

const NOTHING = {
  started: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
  attempts: 0,
  retries: 0,
  took: NOTHING_YET,
  spread: {},
};

const COUNTED: ReadonlySet<string> = new Set([
  'RunStarted',
  'RunCompleted',
  'RunFailed',
  'RunCancelled',
  'TaskScheduled',
]);

const counts = ({ type }: RunEvent): boolean => COUNTED.has(type);

function count(row: ThroughputRow, event: RunEvent, startedAt: number): ThroughputRow {
  const ended = (): Pick<ThroughputRow, 'took' | 'spread'> => {
    const ms = Math.max(0, event.at - startedAt);
    return { took: tallied(row.took, ms), spread: spreadBy(row.spread, ms) };
  };
  switch (event.type) {
    case 'RunStarted':
      return { ...row, started: row.started + 1 };
    case 'RunCompleted':
      return { ...row, completed: row.completed + 1, ...ended() };
    case 'RunFailed':
      return { ...row, failed: row.failed + 1, ...ended() };
    case 'RunCancelled':
      return { ...row, cancelled: row.cancelled + 1, ...ended() };
    case 'TaskScheduled':
      return { ...row, attempts: row.attempts + 1, retries: row.retries + (event.attempt > 1 ? 1 : 0) };
    default:
      return row;
  }
}
