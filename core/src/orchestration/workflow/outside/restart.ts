import type { DecisionContext } from '../decisions/decision-context.ts';
import { goneBack } from '../decisions/go-back.ts';
import type { Answer } from '../decisions/refusal.ts';
import { type RunState, scopeAt } from '../state.ts';
import type { RestartTask } from './run-changes.ts';
import { oldRules, unknownTask } from './task-under-way.ts';

/** The task and all that comes after it begin again, as when an agent goes back to it; what they read as feedback stays as it was. */
export function restart(
  state: RunState,
  { taskId, commandId }: Pick<RestartTask, 'taskId' | 'commandId'>,
  { now: at }: DecisionContext,
): Answer {
  if (state.rules < 3) return oldRules(state);
  const task = state.tasks.get(taskId);
  if (task === undefined) return unknownTask(taskId);
  const back = goneBack(state, task, { feedback: scopeAt(state, task.scope)?.feedback ?? null, commandId }, at);
  return 'code' in back ? back : back.events;
}
