import { isList, type TaskDefinition } from '../../definition/definition.ts';
import type { ErrorCode } from '../../shared/error-codes.ts';
import { timeOf } from './clock.ts';
import { definitionOf, isEntered, listOf, type RunState, type TaskState } from './state.ts';

// Deadlines are readings of the run's clock: see clock.ts.

/** When the time of something is up, and what to call it then. */
export interface Deadline {
  /** A reading of the run's clock. */
  readonly at: number;
  readonly limit: string;
  readonly code: ErrorCode;
}

/**
 * When the limit of a task (of an item, for a forEach) ends: `timeouts.task`, from its first scheduling, retries included. It does not
 * cover a fallback. Undefined when there is none, or it does not run.
 */
export function taskDeadline(task: TaskState, definition: TaskDefinition): number | undefined {
  const { taskMs } = definition.timeouts;
  const isWhole = isList(definition) && task.index === undefined;
  if (taskMs === undefined || isWhole || task.fallback !== undefined || task.firstScheduledAt === undefined)
    return undefined;
  return task.firstScheduledAt - task.stoppedBefore + taskMs;
}

/** When the limit of the whole list of a forEach ends: `timeouts.all`, from its expansion. Undefined when it does not run. */
export function listDeadline(parent: TaskState, definition: TaskDefinition): number | undefined {
  const { allMs } = definition.timeouts;
  if (allMs === undefined || parent.items === undefined || parent.items.expired !== undefined) return undefined;
  return parent.firstScheduledAt === undefined ? undefined : parent.firstScheduledAt - parent.stoppedBefore + allMs;
}

/** When the limit of the attempt that is under way ends: `timeouts.attempt`, from its start. Undefined when there is none, or it has not begun. */
export function attemptDeadline(task: TaskState, definition: TaskDefinition): number | undefined {
  const { attemptMs } = definition.timeouts;
  return attemptMs === undefined || task.startedAt === undefined ? undefined : task.startedAt + attemptMs;
}

export const runDeadline = (state: RunState): number | undefined =>
  state.definition.timeoutMs === undefined
    ? undefined
    : state.startedAt - state.stoppedBefore + state.definition.timeoutMs;

/**
 * When what a task waits for is due: its next attempt, the end of its sleep, or of its question for more of a budget. Undefined when it waits for neither, and while the run's clock
 * stands still; a sleep until a moment does not go by that clock.
 */
export function dueAt(state: RunState, task: TaskState): number | undefined {
  const { status, retryAt, wakeAt, stoppedBeforeWait, asks } = task;
  if (asks !== undefined) return asks.until === undefined ? undefined : timeOf(state, asks.until - stoppedBeforeWait);
  if (status === 'waiting' && retryAt !== undefined) return timeOf(state, retryAt - stoppedBeforeWait);
  if (!isEntered(task) || wakeAt === undefined) return undefined;
  if (definitionOf(state, task)?.sleep?.kind === 'until') return wakeAt;
  return timeOf(state, wakeAt - stoppedBeforeWait);
}

/** When nobody waits for an answer any more: a reading of the run's clock. Undefined when the form, which is open, has no limit. */
export function formDeadline(state: RunState, task: TaskState, definition: TaskDefinition): number | undefined {
  const { asks, stoppedBeforeWait } = task;
  if (asks !== undefined) return asks.until === undefined ? undefined : asks.until - stoppedBeforeWait;
  const list = task.index === undefined ? undefined : listOf(state, task);
  const own = taskDeadline(task, definition) ?? Number.POSITIVE_INFINITY;
  const all = (list && listDeadline(list, definition)) ?? Number.POSITIVE_INFINITY;
  const first = Math.min(own, all);
  return Number.isFinite(first) ? first : undefined;
}

/** When a form goes to the next one. Undefined when nobody is left, it is not open, or the run's clock stands still. */
export function escalationAt(state: RunState, task: TaskState): number | undefined {
  const { form, firstScheduledAt, stoppedBefore } = task;
  if (form === undefined || firstScheduledAt === undefined || !isEntered(task)) return undefined;
  if (form.answer !== undefined || form.step >= form.escalate.length) return undefined;
  const next = definitionOf(state, task)?.wait?.form?.escalate?.[form.step];
  return next === undefined ? undefined : timeOf(state, firstScheduledAt - stoppedBefore + next.afterMs);
}

/** The first limit that ends the attempts of a task. */
export function deadlineOf(state: RunState, task: TaskState, definition: TaskDefinition): Deadline | undefined {
  const parent = task.index === undefined ? undefined : listOf(state, task);
  const all = parent === undefined || task.fallback !== undefined ? undefined : listDeadline(parent, definition);
  const limits: readonly (readonly [number | undefined, string, ErrorCode])[] = [
    [taskDeadline(task, definition), `its limit of ${definition.timeouts.taskMs} ms`, 'REPRISE_TASK_TIMEOUT'],
    [all, `the limit of the whole list, ${definition.timeouts.allMs} ms,`, 'REPRISE_TASK_TIMEOUT'],
    [runDeadline(state), `the limit of the run, ${state.definition.timeoutMs} ms,`, 'REPRISE_RUN_TIMEOUT'],
  ];
  let first: Deadline | undefined;
  for (const [at, limit, code] of limits) {
    // What undoes a task is not held up by the time of the run.
    if (task.undoes !== undefined && code === 'REPRISE_RUN_TIMEOUT') continue;
    if (at !== undefined && (first === undefined || at < first.at)) first = { at, limit, code };
  }
  return first;
}
