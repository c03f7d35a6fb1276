import type { Expression, TaskDefinition } from '../../../definition/definition.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import type { Json } from '../../../shared/json.ts';
import { roughSize } from '../../../shared/json-size.ts';
import { type Bound, bindExpression, limited } from '../../task-chaining/input-binding.ts';
import { taskScope } from '../binding-source.ts';
import type { DecisionContext } from '../decisions/decision-context.ts';
import { beyondLimit, giveUp } from '../decisions/outcome.ts';
import { inputOf } from '../decisions/schedule-tasks.ts';
import type { RunEvent, TaskEntered } from '../events.ts';
import type { RunState, TaskState } from '../state.ts';

/** A task that no agent performs, about to begin. */
export interface Entering {
  readonly state: RunState;
  readonly task: TaskState;
  readonly definition: TaskDefinition;
  readonly context: DecisionContext;
}

/** What follows when a task of one kind begins: it is entered, or it ends at once. */
export type Enter = (entering: Entering) => readonly RunEvent[];

/** The task begins, and waits for what ends it. */
export const entered = (
  { task, context }: Entering,
  more: Pick<TaskEntered, 'input' | 'until' | 'signal' | 'child' | 'retries'>,
): TaskEntered => ({ type: 'TaskEntered', at: context.now, taskId: task.id, attempt: task.attempt + 1, ...more });

/** The task cannot begin: the one path that every failure takes. */
export const failed = ({ state, task, definition, context }: Entering, error: ErrorData): readonly RunEvent[] =>
  giveUp(state, task, definition, { error }, context);

/** What an expression of the task gives, no larger than a payload may be. */
export function computed(entering: Entering, slot: string, expression: Expression): Bound<Json> {
  const { state, task, context } = entering;
  const bound = bindExpression(expression, taskScope(state, task), `task '${task.id}', ${slot}`);
  return limited(bound, `${slot} of '${task.id}'`, context.maxPayloadChars);
}

/** What the task is handed: that of the attempt before, or bound now, within the limits of the run. */
export function handed({ state, task, context }: Entering): Bound<Json> {
  if (task.input !== undefined) return { ok: true, value: task.input };
  const bound = inputOf(state, task, context);
  if (!bound.ok) return bound;
  const error = beyondLimit(state, `the input of '${task.id}'`, roughSize(bound.value), context);
  return error === undefined ? bound : { ok: false, error };
}
