import type { DecisionContext } from '../decisions/decision-context.ts';
import { type Answer, problem } from '../decisions/refusal.ts';
import type { RunState } from '../state.ts';
import type { SetPriority } from './run-changes.ts';
import { isTask, taskUnderWay } from './task-under-way.ts';

/** Attempts that are handed out already keep theirs. */
export function setPriority(
  state: RunState,
  { taskId, priority, commandId }: Pick<SetPriority, 'taskId' | 'priority' | 'commandId'>,
  { now: at }: DecisionContext,
): Answer {
  const task = taskUnderWay(state, taskId);
  if (!isTask(task)) return task;
  if (!Number.isFinite(priority)) return problem('REPRISE_COMMAND_INVALID', 'A priority is a finite number.');
  return [{ type: 'TaskPrioritySet', at, taskId, priority, commandId }];
}
