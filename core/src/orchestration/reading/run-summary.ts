import type { StreamSummary } from '../../event-store/event-store.ts';
import type { ListedStream } from '../../event-store/storage.ts';
import { streamRunId } from '../../shared/ids.ts';
import type { JsonObject } from '../../shared/json.ts';
import type { Labels } from '../../shared/labels.ts';
import type { RunView } from '../workflow/run-view.ts';
import { isTerminal, type RunStatus } from '../workflow/state.ts';
import { codeIn, fromOf, MAX_TOLD, type RunRow } from './views/built-in/run-index.ts';

/** A run at a glance. Times are ms since the Unix epoch. */
export interface RunSummary {
  readonly runId: string;
  readonly workflow: string;
  /** Undefined for a run that a build without labels wrote, in a store that lists its runs by itself. So are `tenant` and all below it. */
  readonly version: string | undefined;
  readonly status: string;
  readonly startedAt: number;
  readonly updatedAt: number;
  readonly endedAt: number | undefined;
  readonly revision: number;
  readonly tenant: string | undefined;
  readonly labels: Labels;
  /** The run that started it. */
  readonly parent: string | undefined;
  /** The run that it goes on from, and how: `as` is undefined in older histories. */
  readonly from: { readonly runId: string; readonly as: 'retry' | 'fork' | undefined } | undefined;
  /** What it failed with, or is parked for. */
  readonly error: { readonly code: string; readonly message: string } | undefined;
  /** Until when (ms since the Unix epoch) nothing is to be done for it unless something comes from outside; null: for ever. Undefined: it may be moving. */
  readonly sleepsUntil: number | null | undefined;
  /** Where the page after the one that ends with this run begins. */
  readonly cursor: string;
}

type Summarised = Pick<
  RunView,
  | 'definition'
  | 'status'
  | 'startedAt'
  | 'updatedAt'
  | 'revision'
  | 'endedAt'
  | 'tenant'
  | 'parent'
  | 'lineage'
  | 'error'
  | 'parked'
  | 'cancelReason'
> & { readonly labels: Labels | undefined };

/** What a store with a catalog of its own keeps of a run's stream. `sleep`: until when it sleeps, as of its revision; see EventMetadata.sleepsUntil. */
export const summaryOf = (state: Summarised, sleep?: number | null): StreamSummary => ({
  kind: 'run',
  name: state.definition.name,
  status: state.status,
  createdAt: state.startedAt,
  updatedAt: state.updatedAt,
  attributes: {
    ...attributesOf(state),
    ...(sleep === undefined ? {} : { sleep: { revision: state.revision, until: sleep } }),
  },
});

/** Members of the row of a run (see RunRow) that no other part of a summary says. */
function attributesOf({
  definition,
  status,
  endedAt,
  tenant,
  labels,
  parent,
  lineage,
  error,
  parked,
  cancelReason,
}: Summarised): JsonObject {
  const told = isTerminal(status) ? error : parked;
  return {
    version: definition.version,
    ...(tenant === undefined ? {} : { tenant }),
    ...(labels === undefined || Object.keys(labels).length === 0 ? {} : { labels }),
    ...(parent === undefined ? {} : { parent: parent.runId, root: parent.rootRunId }),
    ...fromOf(lineage),
    ...(endedAt === undefined ? {} : { ended: endedAt }),
    ...(told === undefined ? {} : { error: codeIn(told), message: told.message.slice(0, MAX_TOLD) }),
    ...(cancelReason === undefined ? {} : { reason: cancelReason.slice(0, MAX_TOLD) }),
  };
}

/** The row of a run that a catalog lists: that of the run index. One of an older build says less. */
export function rowOfListed(listed: ListedStream): RunRow {
  const { name, createdAt, updatedAt, lastEventAt, revision, attributes: { sleep, ...attributes } = {} } = listed;
  const id = streamRunId(listed.stream) ?? listed.stream;
  const status = listed.status as RunStatus;
  const given = attributes as Partial<RunRow>;
  // Whatever came after it was said may have woken the run.
  const slept = sleep as { readonly revision: number; readonly until: number | null } | undefined;
  const ended = given.ended ?? (isTerminal(status) ? updatedAt : undefined);
  return {
    ...given,
    id,
    workflow: name,
    status,
    root: given.root ?? id,
    started: createdAt,
    updated: lastEventAt,
    ...(ended === undefined ? {} : { ended, duration: ended - createdAt }),
    events: revision + 1,
    ...(slept?.revision === revision ? { sleepsUntil: slept.until } : {}),
  };
}

/** The summary that a row of the run index is. */
export const summaryOfRow = (row: RunRow, cursor: string): RunSummary => ({
  runId: row.id,
  workflow: row.workflow,
  version: row.version,
  status: row.status,
  startedAt: row.started,
  updatedAt: row.updated,
  endedAt: row.ended,
  revision: row.events - 1,
  tenant: row.tenant,
  labels: row.labels ?? {},
  parent: row.parent,
  from: row.from === undefined ? undefined : { runId: row.from, as: row.as },
  sleepsUntil: row.sleepsUntil,
  error: row.error === undefined ? undefined : { code: row.error, message: row.message ?? '' },
  cursor,
});
