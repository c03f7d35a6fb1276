import { stoodStill } from '../clock.ts';
import type { RunParked, RunPaused, RunResumed } from '../events.ts';
import { stirAll } from '../messaging/mail.ts';
import type { PausedBy, RunState, TaskState } from '../state.ts';

/** The run stands still until everybody who paused it has resumed it. */
export function pause(state: RunState, event: RunPaused): RunState {
  const by = event.by ?? 'user';
  state.pausedBy = [...withoutPauser(state, by), by];
  return stand(state, event.at);
}

/** A person's word ends a parking, too. */
export function resume(state: RunState, event: RunResumed): RunState {
  state.pausedBy = withoutPauser(state, event.by ?? 'user');
  if (event.by === undefined) state.parked = undefined;
  return stand(state, event.at);
}

export function park(state: RunState, { error, at }: RunParked): RunState {
  state.parked = error;
  return stand(state, at);
}

/** Whoever held it up: the run goes on. */
export function release(state: RunState, at: number): void {
  if (state.pausedBy !== undefined) state.pausedBy = [];
  state.parked = undefined;
  stand(state, at);
}

/** The time of the task begins to run, unless it does already. */
export function beginLimits(state: RunState, task: TaskState, at: number): void {
  if (task.firstScheduledAt !== undefined) return;
  task.firstScheduledAt = at;
  task.stoppedBefore = stoodStill(state, at);
}

const withoutPauser = (state: RunState, by: PausedBy): PausedBy[] =>
  (state.pausedBy ?? []).filter((other) => other !== by);

/** The status of an open run follows from what holds it up, and its clock from its status. */
function stand(state: RunState, at: number): RunState {
  const isPaused = state.pausedBy !== undefined && state.pausedBy.length > 0;
  const status = state.parked !== undefined ? 'parked' : isPaused ? 'paused' : 'running';
  // A history that is being copied only says how it was with the other run.
  if (state.status !== 'forking') state.status = status;
  if (status !== 'running') {
    state.stoppedAt ??= at;
    return state;
  }
  state.stoppedMs = stoodStill(state, at);
  state.stoppedAt = undefined;
  // What was due meanwhile is nobody's yet.
  if (state.mail !== undefined) stirAll(state.mail);
  return state;
}
