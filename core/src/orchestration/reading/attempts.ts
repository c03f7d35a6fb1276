import type { RunEvent, Usage } from '../workflow/events.ts';

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
  /** What it used, as its agent reports; cost in millionths. */
  readonly usage?: Usage;
};

/** Attempts of tasks, by the task's path. */
export type AttemptsByTask = { readonly [taskId: string]: readonly TimelineAttempt[] };

/** The events that attempts are made of. */
export const ABOUT_ATTEMPTS: ReadonlySet<string> = new Set([
  ...(['TaskScheduled', 'TaskEntered', 'TaskStarted', 'TaskCompleted'] as const),
  ...(['TaskAttemptCompleted', 'TaskAttemptFailed', 'TaskFailed', 'TaskCancelled', 'TaskSkipped'] as const),
  ...(['TaskHandedOff', 'TasksReset'] as const),
]);

/** Whether an event begins an attempt of its task. */
export const beginsAttempt = ({ type }: RunEvent): boolean => type === 'TaskScheduled' || type === 'TaskEntered';

/** The attempts of a task as an event about it leaves them; `attempts` itself when it changes none. Pure. */
export function attemptsAfter(attempts: readonly TimelineAttempt[], event: RunEvent): readonly TimelineAttempt[] {
  const { at } = event;
  switch (event.type) {
    case 'TaskScheduled': {
      const { attempt, agent, readySince = at } = event;
      return [...attempts, { attempt, agent, ready: readySince, scheduled: at, status: 'scheduled' }];
    }
    case 'TaskEntered':
      return [...attempts, { attempt: event.attempt, ready: at, started: at, status: 'running' }];
    case 'TaskStarted':
      return changed(attempts, event.attempt, { started: at, worker: event.worker, status: 'running' });
    case 'TaskCompleted':
      // What was said instead is no attempt that anybody made: the one that was under way is over.
      if (event.via === 'override') return changed(attempts, undefined, { ended: at, status: 'failed' });
      return changed(attempts, event.attempt, { ended: at, status: 'completed', ...used(event) });
    case 'TaskAttemptCompleted':
    case 'TaskHandedOff':
      return changed(attempts, event.attempt, { ended: at, status: 'completed', ...used(event) });
    case 'TasksReset':
      // The attempt that ended a round of a repeating task has no other event.
      if (event.why !== 'repeat' || event.attempt === undefined) return attempts;
      return changed(attempts, event.attempt, { ended: at, status: 'completed', ...used(event) });
    case 'TaskAttemptFailed':
      return changed(attempts, event.attempt, {
        ended: at,
        status: event.lost === true ? 'lost' : 'failed',
        ...used(event),
      });
    case 'TaskFailed':
      return changed(attempts, undefined, { ended: at, status: 'failed', ...used(event) });
    case 'TaskCancelled':
    case 'TaskSkipped':
      return changed(attempts, undefined, { ended: at, status: 'failed' });
    default:
      return attempts;
  }
}

const used = ({ usage }: { readonly usage?: Usage }): { readonly usage?: Usage } =>
  usage === undefined ? {} : { usage };

/** The attempt that is named, or else the last one, unless it has ended. */
function changed(
  attempts: readonly TimelineAttempt[],
  attempt: number | undefined,
  change: Partial<TimelineAttempt>,
): readonly TimelineAttempt[] {
  const index = attempt === undefined ? attempts.length - 1 : attempts.findLastIndex((one) => one.attempt === attempt);
  const one = attempts[index];
  return one === undefined || one.ended !== undefined ? attempts : attempts.with(index, { ...one, ...change });
}

/** The task that an event says something about the attempts of. */
export function attemptedIn(event: RunEvent): string | undefined {
  if (event.type === 'TasksReset') return event.why === 'repeat' ? event.region : undefined;
  return 'taskId' in event && ABOUT_ATTEMPTS.has(event.type) ? event.taskId : undefined;
}

/** Folds the attempts of one run from its history. An event costs the attempts of its task. */
export class RunAttempts {
  readonly #tasks = new Map<string, readonly TimelineAttempt[]>();

  fold(event: RunEvent): void {
    const taskId = attemptedIn(event);
    if (taskId !== undefined) this.#tasks.set(taskId, attemptsAfter(this.#tasks.get(taskId) ?? [], event));
  }

  /** A copy. */
  get tasks(): AttemptsByTask {
    return Object.fromEntries([...this.#tasks].filter(([, attempts]) => attempts.length > 0));
  }
}
