import type { DecisionContext } from '../decisions/decision-context.ts';
import type { Answer } from '../decisions/refusal.ts';
import type { RunState } from '../state.ts';
import { isOutstanding } from '../transitions/close.ts';
import type { SkipTask } from './run-changes.ts';
import { isTask, taskUnderWay } from './task-under-way.ts';

/** The task is skipped: at once, or once what is outstanding in it has come and what it did is undone. */
export function skip(
  state: RunState,
  { taskId, commandId }: Pick<SkipTask, 'taskId' | 'commandId'>,
  { now: at }: DecisionContext,
): Answer {
  const task = taskUnderWay(state, taskId);
  if (!isTask(task)) return task;
  if (isOutstanding(state, taskId)) return [{ type: 'TaskClosing', at, taskId, why: 'skip', commandId }];
  return [{ type: 'TaskSkipped', at, taskId, reason: 'manual', commandId }];
}
