import { leavesUnknown } from '../../task-chaining/failure.ts';
import { stoodStill } from '../clock.ts';
import type { TaskAttemptCompleted, TaskAttemptFailed } from '../events.ts';
import { wantedBy } from '../ready-tasks.ts';
import { definitionOf, type RunState, type TaskState } from '../state.ts';
import { wakeClosing } from './close.ts';
import { leavePlace } from './items.ts';
import { failMail } from './mail.ts';
import { setStatus } from './status.ts';
import { noteDone, noteUnknown } from './undo.ts';

// Attempts that ended, and with which their task has not.

/** What the attempt did is done, and its task does not complete with it. */
export function attemptCompleted(state: RunState, task: TaskState, event: TaskAttemptCompleted): void {
  setStatus(state, task, 'waiting');
  noteDone(state, task, event.output);
  goOnClosing(state, task);
}

/** What was only waited for: the task ends now, once what it did is undone. */
function goOnClosing(state: RunState, task: TaskState): void {
  if (task.closing !== undefined && task.closing.why !== 'within') wakeClosing(state, task);
}

export function attemptFailed(state: RunState, task: TaskState, event: TaskAttemptFailed): void {
  failMail(state, task, event);
  setStatus(state, task, 'waiting');
  task.error = event.error;
  task.retryAt = event.retryAt;
  task.stoppedBeforeWait = stoodStill(state, event.at);
  if (leavesUnknown(event)) noteUnknown(state, task);
  if (event.lost === true) task.losses += 1;
  else task.tries += 1;
  noteTried(state, task);
  if (task.index !== undefined && event.retryAt !== undefined) leavePlace(state, task, event.at);
  goOnClosing(state, task);
}

/** Whoever has the capability may make the next attempt: others go before who has failed at it. */
function noteTried(state: RunState, task: TaskState): void {
  const { agent } = task;
  if (agent === undefined || wantedBy(state, task).agent !== undefined) return;
  if (definitionOf(state, task)?.delivery === 'at-most-once') return;
  task.tried = [...(task.tried ?? []).filter((other) => other !== agent), agent];
}
