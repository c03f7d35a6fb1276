import type { ObservedEvent } from '@reprise/core/plugin';

/** After these, nobody works on a task any more. */
const ENDS: ReadonlySet<string> = new Set(['TaskCompleted', 'TaskFailed', 'TaskCancelled', 'TaskAttemptCompleted']);

/**
 * Who works on which task: told by TaskScheduled, asked for by the events that follow it, forgotten when the task or its
 * run ends. Bounded: past `limit` tasks the oldest is forgotten, and its further lines name no agent.
 */
export class WorkingAgents {
  readonly #limit: number;
  readonly #runs = new Map<string, Map<string, string>>();
  #size = 0;

  constructor(limit = 10_000) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#size;
  }

  /** The agent of the event's task, taking the event into account. */
  of({ runId, event }: ObservedEvent): string | undefined {
    const { taskId, agent } = event.data;
    if (typeof taskId !== 'string') {
      if (event.type === 'RunCompleted' || event.type === 'RunFailed' || event.type === 'RunCancelled')
        this.#forgetRun(runId);
      return undefined;
    }
    if (event.type === 'TaskScheduled' && typeof agent === 'string') {
      this.#remember(runId, taskId, agent);
      return agent;
    }
    const known = this.#runs.get(runId)?.get(taskId);
    if (event.type === 'RunFailed') this.#forgetRun(runId);
    if (ENDS.has(event.type)) this.#forget(runId, taskId);
    return known;
  }

  #remember(runId: string, taskId: string, agent: string): void {
    const tasks = this.#runs.get(runId) ?? new Map<string, string>();
    this.#runs.set(runId, tasks);
    if (!tasks.has(taskId)) this.#size += 1;
    tasks.set(taskId, agent);
    if (this.#size > this.#limit) this.#forgetOldest();
  }

  #forgetOldest(): void {
    for (const [runId, tasks] of this.#runs) {
      for (const taskId of tasks.keys()) {
        this.#forget(runId, taskId);
        return;
      }
    }
  }

  #forget(runId: string, taskId: string): void {
    const tasks = this.#runs.get(runId);
    if (tasks?.delete(taskId)) this.#size -= 1;
    if (tasks?.size === 0) this.#runs.delete(runId);
  }

  #forgetRun(runId: string): void {
    this.#size -= this.#runs.get(runId)?.size ?? 0;
    this.#runs.delete(runId);
  }
}
