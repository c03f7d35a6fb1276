import { isInside } from '../../../shared/task-path.ts';
import type { CloseFork } from '../commands.ts';
import type { RunEvent, TasksReset } from '../events.ts';
import { definitionOf, type RunState } from '../state.ts';

interface Made {
  readonly taskId: string;
  readonly attempt: number;
  readonly revision: number;
}

/** A child run that an attempt was. */
export interface MadeChild {
  readonly taskId: string;
  readonly child: string;
}

/** The attempts of a run that may be made only once, and its child runs, which may have made some. */
export class MadeOnce {
  readonly #made: Made[] = [];
  readonly #children: (Made & MadeChild)[] = [];

  /** `state`: before the event. */
  note(state: RunState, event: RunEvent): void {
    if (event.type === 'TaskEntered' && event.child !== undefined) {
      const { taskId, attempt, child } = event;
      this.#children.push({ taskId, attempt, child, revision: state.revision + 1 });
    }
    if (event.type !== 'TaskScheduled') return;
    const { taskId, attempt } = event;
    const task = state.tasks.get(taskId);
    if (task === undefined || definitionOf(state, task)?.delivery !== 'at-most-once') return;
    this.#made.push({ taskId, attempt, revision: state.revision + 1 });
  }

  /** All of it, for a run that is begun anew. */
  get all(): { readonly tasks: readonly string[]; readonly children: readonly MadeChild[] } {
    return { tasks: this.#made.map(({ taskId }) => taskId), children: this.#children };
  }

  /**
   * Those that a run which goes on from this one behind `cut` would make again, or may: tasks, and child runs that would be begun anew. What was
   * undone is done again on purpose, with another key. `given`: tasks that are given an outcome.
   */
  again(
    cut: number,
    reset: TasksReset | undefined,
    undone: CloseFork['undone'],
    given: readonly string[],
  ): { readonly tasks: readonly string[]; readonly children: readonly MadeChild[] } {
    const isGiven = new Set(given);
    const isUndone = new Set(undone.map(({ taskId, attempt }) => `${taskId}@${attempt}`));
    const tasks = new Set(reset?.tasks);
    const restarted = new Set(reset?.restarted);
    const matters = ({ taskId, attempt }: Made): boolean =>
      !isUndone.has(`${taskId}@${attempt}`) && !isInOrAt(taskId, isGiven);
    const isAnew = ({ taskId, revision }: Made): boolean => revision > cut || isInOrAt(taskId, restarted);
    const again = new Set<string>();
    for (const made of this.#made)
      if (matters(made) && (isAnew(made) || isInOrAt(made.taskId, tasks))) again.add(made.taskId);
    // A child run that a retry goes on from is asked about for itself.
    const goesOn = ({ taskId }: Made): boolean => reset?.retries === true && tasks.has(taskId);
    const children = this.#children.filter(
      (made) => matters(made) && !goesOn(made) && (isAnew(made) || isInOrAt(made.taskId, tasks)),
    );
    return { tasks: [...again], children };
  }
}

const isInOrAt = (path: string, others: ReadonlySet<string>): boolean => others.has(path) || isInside(path, others);
