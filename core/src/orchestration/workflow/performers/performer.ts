import type { Expression, TaskDefinition } from '../../../definition/definition.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import type { Json } from '../../../shared/json.ts';
import { type Bound, bindExpression, limited } from '../../task-chaining/input-binding.ts';
import { taskScope } from '../binding-source.ts';
import type { DecisionContext } from '../decisions/decision-context.ts';
import { giveUp } from '../decisions/outcome.ts';
import { type Given, givenTo } from '../decisions/schedule-tasks.ts';
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
  more: Pick<
    TaskEntered,
    | 'input'
    | 'source'
    | 'until'
    | 'signal'
    | 'mailbox'
    | 'wanted'
    | 'sent'
    | 'form'
    | 'assignee'
    | 'escalate'
    | 'child'
    | 'retries'
    | 'allotted'
  >,
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

/** What the task is handed: that of the attempt before, which is on record, or bound now. */
export const handed = ({ state, task, context }: Entering): Given | Kept =>
  task.input === undefined ? givenTo(state, task, context) : { ok: true, value: task.input, recorded: {} };

type Kept = { readonly ok: true; readonly value: Json; readonly recorded: Record<never, never> };
