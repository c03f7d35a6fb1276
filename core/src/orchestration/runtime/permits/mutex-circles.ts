import { isInside } from '../../../shared/task-path.ts';
import type { RunState } from '../../workflow/state.ts';
import { asksFor } from '../../workflow/transitions/mutex.ts';
import { globalName } from '../global-name.ts';

/** A task that waits for a mutex of several runs. */
export interface Asker {
  readonly runId: string;
  readonly taskId: string;
  readonly mutex: string;
  readonly askedAt: number;
}

export interface CircleParts {
  /** The run that has the mutex. */
  holderOf(mutex: string): Promise<string | undefined>;
  load(runId: string): Promise<RunState | undefined>;
}

/** Mutexes that are followed at most: a circle of more is found once it is shorter, or never. */
const MOST = 1000;

/**
 * Whether the task waits for itself: who has its mutex waits, inside what has it, for another, and so on, until one is had by what the task is in. Of those
 * in the circle it is said to the one that asked last, and to no other: each of them looks by itself, and sees the same.
 */
export async function closesCircle(asker: Asker, { holderOf, load }: CircleParts): Promise<boolean> {
  let at: readonly Asker[] = [asker];
  const seen = new Set([asker.mutex]);
  while (at.length > 0 && seen.size < MOST) {
    const next: Asker[] = [];
    for (const one of at) {
      const runId = await holderOf(one.mutex);
      const run = runId === undefined ? undefined : await load(runId);
      const holder = run === undefined ? undefined : holding(run, one.mutex);
      if (run === undefined || holder === undefined) continue;
      if (run.runId === asker.runId && isInside(asker.taskId, new Set([holder]))) return isLast(asker, one);
      for (const other of askersIn(run, holder)) {
        if (seen.has(other.mutex)) continue;
        seen.add(other.mutex);
        next.push(isLast(other, one) ? other : { ...other, ...later(one) });
      }
    }
    at = next;
  }
  return false;
}

/** On the way so far, who asked last stands for all. */
const later = ({ runId, taskId, askedAt }: Asker): Omit<Asker, 'mutex'> => ({ runId, taskId, askedAt });

const isLast = (one: Asker, other: Asker): boolean =>
  one.askedAt > other.askedAt || (one.askedAt === other.askedAt && nameOf(one) >= nameOf(other));

const nameOf = ({ runId, taskId }: Asker): string => JSON.stringify([runId, taskId]);

function holding(run: RunState, mutex: string): string | undefined {
  for (const name of run.shared) {
    const taskId = run.mutexes.get(name)?.[0] ?? '';
    if (globalName(run, name) === mutex && run.tasks.get(taskId)?.granted === true) return taskId;
  }
  return undefined;
}

function* askersIn(run: RunState, holder: string): Generator<Asker> {
  for (const name of run.shared) {
    const task = run.tasks.get(run.mutexes.get(name)?.[0] ?? '');
    if (task === undefined || !asksFor(run, task, name) || !isInside(task.id, new Set([holder]))) continue;
    yield { runId: run.runId, taskId: task.id, mutex: globalName(run, name), askedAt: task.askedAt ?? 0 };
  }
}
