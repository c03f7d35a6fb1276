import { taskPaths } from '../../../../shared/task-path.ts';
import type { RunEvent } from '../../../workflow/events.ts';
import { defineProjection, type Projection, type ViewEvent } from '../projection.ts';

/** One try of a task, or (without `agent`) what a task that no agent performs was entered for. Times are ms since the Unix epoch. */
export type TimelineAttempt = {
  readonly attempt: number;
  readonly agent?: string;
  readonly worker?: string;
  readonly ready?: number;
  readonly scheduled?: number;
  readonly started?: number;
  /** Absent while it is under way, and of what was cut off with its block or its run. */
  readonly ended?: number;
  readonly status: 'scheduled' | 'running' | 'completed' | 'failed' | 'lost';
};

/** A part of the tasks of a run. */
export type TimelineRow = {
  readonly run: string;
  readonly workflow: string;
  /** '' for the whole run; of a run of many tasks the part: a number, or the list with the first item of the part (`quotes[100]`). */
  readonly part: string;
  readonly tasks: { readonly [taskId: string]: readonly TimelineAttempt[] };
  readonly attempts: number;
  /** Attempts that the row has no room for. */
  readonly left: number;
};

/** Tasks of a part, about; and attempts that one row has at most. */
const TASKS_A_PART = 100;
const MAX_ATTEMPTS = 1000;

/**
 * What became of each attempt, and when. A row is a run, or a part of one: a run whose definition has more than a hundred tasks is spread over so many
 * rows that each has about a hundred of them, and the items of a list are in rows of their own, a hundred each. So an event costs what a row of a
 * hundred tasks costs, however many tasks the run has. A row has 1,000 attempts at most, and says how many it had no room for.
 */
export const timelines: Projection<TimelineRow> = defineProjection<TimelineRow>({
  name: 'timelines',
  version: 1,
  about: 'every attempt of every task, and when it was ready, scheduled, started and ended',
  fields: {
    run: { type: 'text', path: ['run'], about: 'the id of the run' },
    workflow: { type: 'text', path: ['workflow'], about: 'the workflow of the run' },
    part: { type: 'text', path: ['part'], about: 'the part of the run' },
    attempts: { type: 'number', path: ['attempts'], about: 'how many attempts there are in it' },
  },
  keyOf: (given) =>
    'taskId' in given.event && ABOUT.has(given.event.type) ? keyOf(given, given.event.taskId) : undefined,
  apply(row, given) {
    const { event, runId, run } = given;
    if (!('taskId' in event) || event.taskId === undefined) return row;
    const begun = row ?? {
      run: runId,
      workflow: run.workflow,
      part: partOf(given, event.taskId),
      tasks: {},
      attempts: 0,
      left: 0,
    };
    const next = told(begun, event);
    return next === begun ? row : next;
  },
});

const ABOUT: ReadonlySet<string> = new Set([
  ...([
    'TaskScheduled',
    'TaskEntered',
    'TaskStarted',
    'TaskCompleted',
    'TaskAttemptCompleted',
    'TaskAttemptFailed',
  ] as const),
  ...(['TaskFailed', 'TaskCancelled', 'TaskSkipped'] as const),
]);

function keyOf(given: ViewEvent, taskId: string | undefined): string | undefined {
  const part = taskId === undefined ? '' : partOf(given, taskId);
  return part === '' ? given.runId : `${given.runId}/${part}`;
}

/** Which part a task is in: what follows from its path and from the definition's size alone. */
function partOf({ run }: ViewEvent, taskId: string): string {
  const paths = taskPaths(run.rules);
  const close = run.rules < 3 ? -1 : taskId.lastIndexOf(']');
  const item = paths.itemOf(close < 0 ? taskId : taskId.slice(0, close + 1));
  if (item !== undefined) return paths.item(item.list, Math.floor(item.index / TASKS_A_PART) * TASKS_A_PART);
  if (run.tasks <= TASKS_A_PART) return '';
  return String(hashOf(taskId) % Math.ceil(run.tasks / TASKS_A_PART));
}

/** FNV-1a, of UTF-16 code units: spreads names evenly, the same everywhere. */
function hashOf(text: string): number {
  let hash = 0x81_1c_9d_c5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01_00_01_93) >>> 0;
  return hash;
}

function told(row: TimelineRow, event: RunEvent): TimelineRow {
  const { at } = event;
  switch (event.type) {
    case 'TaskScheduled': {
      const { taskId, attempt, agent, readySince = at } = event;
      return added(row, taskId, { attempt, agent, ready: readySince, scheduled: at, status: 'scheduled' });
    }
    case 'TaskEntered':
      return added(row, event.taskId, { attempt: event.attempt, ready: at, started: at, status: 'running' });
    case 'TaskStarted':
      return changed(row, event, { started: at, worker: event.worker, status: 'running' });
    case 'TaskCompleted':
      // What was said instead is no attempt that anybody made: the one that was under way is over.
      if (event.via === 'override') return changed(row, { taskId: event.taskId }, { ended: at, status: 'failed' });
      return changed(row, event, { ended: at, status: 'completed' });
    case 'TaskAttemptCompleted':
      return changed(row, event, { ended: at, status: 'completed' });
    case 'TaskAttemptFailed':
      return changed(row, event, { ended: at, status: event.lost === true ? 'lost' : 'failed' });
    case 'TaskFailed':
    case 'TaskCancelled':
    case 'TaskSkipped':
      return changed(row, { taskId: event.taskId }, { ended: at, status: 'failed' });
    default:
      return row;
  }
}

const attemptsOf = ({ tasks }: TimelineRow, taskId: string): readonly TimelineAttempt[] =>
  Object.hasOwn(tasks, taskId) ? (tasks[taskId] ?? []) : [];

function added(row: TimelineRow, taskId: string, one: TimelineAttempt): TimelineRow {
  if (row.attempts >= MAX_ATTEMPTS) return { ...row, left: row.left + 1 };
  const tasks = { ...row.tasks, [taskId]: [...attemptsOf(row, taskId), one] };
  return { ...row, tasks, attempts: row.attempts + 1 };
}

/** The attempt that is named, or else the last one, unless it has ended. */
function changed(
  row: TimelineRow,
  { taskId, attempt }: { readonly taskId: string; readonly attempt?: number },
  change: Partial<TimelineAttempt>,
): TimelineRow {
  const attempts = attemptsOf(row, taskId);
  const index = attempt === undefined ? attempts.length - 1 : attempts.findLastIndex((one) => one.attempt === attempt);
  const one = attempts[index];
  if (one === undefined || one.ended !== undefined) return row;
  return { ...row, tasks: { ...row.tasks, [taskId]: attempts.with(index, { ...one, ...change }) } };
}
