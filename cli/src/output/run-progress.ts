import { Replay, type ReplayResult, type RunEvent, type RunView } from '@reprise/core';
import { taskOf } from './describe-event.ts';
import { type TaskRow, taskRows } from './task-rows.ts';

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
    return taskRows(this.state, (path) => this.#tallies.get(path));
  }
}
