import type { TaskDefinition } from '../../../definition/definition.ts';
import { withCause } from '../../../shared/errors.ts';
import { isApproved, notRaised, questionAbout, raiseOf, refusalText, whoIsAsked } from '../budget-questions.ts';
import type { UsedUp } from '../budgets.ts';
import type { RunEvent } from '../events.ts';
import type { RunState, TaskState } from '../state.ts';
import type { DecisionContext } from './decision-context.ts';
import { giveUp } from './outcome.ts';

/** The block whose budget has nothing left for a task that is ready says who is asked for more: it asks. Undefined: nobody is. */
export function askForMore(
  state: RunState,
  task: TaskState,
  used: UsedUp,
  { now: at }: DecisionContext,
): readonly RunEvent[] | undefined {
  const { scope, kind, agent, limit } = used;
  const { ask: assignee, timeoutMs } = whoIsAsked(state, used) ?? {};
  const about = questionAbout(state, used);
  if (assignee === undefined || about === undefined) return undefined;
  const { spent, reserved, least } = about;
  const whose = agent === undefined ? {} : { agent };
  const until = timeoutMs === undefined ? {} : { until: at + timeoutMs };
  const { id: taskId, attempt } = task;
  return [
    {
      type: 'BudgetAsked',
      at,
      taskId,
      attempt,
      scope,
      budget: kind,
      ...whose,
      limit,
      spent,
      ...(reserved === 0 ? {} : { reserved }),
      least,
      assignee,
      ...until,
    },
  ];
}

/** What follows for a task that asked: it goes on, or fails. */
export function afterAsking(
  state: RunState,
  task: TaskState,
  definition: TaskDefinition,
  context: DecisionContext,
): readonly RunEvent[] {
  const { asks, form, id: taskId } = task;
  const at = context.now;
  if (asks === undefined) return [];
  if (asks.outcome === 'raised') return [{ type: 'TaskReady', at, taskId, reason: 'budget' }];
  if (form?.answer === undefined) return [];
  const { value } = form.answer;
  if (isApproved(value))
    return [{ type: 'BudgetRaised', at, scope: asks.scope, raised: raiseOf(asks, value.raise), taskId }];
  const error = notRaised(state, task, refusalText(form.assignee, value));
  return giveUp(state, task, definition, { error: withCause(error, task.error), final: true }, context);
}

/** Nobody answered in time. */
export function askedInVain(
  state: RunState,
  task: TaskState,
  definition: TaskDefinition,
  context: DecisionContext,
): readonly RunEvent[] {
  const who = task.form?.assignee === undefined ? 'Who' : `'${task.form.assignee}', who`;
  const error = withCause(notRaised(state, task, `${who} was asked to raise it did not answer in time.`), task.error);
  const expired = { type: 'TaskExpired', at: context.now, taskId: task.id, error } as const;
  return [expired, ...giveUp(state, task, definition, { error, final: true }, context)];
}
