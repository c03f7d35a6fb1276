import { taskPaths } from '../../../../shared/task-path.ts';
import type { RunEvent } from '../../../workflow/events.ts';
import { type AttemptsByTask, attemptedIn, attemptsAfter, beginsAttempt } from '../../attempts.ts';
import { defineProjection, type Projection, type ViewEvent } from '../projection.ts';

/** A part of the tasks of a run. */
export type TimelineRow = {
  readonly run: string;
  readonly workflow: string;
  /** '' for the whole run; of a run of many tasks the part: a number, or the list with the first item of the part (`quotes[100]`). */
  readonly part: string;
  readonly tasks: AttemptsByTask;
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
  version: 2,
  about: 'every attempt of every task, and when it was ready, scheduled, started and ended',
  fields: {
    run: { type: 'text', path: ['run'], about: 'the id of the run' },
    workflow: { type: 'text', path: ['workflow'], about: 'the workflow of the run' },
    part: { type: 'text', path: ['part'], about: 'the part of the run' },
    attempts: { type: 'number', path: ['attempts'], about: 'how many attempts there are in it' },
  },
  keyOf: (given) => {
    const taskId = attemptedIn(given.event);
    return taskId === undefined ? undefined : keyOf(given, taskId);
  },
  apply(row, given) {
    const { event, runId, run } = given;
    const taskId = attemptedIn(event);
    if (taskId === undefined) return row;
    const begun = row ?? {
      run: runId,
      workflow: run.workflow,
      part: partOf(given, taskId),
      tasks: {},
      attempts: 0,
      left: 0,
    };
    const next = told(begun, taskId, event);
    return next === begun ? row : next;
  },
});

function keyOf(given: ViewEvent, taskId: string): string {
  const part = partOf(given, taskId);
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

function told(row: TimelineRow, taskId: string, event: RunEvent): TimelineRow {
  const begins = beginsAttempt(event);
  if (begins && row.attempts >= MAX_ATTEMPTS) return { ...row, left: row.left + 1 };
  const before = Object.hasOwn(row.tasks, taskId) ? (row.tasks[taskId] ?? []) : [];
  const after = attemptsAfter(before, event);
  if (after === before) return row;
  return { ...row, tasks: { ...row.tasks, [taskId]: after }, attempts: row.attempts + (begins ? 1 : 0) };
}
