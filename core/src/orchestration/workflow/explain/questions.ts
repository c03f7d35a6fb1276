import { isSettling } from '../settle.ts';
import { hasEnded, type RunState, type TaskState } from '../state.ts';
import type { ExplainFacts } from './explanation.ts';

/** Ids that an explanation names at most. */
export const NAMED = 10;

/** Some of the ids of tasks, and how many there are. */
export interface Named {
  readonly waitsFor: readonly string[];
  readonly open: number;
}

/** A run that is being explained: what is asked more than once, answered once. */
export class Questions {
  readonly state: RunState;
  readonly facts: ExplainFacts;

  constructor(state: RunState, facts: ExplainFacts) {
    this.state = state;
    this.facts = facts;
  }

  /** What is awaited in a task (in the run, for '') before it may end; what it is itself is not in it. */
  awaitedIn(path: string): Named {
    return named([...this.state.awaited.within(path)].filter((id) => id !== path));
  }

  isSettling(task: TaskState): boolean {
    return isSettling(this.state, task);
  }
}

export const named = (ids: readonly string[]): Named => ({ waitsFor: ids.slice(0, NAMED), open: ids.length });

/** Those tasks that have not ended. */
export function openOf(tasks: Iterable<TaskState | undefined>): Named {
  const waitsFor: string[] = [];
  let open = 0;
  for (const task of tasks) {
    if (task === undefined || hasEnded(task)) continue;
    open += 1;
    if (waitsFor.length < NAMED) waitsFor.push(task.id);
  }
  return { waitsFor, open };
}
