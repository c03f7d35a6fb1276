import type { RunEvent } from '../events.ts';
import type { TaskState } from '../state.ts';
import type { DecisionContext } from './decision-context.ts';
import { isWithdrawn, withdrawn } from './withdraw.ts';

/** How a task ends that was given up by itself, once nothing of it is left; undefined for one that ends in another way. */
export function endOfGivenUp(
  { id: taskId, attempt, closing }: TaskState,
  context: DecisionContext,
): RunEvent | undefined {
  if (closing === undefined || closing.why === 'within') return undefined;
  const at = context.now;
  if (isWithdrawn(closing)) return withdrawn(taskId, closing, at);
  const by = closing.commandId === undefined ? {} : { commandId: closing.commandId };
  if (closing.why === 'skip') return { type: 'TaskSkipped', at, taskId, reason: 'manual', ...by };
  if (closing.why === 'override')
    return { type: 'TaskCompleted', at, taskId, attempt: attempt + 1, via: 'override', ...by };
  return undefined;
}
