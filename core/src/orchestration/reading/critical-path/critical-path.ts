import { outer } from '../../../shared/task-path.ts';
import type { RunView } from '../../workflow/run-view.ts';
import type { AttemptsByTask } from '../attempts.ts';
import { type AfterOf, orderIn } from './task-order.ts';
import { Tries, type Try } from './tries.ts';

/**
 * What the time of a link went to. `working`: an agent worked. All else is waiting: `queueing` (ready to scheduled), `connecting` (scheduled to started),
 * `retrying` (from an attempt that failed to the next one), `outside` (a wait, a sleep, a child run), `held` (what it came after was over, and it was not
 * ready: the run was paused, a limit or somebody outside held it).
 */
export type CriticalPart = 'working' | 'queueing' | 'connecting' | 'retrying' | 'outside' | 'held';

/** An attempt on the critical path. Times are ms since the Unix epoch. */
export interface CriticalLink {
  readonly taskId: string;
  readonly attempt: number;
  /** Absent of what no agent performs. */
  readonly agent?: string;
  /** When the link before it ended; of the first one, when the run started. */
  readonly from: number;
  readonly until: number;
  /** In the order of time, without gaps; none that took no time. */
  readonly parts: readonly { readonly part: CriticalPart; readonly from: number; readonly until: number }[];
  readonly workingMs: number;
  readonly waitingMs: number;
}

/** What made a run as long as it was (or is, so far): attempts, each of which began when the one before it was over. */
export interface CriticalPath {
  readonly from: number;
  readonly until: number;
  /** From `from` on, without gaps and overlaps. */
  readonly links: readonly CriticalLink[];
  readonly workingMs: number;
  readonly waitingMs: number;
  /** From the last link to `until`: nothing was under way. */
  readonly restMs: number;
}

/** What is known of a run. */
export interface CriticalPathOf {
  readonly startedAt: number;
  /** Its end, or the moment that is looked at. */
  readonly until: number;
  readonly attempts: AttemptsByTask;
  readonly after: AfterOf;
  /** One task after another, whatever their dependencies: the one before is what a task waited for. */
  readonly inTurns?: boolean;
}

/**
 * Goes back from the end: from each attempt to the one whose end let it begin, which of all that its task comes after is the one that ended last. O(n log n) in
 * attempts. Tells of times what is on record: who waits for a slot that others use waits in `queueing`, and the others are not on the path.
 */
export function criticalPathOf({ startedAt, until, attempts, after, inTurns = false }: CriticalPathOf): CriticalPath {
  const end = Math.max(startedAt, until);
  const tries = new Tries(attempts, end);
  const seen = new Set<Try>();
  const links: CriticalLink[] = [];
  let at = tries.oldestOpen ?? tries.last('', end, seen);
  const restMs = end - Math.max(startedAt, at?.ended ?? startedAt);
  while (at !== undefined) {
    seen.add(at);
    const before = beforeOf(at, tries, after, seen, inTurns);
    links.push(linkOf(at, before, startedAt));
    at = before;
  }
  links.reverse();
  const sum = (of: (link: CriticalLink) => number): number => links.reduce((all, link) => all + of(link), 0);
  return {
    from: startedAt,
    until: end,
    links,
    workingMs: sum(({ workingMs }) => workingMs),
    waitingMs: sum(({ waitingMs }) => waitingMs),
    restMs,
  };
}

/** The critical path of a run as it is in a view, with the attempts that its history tells of; of an open run, up to `now` (by default its last event). */
export function criticalPath(
  run: RunView,
  attempts: AttemptsByTask,
  { now = run.updatedAt }: { readonly now?: number } = {},
): CriticalPath {
  const { startedAt, endedAt, definition } = run;
  const { strategy } = definition;
  return criticalPathOf({
    startedAt,
    until: endedAt ?? now,
    attempts,
    after: orderIn(run),
    inTurns: strategy === 'sequential',
  });
}

function beforeOf(one: Try, tries: Tries, after: AfterOf, seen: ReadonlySet<Try>, inTurns: boolean): Try | undefined {
  if (inTurns) return tries.last('', Math.max(one.ready, one.scheduled), seen);
  const own = tries.last(one.taskId, one.ready, seen);
  const dependency = lastAfter(one.taskId, one.ready, tries, after, seen);
  const best = later(own, dependency);
  if (best?.ended === one.ready) return best;
  // What ended in the very turn in which it became ready: somebody went to it, added it or took it up.
  const turn = tries.last('', one.ready, seen);
  return turn?.ended === one.ready ? turn : best;
}

/** What ended last of all that a task comes after; of the first tasks of a block, of what was in it before, or else of what the block comes after. */
function lastAfter(
  taskId: string,
  time: number,
  tries: Tries,
  after: AfterOf,
  seen: ReadonlySet<Try>,
): Try | undefined {
  for (let path = taskId; path !== ''; ) {
    let found: Try | undefined;
    const asked = new Set(after(path));
    // Of what nobody has tried (it was skipped, or takes no time), what that comes after. A set may grow while it is gone through.
    for (const dependency of asked) {
      const last = tries.last(dependency, time, seen);
      if (last === undefined) for (const further of after(dependency)) asked.add(further);
      else found = later(found, last);
    }
    if (found !== undefined) return found;
    const block = outer(path)?.block ?? '';
    const sibling = block === '' ? undefined : tries.last(block, time, seen);
    if (sibling !== undefined) return sibling;
    path = block;
  }
  return undefined;
}

const later = (a: Try | undefined, b: Try | undefined): Try | undefined =>
  a === undefined || (b !== undefined && b.ended > a.ended) ? b : a;

function linkOf(one: Try, before: Try | undefined, startedAt: number): CriticalLink {
  const { taskId, attempt, agent, ready, scheduled, started, ended } = one;
  const from = Math.min(ended, Math.max(startedAt, before?.ended ?? startedAt));
  const isAgain = before?.taskId === taskId && (before.status === 'failed' || before.status === 'lost');
  const parts: { part: CriticalPart; from: number; until: number }[] = [];
  let at = from;
  const add = (part: CriticalPart, until: number): void => {
    if (until <= at) return;
    parts.push({ part, from: at, until });
    at = until;
  };
  add(isAgain ? 'retrying' : 'held', ready);
  if (agent === undefined) add('outside', ended);
  else {
    add('queueing', scheduled);
    add('connecting', started);
    add('working', ended);
  }
  const workingMs = parts.reduce((sum, { part, from, until }) => sum + (part === 'working' ? until - from : 0), 0);
  return {
    taskId,
    attempt,
    ...(agent === undefined ? {} : { agent }),
    from,
    until: Math.max(from, ended),
    parts,
    workingMs,
    waitingMs: Math.max(from, ended) - from - workingMs,
  };
}
