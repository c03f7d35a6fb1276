import type { ErrorData } from '../../../../shared/errors.ts';
import type { Labels } from '../../../../shared/labels.ts';
import type { Lineage, RunEvent, RunStarted } from '../../../workflow/events.ts';
import type { PausedBy, RunStatus } from '../../../workflow/state.ts';
import { RUN_FIELDS } from '../../query/run-fields.ts';
import { defineProjection, type Projection } from '../projection.ts';
import type { ViewOrder } from '../view-store.ts';

/** A run as lists have it: what RUN_FIELDS ask about, and what is told of it beside. Times are ms since the Unix epoch. */
export type RunRow = {
  readonly id: string;
  readonly workflow: string;
  /** Absent in a list of a store whose older streams do not say it. */
  readonly version?: string;
  readonly status: RunStatus;
  readonly tenant?: string;
  readonly labels?: Labels;
  readonly parent?: string;
  readonly root: string;
  /** The run that it goes on from. */
  readonly from?: string;
  /** How it goes on from that one; absent in older histories. */
  readonly as?: 'retry' | 'fork';
  readonly started: number;
  readonly updated: number;
  readonly ended?: number;
  /** ms. */
  readonly duration?: number;
  readonly events: number;
  /** The code of what it failed with (what its task failed with), or is parked for; `message` of the same. */
  readonly error?: string;
  readonly message?: string;
  /** Why it was cancelled. */
  readonly reason?: string;
  /** Who holds it paused. */
  readonly pausedBy?: readonly PausedBy[];
  /** Until when nothing is to be done for it unless something comes from outside; null: for ever. Absent: it may be moving. */
  readonly sleepsUntil?: number | null;
};

export const NEWEST_FIRST: ViewOrder = { path: ['started'], descending: true };

/** Characters of an error's message and of a reason that a row has. */
export const MAX_TOLD = 500;

/** The code that says what went wrong: that a task failed says less than what it failed with. */
export function codeIn({ code, details }: ErrorData): string {
  const inner = details?.['code'];
  return code === 'REPRISE_TASK_FAILED' && typeof inner === 'string' ? inner : code;
}

/** The first view: every run, by its id. */
export const runIndex: Projection<RunRow> = defineProjection<RunRow>({
  name: 'runs',
  version: 3,
  about: 'every run: what it is of, how it stands, when it was',
  fields: RUN_FIELDS,
  order: NEWEST_FIRST,
  keyOf: ({ runId }) => runId,
  apply(row, { event, runId, revision, time, metadata: { sleepsUntil } }) {
    const slept = sleepsUntil === undefined ? {} : { sleepsUntil };
    if (event.type === 'RunStarted') return { ...started(event, runId), ...slept };
    // Without its start, a history says of no run what it is.
    if (row === undefined) return undefined;
    const { sleepsUntil: _woken, ...before } = row;
    return { ...told({ ...before, updated: time, events: revision + 1 }, event), ...slept };
  },
});

function started({ definition, tenant, labels, parent, lineage, at }: RunStarted, id: string): RunRow {
  return {
    id,
    workflow: definition.name,
    version: definition.version,
    status: lineage?.as === undefined ? 'running' : 'forking',
    ...(tenant === undefined ? {} : { tenant }),
    ...(labels === undefined ? {} : { labels }),
    ...(parent === undefined ? {} : { parent: parent.runId }),
    root: parent?.rootRunId ?? id,
    ...fromOf(lineage),
    started: at,
    updated: at,
    events: 1,
  };
}

/** What a row says of where a run comes from. */
export const fromOf = (lineage: Lineage | undefined): Pick<RunRow, 'from' | 'as'> =>
  lineage === undefined ? {} : { from: lineage.runId, ...(lineage.as === undefined ? {} : { as: lineage.as }) };

/** What an event changes of the row, beside when it was. Says of the status what evolve says (transitions/standing.ts). */
function told(row: RunRow, event: RunEvent): RunRow {
  switch (event.type) {
    case 'RunPaused':
      return stand({ ...row, pausedBy: [...without(row, event.by), event.by ?? 'user'] });
    case 'RunResumed':
      return stand({ ...(event.by === undefined ? unparked(row) : row), pausedBy: without(row, event.by) });
    case 'RunParked':
      return stand({ ...row, error: codeIn(event.error), message: event.error.message.slice(0, MAX_TOLD) });
    case 'TaskClosing':
      return event.taskId === '' && event.why === 'cancel' ? released(row) : row;
    case 'RunForked': {
      const own = event.runId === row.id;
      return released(own ? { ...row, status: 'running', started: event.at } : row);
    }
    case 'RunCompleted':
      return ended(row, 'completed', event.at);
    case 'RunFailed':
      return {
        ...ended(row, 'failed', event.at),
        error: codeIn(event.error),
        message: event.error.message.slice(0, MAX_TOLD),
      };
    case 'RunCancelled': {
      const { reason } = event;
      return {
        ...ended(row, 'cancelled', event.at),
        ...(reason === undefined ? {} : { reason: reason.slice(0, MAX_TOLD) }),
      };
    }
    default:
      return row;
  }
}

const without = ({ pausedBy = [] }: RunRow, by: PausedBy = 'user'): readonly PausedBy[] =>
  pausedBy.filter((other) => other !== by);

function stand(row: RunRow): RunRow {
  const { pausedBy, ...rest } = row;
  const held = pausedBy !== undefined && pausedBy.length > 0;
  // Only what parks a run gives an open one an error.
  const status = row.error !== undefined ? 'parked' : held ? 'paused' : 'running';
  return { ...rest, ...(held ? { pausedBy } : {}), status: row.status === 'forking' ? 'forking' : status };
}

const unparked = ({ error: _error, message: _message, ...rest }: RunRow): RunRow => rest;

const released = (row: RunRow): RunRow => stand({ ...unparked(row), pausedBy: [] });

function ended(row: RunRow, status: RunStatus, at: number): RunRow {
  const { pausedBy: _pausedBy, ...rest } = unparked(row);
  return { ...rest, status, ended: at, duration: at - row.started };
}
