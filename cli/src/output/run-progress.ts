import {
  type ErrorData,
  Replay,
  type ReplayResult,
  type RunEvent,
  type RunView,
  type TaskStatus,
  type TaskView,
} from '@reprise/core';
import { taskOf } from './describe-event.ts';

/** The items of a forEach task, by what has become of them. `queued`: may run, but does not yet. */
export interface ItemCounts {
  readonly total: number;
  readonly completed: number;
  readonly failed: number;
  /** Skipped or cancelled. */
  readonly dropped: number;
  readonly running: number;
  /** For a retry. */
  readonly waiting: number;
  readonly queued: number;
}

/** One task of the definition, as people want to see it: its items are counts. */
export interface TaskRow {
  readonly id: string;
  readonly status: TaskStatus;
  readonly agent: string | undefined;
  readonly round: number;
  /** Attempts made, those of items included. */
  readonly attempts: number;
  readonly failedAttempts: number;
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
  readonly error: ErrorData | undefined;
  readonly items: ItemCounts | undefined;
}

interface Tally {
  attempts: number;
  failedAttempts: number;
}

/** Folds a run's events into what is shown of it. Costs what each event changes; rows() costs one look at every task. */
export class RunProgress {
  readonly #replay = new Replay();
  readonly #tallies = new Map<string, Tally>();
  #events = 0;

  get state(): RunView {
    return this.#replay.state;
  }

  get events(): number {
    return this.#events;
  }

  fold(event: RunEvent): void {
    this.#events += 1;
    this.#replay.fold(event);
    const about = taskOf(event, this.state.rules);
    if (about === undefined) return;
    if (event.type !== 'TaskScheduled' && event.type !== 'TaskAttemptFailed') return;
    const tally = this.#tallies.get(about.task) ?? { attempts: 0, failedAttempts: 0 };
    this.#tallies.set(about.task, tally);
    if (event.type === 'TaskScheduled') tally.attempts += 1;
    else tally.failedAttempts += 1;
  }

  result(): ReplayResult {
    return this.#replay.result();
  }

  rows(): readonly TaskRow[] {
    const { state } = this;
    const counts = countItems(state);
    return state.definition.tasks.map(({ id, agent, capability }) => {
      const task = state.tasks.get(id);
      const tally = this.#tallies.get(id);
      return {
        id,
        status: task?.status ?? 'pending',
        agent: task?.agent ?? agent ?? capability,
        round: task?.round ?? 1,
        attempts: tally?.attempts ?? 0,
        failedAttempts: tally?.failedAttempts ?? 0,
        startedAt: task?.firstScheduledAt,
        endedAt: task?.endedAt,
        error: task?.error,
        items: counts.get(id),
      };
    });
  }
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

const MEMBER: Readonly<Record<TaskStatus, Exclude<keyof ItemCounts, 'total'>>> = {
  pending: 'queued',
  ready: 'queued',
  scheduled: 'running',
  running: 'running',
  waiting: 'waiting',
  completed: 'completed',
  failed: 'failed',
  skipped: 'dropped',
  cancelled: 'dropped',
};

function countItems(state: RunView): ReadonlyMap<string, ItemCounts> {
  const counts = new Map<string, Mutable<ItemCounts>>();
  const parents: TaskView[] = [];
  for (const task of state.tasks.values()) {
    if (task.items !== undefined) {
      parents.push(task);
      counts.set(task.id, {
        total: task.items.total,
        completed: 0,
        failed: 0,
        dropped: 0,
        running: 0,
        waiting: 0,
        queued: 0,
      });
    }
    const parent = task.index === undefined ? undefined : counts.get(task.definitionId);
    if (parent !== undefined) parent[MEMBER[task.status]] += 1;
  }
  for (const { id } of parents) {
    const all = counts.get(id);
    if (all === undefined) continue;
    // Items that were not released have no state of their own.
    all.queued = all.total - all.completed - all.failed - all.dropped - all.running - all.waiting;
  }
  return counts;
}

/** Items that came to an end of their own. */
export const endedItems = (items: ItemCounts): number => items.completed + items.failed;
