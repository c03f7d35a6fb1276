import type { Clock, ScheduledCall } from '../../shared/clock.ts';
import type { Command, Timer } from '../workflow/commands.ts';

/** Stable name of a timer within its run; its attempt, or when it began, included. */
export function timerKey(timer: Timer): string {
  if (timer.kind === 'run' || timer.kind === 'messages') return timer.kind;
  if (timer.kind === 'team') return `team/${timer.scope}`;
  if (timer.kind === 'escalate') return `escalate/${timer.taskId}/${timer.attempt}/${timer.step}`;
  return timer.kind === 'task' || timer.kind === 'all'
    ? `${timer.kind}/${timer.taskId}/${timer.since}`
    : `${timer.kind}/${timer.taskId}/${timer.attempt}`;
}

/** What a timer that is due asks of its run. */
export const timerCommand = (runId: string, timer: Timer, at: number): Command => ({
  type: 'FireTimer',
  commandId: `${runId}/timer/${timerKey(timer)}`,
  runId,
  timer,
  at,
});

interface SetTimer {
  readonly at: number;
  readonly call: ScheduledCall;
}

/** The timers of all open runs. Durable because they are derived from events: this table can be lost at any time. */
export class TimerTable {
  readonly #clock: Clock;
  readonly #fire: (runId: string, timer: Timer, at: number) => void;
  readonly #runs = new Map<string, Map<string, SetTimer>>();

  constructor(clock: Clock, fire: (runId: string, timer: Timer, at: number) => void) {
    this.#clock = clock;
    this.#fire = fire;
  }

  /** Setting a timer that is set for that time already does nothing; for another time, it is set anew. One that is past due fires at once. */
  set(runId: string, timer: Timer, at: number): void {
    let timers = this.#runs.get(runId);
    if (timers === undefined) {
      timers = new Map();
      this.#runs.set(runId, timers);
    }
    const key = timerKey(timer);
    const known = timers.get(key);
    if (known?.at === at) return;
    known?.call.cancel();
    const call = this.#clock.schedule(at - this.#clock.now(), () => {
      this.#forget(runId, key);
      this.#fire(runId, timer, at);
    });
    timers.set(key, { at, call });
  }

  cancel(runId: string, timer: Timer): void {
    const key = timerKey(timer);
    this.#runs.get(runId)?.get(key)?.call.cancel();
    this.#forget(runId, key);
  }

  cancelRun(runId: string): void {
    for (const { call } of this.#runs.get(runId)?.values() ?? []) call.cancel();
    this.#runs.delete(runId);
  }

  clear(): void {
    for (const runId of [...this.#runs.keys()]) this.cancelRun(runId);
  }

  #forget(runId: string, key: string): void {
    const timers = this.#runs.get(runId);
    timers?.delete(key);
    if (timers?.size === 0) this.#runs.delete(runId);
  }
}
