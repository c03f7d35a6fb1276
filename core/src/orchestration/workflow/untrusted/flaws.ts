import type { TaskDefinition } from '../../../definition/definition.ts';
import { dependenciesOf, hasEnded, type RunState, siblingOf, type TaskState } from '../state.ts';
import { isNotChosen, neededBy } from '../transitions/end-task.ts';
import type { Flaw } from './shape.ts';

// What the rules about what may follow have in common.

export const flaw = (field: string, problem: string): Flaw => ({ field, problem });
export const unknown = (taskId: string): Flaw => flaw('data.taskId', `is '${taskId}', which the run does not have`);
export const unfit = (task: TaskState): Flaw => flaw('type', `cannot come: '${task.id}' is ${task.status}`);

export const attemptFlaw = (task: TaskState, attempt: number): Flaw | undefined =>
  attempt === task.attempt
    ? undefined
    : flaw('data.attempt', `is ${attempt}; the last one of '${task.id}' is ${task.attempt}`);

/** Enough dependencies have ended, and whether it runs was not decided yet. */
export const isUndecided = (task: TaskState, definition: TaskDefinition): boolean =>
  task.status === 'pending' &&
  (task.waitingOn === 0 || task.arrived !== undefined || neededBy(definition) !== undefined);

/** It has begun, or would have: its condition or its input may have failed. */
export const mayEnd = (task: TaskState, definition: TaskDefinition): boolean =>
  !hasEnded(task) && (task.status !== 'pending' || isUndecided(task, definition));

/** A switch that the task comes after chose another case. */
export const isPassedOver = (state: RunState, task: TaskState, definition: TaskDefinition): boolean =>
  task.status === 'pending' &&
  dependenciesOf(state, task).some((id) => {
    const dependency = siblingOf(state, task, id);
    return dependency !== undefined && isNotChosen(definition, dependency);
  });
