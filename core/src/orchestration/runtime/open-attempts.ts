import type { Clock, ScheduledCall } from '../../shared/clock.ts';
import type { EngineOptions } from './options.ts';

interface OpenAttempt {
  readonly agent: string;
  readonly attempt: number;
  readonly once: boolean;
  /** Set when a worker has begun it. */
  started: boolean;
  /** Started: when the lease runs out. Not started: when the dispatch is sent again. */
  dueAt: number;
  waitMs: number;
  /** The next redispatch is let through once. */
  resend: boolean;
}

export interface OpenAttemptsEvents {
  leaseExpired(runId: string, taskId: string, attempt: number): void;
  redispatch(runId: string): void;
  closed(agent: string): void;
}

/**
 * The attempts that were dispatched and have no outcome yet, by run and task.
 *
 * An attempt is sent (its dispatch is repeated, ever more rarely, until a worker begins it), then started (its worker must be
 * heard of within the lease), then closed. A sweep looks for what is due four times in a lease.
 */
export class OpenAttempts {
  readonly #clock: Clock;
  readonly #options: EngineOptions;
  readonly #events: OpenAttemptsEvents;
  readonly #runs = new Map<string, Map<string, OpenAttempt>>();
  #sweep: ScheduledCall | undefined;

  constructor(clock: Clock, options: EngineOptions, events: OpenAttemptsEvents) {
    this.#clock = clock;
    this.#options = options;
    this.#events = events;
  }

  /** Notes a dispatch. False when it is out already and need not be sent again. */
  track(runId: string, taskId: string, attempt: number, agent: string, once: boolean): boolean {
    let tasks = this.#runs.get(runId);
    if (tasks === undefined) {
      tasks = new Map();
      this.#runs.set(runId, tasks);
    }
    const known = tasks.get(taskId);
    if (known?.attempt === attempt) {
      const { resend } = known;
      known.resend = false;
      if (resend) this.#events.closed(known.agent);
      return resend;
    }
    const waitMs = this.#options.redispatchMs;
    tasks.set(taskId, {
      agent,
      attempt,
      once,
      started: once,
      dueAt: this.#clock.now() + waitMs,
      waitMs,
      resend: false,
    });
    this.#arm();
    return true;
  }

  /** A worker was heard of: it began the attempt, or still has it in hand. */
  heard(runId: string, taskId: string, attempt: number): void {
    const open = this.#runs.get(runId)?.get(taskId);
    if (open?.attempt !== attempt) return;
    open.started = true;
    open.dueAt = this.#clock.now() + this.#options.leaseMs;
  }

  close(runId: string, taskId: string, attempt: number): void {
    const tasks = this.#runs.get(runId);
    const open = tasks?.get(taskId);
    if (tasks === undefined || open?.attempt !== attempt) return;
    tasks.delete(taskId);
    if (tasks.size === 0) this.#runs.delete(runId);
    this.#events.closed(open.agent);
  }

  /** Closes all of a run; returns how many there were. */
  closeRun(runId: string): number {
    const tasks = this.#runs.get(runId);
    this.#runs.delete(runId);
    for (const open of tasks?.values() ?? []) this.#events.closed(open.agent);
    return tasks?.size ?? 0;
  }

  clear(): void {
    this.#sweep?.cancel();
    this.#sweep = undefined;
    this.#runs.clear();
  }

  #arm(): void {
    const period = Math.max(10, Math.min(this.#options.leaseMs, this.#options.redispatchMs) / 4);
    this.#sweep ??= this.#clock.schedule(period, () => {
      this.#sweep = undefined;
      this.#look(this.#clock.now());
      if (this.#runs.size > 0) this.#arm();
    });
  }

  #look(now: number): void {
    for (const [runId, tasks] of [...this.#runs]) {
      let resend = false;
      for (const [taskId, open] of [...tasks]) {
        if (open.dueAt > now) continue;
        if (open.started) {
          open.dueAt = now + this.#options.leaseMs;
          this.#events.leaseExpired(runId, taskId, open.attempt);
        } else {
          open.waitMs *= 2;
          open.dueAt = now + open.waitMs;
          open.resend = true;
          resend = true;
        }
      }
      if (resend) this.#events.redispatch(runId);
    }
  }
}
