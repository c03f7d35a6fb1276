import { inUnits, millionths } from '../../../../definition/definition.ts';
import { taskPaths } from '../../../../shared/task-path.ts';
import type { Usage } from '../../../workflow/events.ts';
import { defineProjection, type Projection, type RowsBefore, type ViewEvent } from '../projection.ts';
import { NOTHING_YET, type Spread, spreadBy, type Tally, tallied } from './minutes.ts';

/** How the attempts of one task of a workflow do, with one agent. Items of a list, and rounds, are counted as the task. */
export type TaskTimesRow = {
  readonly workflow: string;
  readonly task: string;
  readonly agent: string;
  /** Attempts that ended, by how. */
  readonly completed: number;
  readonly failed: number;
  readonly lost: number;
  /** Attempts that were not the first of their task. */
  readonly retries: number;
  /** Ready to scheduled, and scheduled (or started, where that is on record) to ended. */
  readonly queueing: Tally;
  readonly working: Tally;
  /** By how long they worked. */
  readonly spread: Spread;
  /** What the attempts say that they used. */
  readonly tokens: number;
  readonly cost: number;
  /** When one ended last. */
  readonly last: number;
};

type OpenAttempt = {
  readonly attempt: number;
  readonly agent: string;
  readonly began: number;
  readonly queued: number;
};
/** What is remembered of a run that is open: its attempts that have not ended. */
type OpenRow = { readonly open: { readonly [taskId: string]: OpenAttempt } };
type Row = TaskTimesRow | OpenRow;

const counted = (name: string, about: string) => ({ type: 'number', path: [name], about }) as const;

/** What took how long: tasks and agents, by workflow. */
export const taskTimes: Projection<Row> = defineProjection<Row>({
  name: 'task-times',
  version: 1,
  about: 'how long attempts queue and work, how they end and what they cost, per workflow, task and agent',
  fields: {
    workflow: { type: 'text', path: ['workflow'], about: 'the workflow of the runs' },
    task: { type: 'text', path: ['task'], about: 'the task' },
    agent: { type: 'text', path: ['agent'], about: 'the agent' },
    completed: counted('completed', 'attempts that completed'),
    failed: counted('failed', 'attempts that failed'),
    lost: counted('lost', 'attempts whose worker was lost'),
    retries: counted('retries', 'attempts that were not the first of their task'),
    'working.longest': { type: 'duration', path: ['working', 'maxMs'], about: 'the longest that an attempt worked' },
    'queueing.longest': { type: 'duration', path: ['queueing', 'maxMs'], about: 'the longest that one was queued' },
    tokens: counted('tokens', 'tokens that attempts used'),
    cost: counted('cost', 'what attempts cost'),
    last: { type: 'time', path: ['last'], about: 'when one ended last' },
  },
  order: { path: ['workflow'] },
  keyOf: ({ event, metadata, runId }) =>
    metadata.origin === undefined && ABOUT.has(event.type) ? `~${runId}` : undefined,
  keysFrom: (given, rows) => {
    const ended = endedIn(given, rows);
    return ended === undefined ? [] : [keyOf(given, ended)];
  },
  apply: (row, given, { key, rows }) =>
    key.startsWith('~')
      ? remembered(row as OpenRow | undefined, given)
      : measured(row as TaskTimesRow | undefined, given, endedIn(given, rows)),
});

const ABOUT: ReadonlySet<string> = new Set([
  'TaskScheduled',
  'TaskStarted',
  'TaskCompleted',
  'TaskAttemptCompleted',
  'TaskAttemptFailed',
  'RunCompleted',
  'RunFailed',
  'RunCancelled',
]);

const taskOf = ({ event, run }: ViewEvent): string =>
  'taskId' in event && typeof event.taskId === 'string' ? taskPaths(run.rules).definition(event.taskId) : '';

const keyOf = (given: ViewEvent, { agent }: OpenAttempt): string =>
  `${given.run.workflow}/${agent}/${taskOf(given)}`.slice(0, 1024);

const openOf = (row: Row | undefined, taskId: string): OpenAttempt | undefined => {
  const open = row !== undefined && 'open' in row ? row.open : undefined;
  return open !== undefined && Object.hasOwn(open, taskId) ? open[taskId] : undefined;
};

/** The attempt that the event ends. */
function endedIn({ event, runId }: ViewEvent, rows: RowsBefore<Row>): OpenAttempt | undefined {
  if (event.type !== 'TaskCompleted' && event.type !== 'TaskAttemptCompleted' && event.type !== 'TaskAttemptFailed')
    return undefined;
  const one = openOf(rows(`~${runId}`), event.taskId);
  return one?.attempt === event.attempt ? one : undefined;
}

function remembered(row: OpenRow | undefined, { event }: ViewEvent): OpenRow | undefined {
  const open = row?.open ?? {};
  switch (event.type) {
    case 'TaskScheduled': {
      const { taskId, attempt, agent, at, readySince = at } = event;
      return { open: { ...open, [taskId]: { attempt, agent, began: at, queued: Math.max(0, at - readySince) } } };
    }
    case 'TaskStarted': {
      const one = openOf(row, event.taskId);
      return one?.attempt === event.attempt ? { open: { ...open, [event.taskId]: { ...one, began: event.at } } } : row;
    }
    case 'TaskCompleted':
    case 'TaskAttemptCompleted':
    case 'TaskAttemptFailed': {
      if (openOf(row, event.taskId)?.attempt !== event.attempt) return row;
      const { [event.taskId]: _ended, ...rest } = open;
      return Object.keys(rest).length === 0 ? undefined : { open: rest };
    }
    default:
      return undefined; // the run has ended
  }
}

function measured(
  row: TaskTimesRow | undefined,
  given: ViewEvent,
  ended: OpenAttempt | undefined,
): TaskTimesRow | undefined {
  if (ended === undefined) return row;
  const { event, run } = given;
  const worked = Math.max(0, event.at - ended.began);
  const before: TaskTimesRow = row ?? { ...NOTHING, workflow: run.workflow, task: taskOf(given), agent: ended.agent };
  const usage: Usage = 'usage' in event && event.usage !== undefined ? event.usage : {};
  const failed = event.type === 'TaskAttemptFailed';
  const lost = failed && event.lost === true;
  return {
    ...before,
    completed: before.completed + (failed ? 0 : 1),
    failed: before.failed + (failed && !lost ? 1 : 0),
    lost: before.lost + (lost ? 1 : 0),
    retries: before.retries + (ended.attempt > 1 ? 1 : 0),
    queueing: tallied(before.queueing, ended.queued),
    working: tallied(before.working, worked),
    spread: spreadBy(before.spread, worked),
    tokens: before.tokens + (usage.tokens ?? 0),
    // Counted in millionths, so that sums are exact.
    cost: inUnits('cost', millionths(before.cost) + (usage.cost ?? 0)),
    last: Math.max(before.last, event.at),
  };
}

const NOTHING = {
  completed: 0,
  failed: 0,
  lost: 0,
  retries: 0,
  queueing: NOTHING_YET,
  working: NOTHING_YET,
  spread: {},
  tokens: 0,
  cost: 0,
  last: 0,
};
