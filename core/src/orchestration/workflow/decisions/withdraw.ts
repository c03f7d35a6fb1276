import type { RunEvent, TaskCancelled, TaskClosing, Withdrawal } from '../events.ts';
import { dependentsOf, hasEnded, type RunState, siblingOf, type TaskState } from '../state.ts';
import { isOutstanding } from '../transitions/close.ts';

// How a task ends that could have gone on: at once, or, when something is outstanding in it, after that.

type Why = Pick<TaskCancelled, 'by'> & { readonly why: Withdrawal };

/** Nothing, when it has ended or is about to. */
export const withdraw = (state: RunState, task: TaskState, why: Why, at: number): readonly RunEvent[] => {
  if (hasEnded(task) || task.closing !== undefined) return [];
  if (!isOutstanding(state, task.id)) return [withdrawn(task.id, why, at)];
  return [{ type: 'TaskClosing', at, taskId: task.id, ...why }];
};

/** What was outstanding is done with. */
export const withdrawn = (taskId: string, { why, by }: Why, at: number): TaskCancelled => ({
  type: 'TaskCancelled',
  at,
  taskId,
  reason: why,
  ...(by === undefined ? {} : { by }),
});

/** Whether it ends by nobody's failure, and without an output. (A run that is cancelled has another end.) */
export const isWithdrawn = (closing: {
  readonly why: string;
}): closing is Pick<TaskClosing, 'by'> & { why: Withdrawal } =>
  closing.why === 'join' ||
  closing.why === 'list' ||
  closing.why === 'cancel' ||
  closing.why === 'while' ||
  closing.why === 'team';

/** Something that comes after the task has what it needs, and does not let the rest be. */
export const isLoser = (state: RunState, task: TaskState): boolean =>
  task.index === undefined &&
  dependentsOf(state, task).some((id) => {
    const dependent = siblingOf(state, task, id);
    const definition = state.graph.node(dependent?.definitionId ?? '')?.definition;
    return definition?.rest === 'cancel' && dependent?.status === 'pending' && dependent.joinedAt !== undefined;
  });
