import { blockProblem } from '../decisions/added-place.ts';
import { problem, type Refusal } from '../decisions/refusal.ts';
import { hasEnded, listOf, type RunState, siblingOf, type TaskState } from '../state.ts';
import { substituteOf } from '../transitions/undoable.ts';

/**
 * The task that a change is about, when it has not ended, and neither it nor what it is in is about to. A stand-in is one once it stands in. What
 * undoes a task is none: the way to go on without it is to end the run by force.
 */
export function taskUnderWay(state: RunState, taskId: string): TaskState | Refusal {
  if (state.rules < 3) return oldRules(state);
  const task = state.tasks.get(taskId);
  const node = state.graph.node(task?.definitionId ?? '');
  if (task === undefined || node === undefined) return unknownTask(taskId);
  if (task.undoes !== undefined) {
    const message = `'${taskId}' undoes what '${task.undoes.taskId}' did, and cannot be changed; a cancellation with force ends the run without it.`;
    return problem('REPRISE_COMMAND_INVALID', message);
  }
  if (hasEnded(task)) {
    const message = `'${taskId}' has ended: it is ${task.status}. A fork of the run can give it another outcome: reprise run fork ${state.runId} --outcome ${taskId}=JSON.`;
    return problem('REPRISE_TASK_ENDED', message);
  }
  if (task.closing !== undefined || listOf(state, task)?.closing !== undefined)
    return problem('REPRISE_BLOCK_CLOSED', `'${taskId}' cannot be changed any more: it is closing.`);
  const origin = node.fallbackFor === undefined ? undefined : siblingOf(state, task, node.fallbackFor);
  if (origin !== undefined && substituteOf(state, origin.id) !== task) {
    const message = `'${taskId}' stands by for '${origin.id}', and has not begun.`;
    return problem('REPRISE_COMMAND_INVALID', message);
  }
  return blockProblem(state, task.scope, state.scopes.get(task.scope), CLOSED) ?? task;
}

export const CLOSED = 'Nothing can be changed in';

export const oldRules = ({ rules }: RunState): Refusal =>
  problem('REPRISE_COMMAND_INVALID', `The run keeps the rules ${rules}, under which nothing in it is changed.`);

export const unknownTask = (taskId: string): Refusal =>
  problem('REPRISE_TASK_UNKNOWN', `The run has no task '${taskId}'.`);

export const isTask = (found: TaskState | Refusal): found is TaskState => 'status' in found;
