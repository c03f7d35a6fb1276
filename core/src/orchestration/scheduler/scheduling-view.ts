import { priorityOf, type ReadyGroup as ReadyTasks, readyGroups } from '../workflow/ready-tasks.ts';
import type { RunState, ScopeState, TaskState } from '../workflow/state.ts';
import type { ReadyGroup, ReadyTask } from './scheduler-strategy.ts';

/** A group, with the priority of its first task. */
export interface ReadyView extends ReadyGroup {
  readonly priority: number;
}

/** The ready tasks of a region as its strategy sees them. Of each group one task is read. */
export const readyView = (state: RunState, region: ScopeState): readonly ReadyView[] =>
  readyGroups(state, region).map((group) => {
    const { agent, capability } = group.wanted;
    return {
      agent,
      // Of a task that fell back to an agent, the capability does not matter any more.
      capability: agent === undefined ? capability : undefined,
      priority: priorityOf(state, group.first),
      tasks: new TaskViews(state, group),
    };
  });

const NOBODY: readonly string[] = Object.freeze([]);

/** The tasks of a group, read once. Mostly there is one, which is at hand. */
class TaskViews implements IterableIterator<ReadyTask> {
  readonly #state: RunState;
  readonly #group: ReadyTasks;
  #rest: Iterator<TaskState> | undefined;
  #isFirst = true;

  constructor(state: RunState, group: ReadyTasks) {
    this.#state = state;
    this.#group = group;
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<ReadyTask> {
    if (this.#isFirst) {
      this.#isFirst = false;
      return { done: false, value: this.#shown(this.#group.first) };
    }
    // Mostly there is no other.
    if (this.#state.readyCount === 1) return { done: true, value: undefined };
    if (this.#rest === undefined) {
      this.#rest = this.#group.tasks();
      this.#rest.next();
    }
    const { done, value } = this.#rest.next();
    return done === true ? { done, value: undefined } : { done: false, value: this.#shown(value) };
  }

  #shown(task: TaskState): ReadyTask {
    const { agent, capability } = this.#group.wanted;
    return {
      taskId: task.id,
      priority: priorityOf(this.#state, task),
      readySince: task.readySince ?? 0,
      order: task.ticket,
      agent,
      capability: agent === undefined ? capability : undefined,
      tried: (agent === undefined ? task.tried : undefined) ?? NOBODY,
    };
  }
}
