import type {
  Explanation,
  MailboxView,
  Position,
  RunExplanation,
  RunHold,
  RunSummary,
  RunView,
  TaskView,
} from '@reprise/core';
import type { RecordedEntry } from '../store/recorded-history.ts';
import { fixOf } from './fix-of.ts';
import type { TaskRow } from './task-rows.ts';
import { isoOrNull, isoTime } from './text.ts';

// The shapes that `--json` prints. Documented in docs/reference/cli.md: members may be added, none is renamed or removed.

export const eventLine = (entry: RecordedEntry): object => ({
  kind: 'event',
  ...shapeOf(entry),
  ...('unreadable' in entry ? { unreadable: entry.unreadable } : {}),
});

const shapeOf = ({ revision, recorded }: RecordedEntry): object => ({
  revision,
  position: positionShape(recorded.position),
  id: recorded.id,
  time: isoTime(recorded.time),
  type: recorded.type,
  data: recorded.data,
  metadata: recorded.metadata,
});

/** A number where the store counts, else its text as it is. */
function positionShape(position: Position): number | string {
  const counted = /^\d+$/.test(position) ? Number(position) : Number.NaN;
  return Number.isSafeInteger(counted) ? counted : position;
}

export function outcomeLine(runId: string, state: RunView): object {
  return { kind: 'outcome', ...outcomeShape(runId, state) };
}

/** How a run ended, or that it has not. */
export function outcomeShape(runId: string, state: RunView): object {
  return {
    runId,
    workflow: state.definition.name,
    version: state.definition.version,
    status: state.status,
    startedAt: isoTime(state.startedAt),
    endedAt: isoOrNull(state.endedAt),
    ...(state.status === 'completed' ? { output: state.output ?? null } : {}),
    ...(state.status === 'failed' && state.error !== undefined ? { error: state.error } : {}),
    ...(state.status === 'cancelled' ? { reason: state.cancelReason ?? null } : {}),
  };
}

/** Why a run does not move in this project. */
export const heldShape = ({ reason, message, details }: RunHold): object => ({ reason, message, details });

export const summaryShape = (run: RunSummary): object => ({
  runId: run.runId,
  workflow: run.workflow,
  status: run.status,
  startedAt: isoTime(run.startedAt),
  updatedAt: isoTime(run.updatedAt),
  endedAt: isoOrNull(run.endedAt),
  revision: run.revision,
  version: run.version ?? null,
  tenant: run.tenant ?? null,
  labels: run.labels,
  parent: run.parent ?? null,
  from: run.from === undefined ? null : fromShape(run.from),
  error: run.error ?? null,
  cursor: run.cursor,
});

const fromShape = ({ runId, as }: NonNullable<RunSummary['from']>): object => ({ runId, as: as ?? null });

/** A run that goes on from the one that is shown. */
export const successorShape = ({ runId, from, status, startedAt }: RunSummary): object => ({
  runId,
  as: from?.as ?? null,
  status,
  startedAt: isoTime(startedAt),
});

export const taskRowShape = (row: TaskRow): object => ({
  id: row.id,
  status: row.status,
  agent: row.agent ?? null,
  round: row.round,
  attempts: row.attempts,
  failedAttempts: row.failedAttempts,
  startedAt: isoOrNull(row.startedAt),
  endedAt: isoOrNull(row.endedAt),
  ...(row.items === undefined ? {} : { items: row.items }),
  ...(row.signal === undefined ? {} : { signal: row.signal }),
  ...(row.wakeAt === undefined ? {} : { wakeAt: isoTime(row.wakeAt) }),
  ...(row.child === undefined ? {} : { child: row.child }),
  ...(row.form === undefined ? {} : { form: { assignee: row.form.assignee ?? null } }),
  ...(row.error === undefined ? {} : { error: row.error }),
});

/** Why a run does not end, or why it ended. */
export const explanationShape = ({
  runId,
  summary,
  failure,
  standIns = [],
  handOver,
  waitsFor,
  tasks,
}: RunExplanation): object => ({
  summary,
  failure: failure === undefined ? null : { ...failure, taskId: failure.taskId ?? null },
  fix: failure === undefined ? null : fixOf(runId, failure),
  standIns,
  handOver: handOver === undefined ? null : handOverShape(handOver),
  waitsFor: waitsFor.map(({ taskId }) => taskId),
  tasks: tasks.map(taskExplanationShape),
});

