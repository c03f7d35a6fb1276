import type { Way } from './way.ts';

/** An attempt that is under way. */
export interface HeldAttempt {
  readonly taskId: string;
  readonly attempt: number;
  readonly way: Way;
  /** When a worker began it. */
  beganAt: number | undefined;
}

/** Attempts under way, by run and task: of a task there is one at a time. */
export class HeldAttempts {
  readonly #runs = new Map<string, Map<string, HeldAttempt>>();

  get(runId: string, taskId: string, attempt: number): HeldAttempt | undefined {
    const held = this.#runs.get(runId)?.get(taskId);
    return held?.attempt === attempt ? held : undefined;
  }

  /** Returns the one of the task that there was before. */
  put(runId: string, taskId: string, held: HeldAttempt): HeldAttempt | undefined {
    let tasks = this.#runs.get(runId);
    if (tasks === undefined) {
      tasks = new Map();
      this.#runs.set(runId, tasks);
    }
    const before = tasks.get(taskId);
    tasks.set(taskId, held);
    return before;
  }

  take(runId: string, taskId: string, attempt: number): HeldAttempt | undefined {
    const tasks = this.#runs.get(runId);
    const held = tasks?.get(taskId);
    if (held?.attempt !== attempt) return undefined;
    // The map of a run is kept for its next attempt, and goes with the run.
    tasks?.delete(taskId);
    return held;
  }

  /** Those of a run: task and attempt. */
  of(runId: string): readonly (readonly [taskId: string, attempt: number])[] {
    return Array.from(this.#runs.get(runId) ?? [], ([taskId, { attempt }]) => [taskId, attempt]);
  }

  takeRun(runId: string): readonly HeldAttempt[] {
    const tasks = this.#runs.get(runId);
    this.#runs.delete(runId);
    return tasks === undefined ? [] : [...tasks.values()];
  }

  *all(): Generator<HeldAttempt> {
    for (const tasks of this.#runs.values()) yield* tasks.values();
  }

  clear(): void {
    this.#runs.clear();
  }
}
