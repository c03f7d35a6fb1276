import type { JsonObject, RunEvent, RunSummary, RunView, TaskView } from '@reprise/core';
import { describeEntry, describeEvent, idIn } from '../output/describe-event.ts';
import { clip } from '../output/text.ts';
import type { RecordedEntry } from '../store/recorded-history.ts';

// What the dashboard is handed. Times are ms since the Unix epoch; what is not known is absent.

/** A copy as plain JSON: members that are undefined are gone. */
export const plainJson = (value: unknown): JsonObject => JSON.parse(JSON.stringify(value)) as JsonObject;

export const runShape = (run: RunSummary): object => ({ ...run, events: run.revision + 1 });

const CLIPPED = 400;

/** Why, where the event itself says so. */
function reasonIn(event: RunEvent): string | undefined {
  const said = event.type === 'RunPaused' || event.type === 'RunCancelled' || event.type === 'TaskClosing';
  return said && event.reason !== undefined ? clip(event.reason, CLIPPED) : undefined;
}

/** One event of a history, without what it carries. */
export function eventShape(entry: RecordedEntry): object {
  const { revision, recorded } = entry;
  const { type, time, metadata } = recorded;
  const isRead = !('unreadable' in entry);
  return {
    revision,
    time,
    type,
    taskId: isRead ? idIn(entry.event) : undefined,
    text: clip(isRead ? describeEvent(entry.event) : entry.unreadable, CLIPPED),
    who: isRead && (metadata.by !== undefined || metadata.reason !== undefined) ? describeEntry(entry) : undefined,
    by: metadata.by,
    reason: metadata.reason ?? (isRead ? reasonIn(entry.event) : undefined),
    origin: metadata.origin,
  };
}

/** A task without its payloads. */
export const taskShape = (task: TaskView): object => ({
  id: task.id,
  status: task.status,
  scope: task.scope,
  index: task.index,
  attempt: task.attempt,
  round: task.round,
  agent: task.agent,
  worker: task.worker,
  readySince: task.readySince,
  scheduledAt: task.scheduledAt,
  startedAt: task.startedAt,
  endedAt: task.endedAt,
  retryAt: task.retryAt,
  wakeAt: task.wakeAt,
  signal: task.signal,
  form: task.form === undefined ? undefined : { assignee: task.form.assignee, expiresAt: task.form.expiresAt },
  child: task.child,
  items: task.items,
  error: task.error === undefined ? undefined : { code: task.error.code, message: clip(task.error.message, CLIPPED) },
});

/** The state of a run without payloads and tasks. */
export const headShape = (state: RunView): object => ({
  runId: state.runId,
  workflow: state.definition.name,
  version: state.definition.version,
  strategy: state.definition.strategy,
  description: state.definition.description,
  status: state.status,
  revision: state.revision,
  startedAt: state.startedAt,
  updatedAt: state.updatedAt,
  endedAt: state.endedAt,
  readyCount: state.readyCount,
  inFlight: state.inFlight,
  taskCount: state.tasks.size,
  error: state.error,
  parked: state.parked,
  cancelReason: state.cancelReason,
  pausedBy: state.pausedBy,
  closing: state.closing,
  parent: state.parent,
  lineage: state.lineage,
  tenant: state.tenant,
  labels: state.labels,
  traceparent: state.traceparent,
  budgets: Object.fromEntries(state.budgets),
});