const handOverShape = ({ to, until }: NonNullable<RunExplanation['handOver']>): object => ({
  until: isoTime(until),
  to: to.map(({ run, mailbox, messages }) => ({ runId: run, mailbox, messages })),
});

const TIMES: ReadonlySet<string> = new Set(['at', 'until', 'since', 'limitAt']);

function taskExplanationShape({ taskId, ...rest }: Explanation): object {
  const members = Object.entries(rest).map(([name, value]) => [
    name,
    TIMES.has(name) && typeof value === 'number' ? isoTime(value) : (value ?? null),
  ]);
  const owed = rest.reason === 'message' ? { owed: rest.owed.map(owedShape) } : {};
  return { taskId, ...Object.fromEntries(members), ...owed };
}

type Owed = Extract<Explanation, { readonly reason: 'message' }>['owed'][number];

const owedShape = ({ who, about, stage, since, dueAt }: Owed): object => ({
  who,
  about: about ?? null,
  stage,
  since: isoTime(since),
  dueAt: isoOrNull(dueAt),
});

/** The whole folded state: every task and every item. */
export const stateShape = (state: RunView): object => ({
  runId: state.runId,
  workflow: state.definition.name,
  version: state.definition.version,
  definitionHash: state.definitionHash,
  status: state.status,
  revision: state.revision,
  startedAt: isoTime(state.startedAt),
  updatedAt: isoTime(state.updatedAt),
  endedAt: isoOrNull(state.endedAt),
  input: state.input,
  output: state.output ?? null,
  error: state.error ?? null,
  lineage: state.lineage ?? null,
  parent: state.parent ?? null,
  tasks: Object.fromEntries([...state.tasks].map(([id, task]) => [id, taskShape(task)])),
  mailboxes: Object.fromEntries([...state.mailboxes].map(([name, mailbox]) => [name, mailboxShape(mailbox)])),
  ...(state.subscriptions.size === 0
    ? {}
    : {
        subscriptions: [...state.subscriptions].flatMap(([topic, all]) =>
          [...all].map(([mailbox, filter]) => ({ topic, mailbox, filter: filter ?? null })),
        ),
      }),
  budgets: Object.fromEntries(state.budgets),
});

const mailboxShape = ({ messages, waiting }: MailboxView): object => ({
  messages: messages.map(({ sentAt, holder, retryAt, expiresAt, failed, ...message }) => ({
    ...message,
    sentAt: isoTime(sentAt),
    holder: holder ?? null,
    retryAt: isoOrNull(retryAt),
    expiresAt: isoOrNull(expiresAt),
    failed,
  })),
  waiting,
});

export const taskShape = (task: TaskView): object => ({
  status: task.status,
  attempt: task.attempt,
  round: task.round,
  agent: task.agent ?? null,
  worker: task.worker ?? null,
  input: task.input ?? null,
  output: task.output ?? null,
  error: task.error ?? null,
  scheduledAt: isoOrNull(task.scheduledAt),
  startedAt: isoOrNull(task.startedAt),
  endedAt: isoOrNull(task.endedAt),
  retryAt: isoOrNull(task.retryAt),
  ...(task.again === 0 ? {} : { again: task.again }),
  ...(task.chosen === undefined ? {} : { chosen: task.chosen }),
  ...(task.wakeAt === undefined ? {} : { wakeAt: isoTime(task.wakeAt) }),
  ...(task.signal === undefined ? {} : { signal: task.signal }),
  ...(task.child === undefined ? {} : { child: task.child }),
  ...(task.form === undefined ? {} : { form: { assignee: task.form.assignee ?? null } }),
  ...(task.addedBy === undefined ? {} : { addedBy: task.addedBy }),
  ...(task.skippedBecause === undefined ? {} : { skippedBecause: task.skippedBecause }),
  ...(task.cancelledBecause === undefined ? {} : { cancelledBecause: task.cancelledBecause }),
  ...(task.handOffs === undefined ? {} : { handOffs: task.handOffs }),
  ...(task.fallback === undefined ? {} : { fallback: task.fallback }),
  ...(task.items === undefined ? {} : { items: { total: task.items.total, ended: task.items.ended } }),
});
