import { isInside } from '../../../shared/task-path.ts';
import type { CloseFork } from '../commands.ts';
import type { RunEvent, TasksReset } from '../events.ts';
import { definitionOf, type RunState } from '../state.ts';

interface Made {
  readonly taskId: string;
  readonly attempt: number;
  readonly revision: number;
}

/** The attempts of a run that may be made only once. */
export class MadeOnce {
  readonly #made: Made[] = [];

  /** `state`: before the event. */
  note(state: RunState, event: RunEvent): void {
    if (event.type !== 'TaskScheduled') return;
    const { taskId, attempt } = event;
    const task = state.tasks.get(taskId);
    if (task === undefined || definitionOf(state, task)?.delivery !== 'at-most-once') return;
    this.#made.push({ taskId, attempt, revision: state.revision + 1 });
  }

  /**
   * Those that a run which goes on from this one behind `cut` would make again, or may: their tasks. What was undone is done again on purpose, with
   * another key. `given`: tasks that are given an outcome.
   */
  again(
    cut: number,
    reset: TasksReset | undefined,
    undone: CloseFork['undone'],
    given: readonly string[],
  ): readonly string[] {
    const isGiven = new Set(given);
    const isUndone = new Set(undone.map(({ taskId, attempt }) => `${taskId}@${attempt}`));
    const tasks = new Set(reset?.tasks);
    const restarted = new Set(reset?.restarted);
    const last = new Map<string, Made>();
    const again = new Set<string>();
    for (const made of this.#made) {
      if (isUndone.has(`${made.taskId}@${made.attempt}`) || isInOrAt(made.taskId, isGiven)) continue;
      if (made.revision > cut || isInOrAt(made.taskId, restarted)) again.add(made.taskId);
      else if (isInOrAt(made.taskId, tasks)) last.set(made.taskId, made);
    }
    for (const { taskId } of last.values()) again.add(taskId);
    return [...again];
  }
}

const isInOrAt = (path: string, others: ReadonlySet<string>): boolean => others.has(path) || isInside(path, others);
