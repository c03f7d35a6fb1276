import { type ErrorData, errorData } from '../../../shared/errors.ts';
import { acceptedOf } from '../allotments.ts';
import type { EndChild } from '../commands.ts';
import type { RunEvent } from '../events.ts';
import { definitionOf, isEntered, type RunState, type TaskState } from '../state.ts';
import { lastDone } from '../transitions/undoable.ts';
import { ended, failAttempt, withUsage } from './attempt-outcome.ts';
import type { DecisionContext } from './decision-context.ts';
import { endOfGivenUp } from './given-up.ts';
import { conclude, giveUp } from './outcome.ts';

/** A child run has ended: so does its task, or what waited for it to close. Any other than the task's last one is nothing. */
export function endChild(state: RunState, command: EndChild, context: DecisionContext): readonly RunEvent[] {
  const task = state.tasks.get(command.taskId);
  if (task === undefined || !isEntered(task) || task.attempt !== command.attempt || task.child !== command.child)
    return [];
  const spent = acceptedOf(task.allotted, command.spent);
  const events = endOf(state, task, command, context);
  return spent === undefined ? events : withUsage(events, task.id, task.attempt, spent);
}

function endOf(state: RunState, task: TaskState, command: EndChild, context: DecisionContext): readonly RunEvent[] {
  const at = context.now;
  const { closing } = task;
  const { outcome, child } = command;
  // It completed before it was told to end: what it did is to be undone.
  if (closing !== undefined && outcome.status === 'completed' && definitionOf(state, task)?.compensate !== undefined)
    return ended(state, task, { output: outcome.output, via: 'child' }, context);
  if (closing?.why === 'within') return [{ type: 'TaskCancelled', at, taskId: task.id, reason: 'closed' }];
  const definition = definitionOf(state, task);
  if (definition === undefined) return [];
  // What it did in earlier rounds is undone first.
  if (closing !== undefined && outcome.status !== 'completed' && lastDone(state, task.id) !== undefined)
    return failAttempt(state, task, errorOf(outcome, child), false, context);
  const end = endOfGivenUp(task, context);
  if (end !== undefined) return [end];
  if (closing?.error !== undefined) return giveUp(state, task, definition, { error: closing.error }, context);
  if (outcome.status === 'completed') return conclude(state, task, { output: outcome.output, via: 'child' }, context);
  return failAttempt(state, task, errorOf(outcome, child), false, context);
}

function errorOf(outcome: Exclude<EndChild['outcome'], { readonly status: 'completed' }>, child: string): ErrorData {
  if (outcome.status === 'cancelled') {
    const why = outcome.reason === undefined ? '' : `: ${outcome.reason}`;
    return errorData('REPRISE_CHILD_CANCELLED', `The child run '${child}' was cancelled${why}.`);
  }
  // What went wrong in the end, however many runs further down.
  let root = outcome.error;
  while (root.cause !== undefined) root = root.cause;
  const failed = errorData('REPRISE_CHILD_FAILED', `The child run '${child}' failed: ${root.message}`);
  return { ...failed, cause: root };
}
