import type { JsonObject } from '../../../../shared/json.ts';
import type { RunEvent } from '../../../workflow/events.ts';
import { defineProjection, type Projection, type RowsBefore, type ViewEvent } from '../projection.ts';
import {
  MINUTE_FIELDS,
  type MinuteRow,
  minuteKey,
  minuteOf,
  NEWEST_MINUTE,
  NOTHING_YET,
  type Tally,
  tallied,
} from './minutes.ts';

/** What attempts spend their time on: until they are scheduled, until a worker begins, until they end; and until a retry is due. */
export type WaitingCause = 'queueing' | 'connecting' | 'working' | 'retrying';

/** How long tasks waited in one minute, by cause. */
export type WaitingRow = MinuteRow & { readonly [cause in WaitingCause]: Tally };

/** What is remembered of a run that is open: since when each attempt that has not ended is scheduled, and since when it is worked on. */
type OpenRow = {
  readonly open: {
    readonly [taskId: string]: { readonly attempt: number; readonly scheduled: number; readonly started?: number };
  };
};

const longest = (cause: WaitingCause) =>
  ({ type: 'duration', path: [cause, 'maxMs'], about: `the longest time of ${cause}` }) as const;

/**
 * Where the time of attempts goes, per minute (in which the wait ended) and workflow: queueing (ready to scheduled), connecting (scheduled to
 * started), working (started to ended), retrying (failed to when the next attempt is due, as planned; counted when it failed). An attempt whose
 * start is not on record counts as worked on since it was scheduled.
 */
export const waiting: Projection = defineProjection<JsonObject>({
  name: 'waiting',
  version: 1,
  about: 'what attempts wait for: queueing, connecting, working, retrying, per minute and workflow',
  fields: {
    ...MINUTE_FIELDS,
    'queueing.longest': longest('queueing'),
    'connecting.longest': longest('connecting'),
    'working.longest': longest('working'),
    'retrying.longest': longest('retrying'),
  },
  order: NEWEST_MINUTE,
  keyOf: (given) => {
    const { event, metadata } = given;
    if (metadata.origin !== undefined) return undefined;
    if (ENDS.has(event.type)) return openKey(given);
    return 'attempt' in event && ABOUT.has(event.type)
      ? [openKey(given), minuteKey(minuteOf(given, given.time))]
      : undefined;
  },
  apply: (row, given, { key, rows }) =>
    key.startsWith('~')
      ? remembered(row as OpenRow | undefined, given.event)
      : measured((row as WaitingRow | undefined) ?? nothing(given), given, rows as RowsBefore<JsonObject>),
});

const ENDS: ReadonlySet<string> = new Set(['RunCompleted', 'RunFailed', 'RunCancelled']);
const ABOUT: ReadonlySet<string> = new Set([
  'TaskScheduled',
  'TaskStarted',
  'TaskCompleted',
  'TaskAttemptCompleted',
  'TaskAttemptFailed',
]);

const openKey = ({ runId }: ViewEvent): string => `~${runId}`;

const nothing = (given: ViewEvent): WaitingRow => ({
  ...minuteOf(given, given.time),
  queueing: NOTHING_YET,
  connecting: NOTHING_YET,
  working: NOTHING_YET,
  retrying: NOTHING_YET,
});

function remembered(row: OpenRow | undefined, event: RunEvent): OpenRow | undefined {
  const open = row?.open ?? {};
  switch (event.type) {
    case 'TaskScheduled':
      return { open: { ...open, [event.taskId]: { attempt: event.attempt, scheduled: event.at } } };
    case 'TaskStarted': {
      const one = attemptOf(row, event);
      return one === undefined ? row : { open: { ...open, [event.taskId]: { ...one, started: event.at } } };
    }
    case 'TaskCompleted':
    case 'TaskAttemptCompleted':
    case 'TaskAttemptFailed': {
      if (attemptOf(row, event) === undefined) return row;
      const { [event.taskId]: _ended, ...rest } = open;
      return Object.keys(rest).length === 0 ? undefined : { open: rest };
    }
    default:
      return undefined; // the run has ended
  }
}

const attemptOf = (
  row: OpenRow | undefined,
  { taskId, attempt }: { readonly taskId: string; readonly attempt: number },
) => {
  const one = row !== undefined && Object.hasOwn(row.open, taskId) ? row.open[taskId] : undefined;
  return one?.attempt === attempt ? one : undefined;
};

function measured(row: WaitingRow, given: ViewEvent, rows: RowsBefore<JsonObject>): WaitingRow | undefined {
  const { event } = given;
  const open = rows(openKey(given)) as OpenRow | undefined;
  const add = (to: WaitingRow, cause: WaitingCause, from: number, until: number): WaitingRow => ({
    ...to,
    [cause]: tallied(to[cause], Math.max(0, until - from)),
  });
  switch (event.type) {
    case 'TaskScheduled':
      return add(row, 'queueing', event.readySince ?? event.at, event.at);
    case 'TaskStarted': {
      const one = attemptOf(open, event);
      return one === undefined ? touched(row, rows, given) : add(row, 'connecting', one.scheduled, event.at);
    }
    case 'TaskCompleted':
    case 'TaskAttemptCompleted':
    case 'TaskAttemptFailed': {
      const one = attemptOf(open, event);
      const worked = one === undefined ? row : add(row, 'working', one.started ?? one.scheduled, event.at);
      const retryAt = event.type === 'TaskAttemptFailed' ? event.retryAt : undefined;
      if (retryAt !== undefined) return add(worked, 'retrying', event.at, retryAt);
      return one === undefined ? touched(row, rows, given) : worked;
    }
    default:
      return row;
  }
}

/** A minute in which nothing is measured has no row. */
const touched = (row: WaitingRow, rows: RowsBefore<JsonObject>, given: ViewEvent): WaitingRow | undefined =>
  rows(minuteKey(minuteOf(given, given.time))) === undefined ? undefined : row;
