import { allot } from '../allotments.ts';
import { spendAttempt } from '../budgets.ts';
import { stoodStill } from '../clock.ts';
import type { TaskEntered, TaskScheduled } from '../events.ts';
import { resolve } from '../sources/resolve.ts';
import type { RunState, TaskState } from '../state.ts';
import { hold, holdSource } from './hold.ts';
import { awaitMessage } from './mail.ts';
import { openScope } from './regions.ts';
import { awaitSignal } from './signals.ts';
import { beginLimits } from './standing.ts';
import { noteAwaited, setStatus } from './status.ts';

/** Another attempt of the task, at an agent or not. Without an input or its source, it has that of the attempt before. */
export function beginAttempt(state: RunState, task: TaskState, event: TaskScheduled | TaskEntered): void {
  spendAttempt(state, task, event);
  task.attempt = event.attempt;
  if (event.input !== undefined) {
    task.input = event.input;
    hold(state, task, 'input');
    task.boundAt = state.revision;
    task.source = undefined;
  } else if (event.source !== undefined) {
    task.input = resolve(state, event.source) ?? null;
    holdSource(state, task, event.source);
    task.boundAt = state.revision;
    task.source = event.source;
  }
  beginLimits(state, task, event.at);
  task.scheduledAt = event.at;
  task.retryAt = undefined;
}

/** A task that no agent performs begins. What it is entered for ends it: its block, a timer, a signal, a child run. */
export function enter(state: RunState, task: TaskState, event: TaskEntered): void {
  setStatus(state, task, 'running');
  beginAttempt(state, task, event);
  allot(state, task, event);
  task.startedAt = event.at;
  task.wakeAt = event.until;
  task.stoppedBeforeWait = stoodStill(state, event.at);
  task.signal = event.signal;
  if (event.form === true) {
    const { assignee, escalate = [] } = event;
    task.form = { assignee, escalate, step: 0, answer: undefined };
  }
  task.child = event.child;
  task.retries = event.retries;
  if (event.signal !== undefined) awaitSignal(state, task, event.signal);
  task.awaits = event.mailbox === undefined ? undefined : { mailbox: event.mailbox, wanted: event.wanted };
  if (task.awaits !== undefined) awaitMessage(state, task);
  task.sent = event.sent === undefined ? undefined : { message: event.sent, outcome: 'open' };
  noteAwaited(state, task);
  if (state.graph.node(task.definitionId)?.definition.scope !== undefined) openScope(state, task, event.at);
}
