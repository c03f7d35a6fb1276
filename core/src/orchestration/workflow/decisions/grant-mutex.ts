import type { GrantMutex } from '../commands.ts';
import type { RunEvent } from '../events.ts';
import { definitionOf, hasEnded, type RunState } from '../state.ts';
import { asksFor } from '../transitions/mutex.ts';
import type { DecisionContext } from './decision-context.ts';
import { timeIsUp } from './fire-timer.ts';
import { giveUp } from './outcome.ts';

/** Nothing, when the task does not ask for it any more. */
export function grantMutex(state: RunState, command: GrantMutex, context: DecisionContext): readonly RunEvent[] {
  const task = state.tasks.get(command.taskId);
  const definition = task === undefined ? undefined : definitionOf(state, task);
  if (task === undefined || definition === undefined || hasEnded(task) || task.closing !== undefined) return [];
  if (!asksFor(state, task, command.mutex)) return [];
  if (command.askedAt !== undefined && command.askedAt !== task.askedAt) return [];
  if (command.refused !== undefined)
    return task.status === 'pending'
      ? giveUp(state, task, definition, { error: command.refused }, context)
      : // It had begun, in the run that this one goes on from.
        timeIsUp(state, task, command.refused, context);
  return [{ type: 'MutexGranted', at: context.now, taskId: task.id }];
}
