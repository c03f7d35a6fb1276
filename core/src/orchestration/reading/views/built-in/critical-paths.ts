import { taskPaths } from '../../../../shared/task-path.ts';
import type { RunEvent } from '../../../workflow/events.ts';
import { type AttemptsByTask, attemptedIn, attemptsAfter, beginsAttempt } from '../../attempts.ts';
import { type CriticalLink, criticalPathOf } from '../../critical-path/critical-path.ts';
import { orderedBy, type PlannedOrder, plannedOrder } from '../../critical-path/task-order.ts';
import { defineProjection, type Projection, type RowsBefore, type ViewEvent } from '../projection.ts';
import { NOTHING_YET, type Tally, tallied } from './minutes.ts';

/** How often a task was on the critical path of the runs of a workflow, and what it cost them. Items of a list are told together. */
export type CriticalPathsRow = {
  readonly workflow: string;
  /** Its path in the definition. */
  readonly task: string;
  /** Runs on whose critical path it was. */
  readonly runs: number;
  /** Of each such run: what its attempts on the path added to the run's time, and how much of that was no agent's work. */
  readonly working: Tally;
  readonly waiting: Tally;
  /** When the last such run ended; ms since the Unix epoch. */
  readonly last: number;
};

/** What is remembered of a run that is open. */
type OpenRow = {
  readonly order: PlannedOrder;
  readonly inTurns: boolean;
  readonly tasks: AttemptsByTask;
  readonly attempts: number;
};

type Row = CriticalPathsRow | OpenRow;

/** Tasks of the definition, and attempts, of a run that is told about at most: what is remembered of a run is written with each of its events. */
const MOST = 200;

const sum = (of: 'working' | 'waiting') =>
  ({ type: 'duration', path: [of, 'sumMs'], about: `what ${of} on the critical path of runs came to` }) as const;
const longest = (of: 'working' | 'waiting') =>
  ({ type: 'duration', path: [of, 'maxMs'], about: `the most that ${of} added to one run` }) as const;

/**
 * Which tasks make the runs of a workflow as long as they are. Runs that completed or failed, of 200 tasks and 200 attempts at most; those that go on from
 * another, whose time is not their own, are left out.
 */
export const criticalPaths: Projection<CriticalPathsRow> = defineProjection<Row>({
  name: 'critical-paths',
  version: 2,
  about: 'which tasks make runs as long as they are: their share of critical paths, working and waiting',
  fields: {
    workflow: { type: 'text', path: ['workflow'], about: 'the workflow of the runs' },
    task: { type: 'text', path: ['task'], about: 'the path of the task in the definition' },
    runs: { type: 'number', path: ['runs'], about: 'runs on whose critical path it was' },
    working: sum('working'),
    waiting: sum('waiting'),
    'working.longest': longest('working'),
    'waiting.longest': longest('waiting'),
    last: { type: 'time', path: ['last'], about: 'when the last of those runs ended' },
  },
  order: { path: ['workflow'] },
  keyOf: ({ event, metadata, runId, run }) =>
    metadata.origin === undefined &&
    run.tasks <= MOST &&
    (event.type === 'RunStarted' || isEnd(event) || attemptedIn(event) !== undefined)
      ? `~${runId}`
      : undefined,
  keysFrom: (given, rows) => [...onPath(given, rows).keys()],
  apply: (row, given, { key, rows }) =>
    key.startsWith('~')
      ? remembered(row as OpenRow | undefined, given.event)
      : counted(row as CriticalPathsRow | undefined, given, onPath(given, rows).get(key)),
}) as Projection as Projection<CriticalPathsRow>;

const isEnd = ({ type }: RunEvent): boolean =>
  type === 'RunCompleted' || type === 'RunFailed' || type === 'RunCancelled';

function remembered(row: OpenRow | undefined, event: RunEvent): OpenRow | undefined {
  if (event.type === 'RunStarted') {
    const { definition } = event;
    return { order: plannedOrder(definition), inTurns: definition.strategy === 'sequential', tasks: {}, attempts: 0 };
  }
  const taskId = attemptedIn(event);
  if (row === undefined || taskId === undefined) return undefined;
  const attempts = row.attempts + (beginsAttempt(event) ? 1 : 0);
  if (attempts > MOST) return undefined;
  const before = Object.hasOwn(row.tasks, taskId) ? (row.tasks[taskId] ?? []) : [];
  const after = attemptsAfter(before, event);
  return after === before ? row : { ...row, attempts, tasks: { ...row.tasks, [taskId]: after } };
}

/** Of an event that ends a run: the links of its critical path, by the key of their task. */
function onPath({ event, run, runId }: ViewEvent, rows: RowsBefore<Row>): ReadonlyMap<string, readonly CriticalLink[]> {
  const found = new Map<string, CriticalLink[]>();
  const open = rows(`~${runId}`) as OpenRow | undefined;
  if (open === undefined || (event.type !== 'RunCompleted' && event.type !== 'RunFailed')) return found;
  const { links } = criticalPathOf({
    startedAt: run.startedAt,
    until: event.at,
    attempts: open.tasks,
    after: orderedBy(open.order, run.rules),
    inTurns: open.inTurns,
  });
  for (const link of links) {
    const key = `${run.workflow}/${taskPaths(run.rules).definition(link.taskId)}`.slice(0, 1024);
    const others = found.get(key);
    if (others === undefined) found.set(key, [link]);
    else others.push(link);
  }
  return found;
}

function counted(
  row: CriticalPathsRow | undefined,
  { event, run }: ViewEvent,
  links: readonly CriticalLink[] | undefined,
): CriticalPathsRow | undefined {
  const [first] = links ?? [];
  if (links === undefined || first === undefined) return row;
  const task = taskPaths(run.rules).definition(first.taskId);
  const before = row ?? { workflow: run.workflow, task, runs: 0, working: NOTHING_YET, waiting: NOTHING_YET, last: 0 };
  const of = (part: 'workingMs' | 'waitingMs'): number => links.reduce((all, link) => all + link[part], 0);
  return {
    ...before,
    runs: before.runs + 1,
    working: tallied(before.working, of('workingMs')),
    waiting: tallied(before.waiting, of('waitingMs')),
    last: Math.max(before.last, event.at),
  };
}
