import type { Clock } from '../../shared/clock.ts';
import type { EngineOptions } from './options.ts';
import { Sweep } from './sweep.ts';

/** A dispatch to be noted. */
export interface DispatchNote {
  readonly runId: string;
  readonly taskId: string;
  readonly attempt: number;
  /** At most once: it is never sent twice. */
  readonly once: boolean;
  /** It may be out already: sent by this process before, or by another one. */
  readonly again: boolean;
  /** It is sent only if nobody is heard of in time. */
  readonly waits?: boolean;
  /** Somebody has begun it, as far as is on record. */
  readonly begun?: boolean;
}

interface OpenAttempt {
  readonly attempt: number;
  readonly once: boolean;
  /** Set when a worker has begun it, or may have. */
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
}

/**
 * The attempts that were dispatched and have no outcome yet, by run and task.
 *
 * An attempt is sent (its dispatch is repeated, ever more rarely, until a worker begins it; not so that of an at-most-once task,
 * which waits in the transport as long as it takes), then started (its worker must be heard of within the lease), then closed. A
 * sweep looks for what is due four times in a lease. One that comes far too late gives whatever is started another lease: while this process
 * was asleep (a laptop that was closed) or busy, it heard of no worker.
 */
export class OpenAttempts {
  readonly #clock: Clock;
  readonly #options: EngineOptions;
  readonly #events: OpenAttemptsEvents;
  readonly #runs = new Map<string, Map<string, OpenAttempt>>();
  readonly #sweep: Sweep;

  constructor(clock: Clock, options: EngineOptions, events: OpenAttemptsEvents) {
    this.#clock = clock;
    this.#options = options;
    this.#events = events;
    const periodMs = Math.max(10, Math.min(options.leaseMs, options.redispatchMs) / 4);
    this.#sweep = new Sweep(clock, periodMs, (late) => this.#look(clock.now(), late));
  }

  /** Notes a dispatch. False when it is not to be sent: it is out already, or may be and may not be sent twice. */
  track({ runId, taskId, attempt, once, again, waits = false, begun = false }: DispatchNote): boolean {
    let tasks = this.#runs.get(runId);
    if (tasks === undefined) {
      tasks = new Map();
      this.#runs.set(runId, tasks);
    }
    const known = tasks.get(taskId);
    if (known?.attempt === attempt) {
      const { resend } = known;
      known.resend = false;
      return resend;
    }
    const watched = again && (once || (waits && begun));
    const waitMs = this.#options.redispatchMs;
    const dueAt = this.#clock.now() + (watched ? this.#options.leaseMs : waitMs);
    // First: what is noted without a look to come would never be sent again.
    this.#sweep.arm();
    tasks.set(taskId, { attempt, once, started: watched, dueAt, waitMs, resend: false });
    return !watched && !waits;
  }

  /** Whether this process dispatched the attempt, and has seen no end of it. */
  has(runId: string, taskId: string, attempt: number): boolean {
    return this.#runs.get(runId)?.get(taskId)?.attempt === attempt;
  }

  /** It is not out any more: it is sent when it is next derived. */
  resend(runId: string, taskId: string, attempt: number): void {
    const open = this.#runs.get(runId)?.get(taskId);
    if (open?.attempt === attempt && !open.started) open.resend = true;
  }

  /** All of a run. */
  *of(runId: string): Generator<{ readonly taskId: string; readonly attempt: number }> {
    for (const [taskId, { attempt }] of this.#runs.get(runId) ?? []) yield { taskId, attempt };
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
  }

  /** Closes all of a run; returns how many there were. */
  closeRun(runId: string): number {
    const tasks = this.#runs.get(runId);
    this.#runs.delete(runId);
    return tasks?.size ?? 0;
  }

  clear(): void {
    this.#sweep.cancel();
    this.#runs.clear();
  }

  /** Returns whether anything is left to be looked at. */
  #look(now: number, late: boolean): boolean {
    for (const [runId, tasks] of [...this.#runs]) {
      let resend = false;
      for (const [taskId, open] of [...tasks]) {
        if (late && open.started) open.dueAt = Math.max(open.dueAt, now + this.#options.leaseMs);
        if (open.dueAt > now) continue;
        if (open.started) {
          open.dueAt = now + this.#options.leaseMs;
          this.#events.leaseExpired(runId, taskId, open.attempt);
        } else if (open.once) {
          open.dueAt = now + open.waitMs;
        } else {
          open.waitMs *= 2;
          open.dueAt = now + open.waitMs;
          open.resend = true;
          resend = true;
        }
      }
      if (resend) this.#events.redispatch(runId);
    }
    return this.#runs.size > 0;
  }
}
