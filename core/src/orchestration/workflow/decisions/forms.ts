import { flawText, schemaFlaws } from '../../../definition/schema/json-schema.ts';
import { roughSize } from '../../../shared/json-size.ts';
import { answerSchema, askedNow, isApproved, mayAsk, raiseOf } from '../budget-questions.ts';
import { raiseProblem } from '../budgets.ts';
import { readingAt } from '../clock.ts';
import type { AnswerForm, AssignForm } from '../commands.ts';
import type { RunEvent } from '../events.ts';
import { formDeadline } from '../limits.ts';
import { definitionOf, isEntered, type RunState, type TaskState } from '../state.ts';
import type { DecisionContext } from './decision-context.ts';
import { beyondLimit } from './outcome.ts';
import { reject } from './rejection.ts';

/** What of an answer does not fit the form, in words; undefined when all does. */
export function answerProblem(state: RunState, task: TaskState, answer: AnswerForm['answer']): string | undefined {
  const { asks } = task;
  const schema =
    asks === undefined ? definitionOf(state, task)?.wait?.form?.schema : answerSchema(askedNow(state, asks));
  const flaws = schemaFlaws(schema ?? true, answer);
  if (flaws.length > 0) return flaws.map(flawText).join('; ');
  return asks !== undefined && isApproved(answer)
    ? raiseProblem(state, asks.scope, raiseOf(asks, answer.raise))
    : undefined;
}

/** Whether the task is a form that can be answered. */
export const isOpenForm = (task: TaskState | undefined): task is TaskState & { form: NonNullable<TaskState['form']> } =>
  task?.form !== undefined &&
  (isEntered(task) || task.asks !== undefined) &&
  task.form.answer === undefined &&
  task.asks?.outcome === undefined &&
  task.closing === undefined;

export function answerForm(state: RunState, command: AnswerForm, context: DecisionContext): readonly RunEvent[] {
  const { taskId, answer, commandId } = command;
  const task = state.tasks.get(taskId);
  if (!isOpenForm(task)) return [notOpen(state, command, context)];
  const late = lateBy(state, task, context.now);
  if (late !== undefined) {
    const message = `The time for an answer to '${taskId}' was up ${late} ms ago: nobody waits for one any more.`;
    return [reject(command, 'REPRISE_FORM_NOT_OPEN', message, context)];
  }
  const problem = answerProblem(state, task, answer);
  if (problem !== undefined)
    return [
      reject(command, 'REPRISE_FORM_INVALID', `The answer to '${taskId}' does not fit its form: ${problem}.`, context),
    ];
  const error = beyondLimit(state, `the answer to '${taskId}'`, roughSize(answer), context);
  if (error !== undefined) return [reject(command, 'REPRISE_RUN_TOO_LARGE', error.message, context)];
  const { attempt } = task;
  return [{ type: 'FormAnswered', at: context.now, taskId, attempt, commandId, answer }];
}

/** An answer that was in time counts, whenever somebody goes on with it; one that was not does not. */
function lateBy(state: RunState, task: TaskState, now: number): number | undefined {
  const definition = definitionOf(state, task);
  const until = definition === undefined ? undefined : formDeadline(state, task, definition);
  const late = until === undefined ? -1 : readingAt(state, now) - until;
  return late < 0 ? undefined : late;
}

export function assignForm(state: RunState, command: AssignForm, context: DecisionContext): readonly RunEvent[] {
  const { taskId, to, commandId } = command;
  const task = state.tasks.get(taskId);
  if (!isOpenForm(task)) return [notOpen(state, command, context)];
  const { attempt } = task;
  return [{ type: 'FormAssigned', at: context.now, taskId, attempt, to, commandId }];
}

function notOpen(state: RunState, command: AnswerForm | AssignForm, context: DecisionContext): RunEvent {
  const { taskId } = command;
  const task = state.tasks.get(taskId);
  const asks = task !== undefined && definitionOf(state, task)?.wait?.form !== undefined;
  const why =
    task === undefined
      ? `The run has no task '${taskId}' now`
      : task.form?.answer !== undefined || task.asks?.outcome !== undefined
        ? `'${taskId}' was answered already`
        : !asks
          ? `'${taskId}' asks nobody anything${mayAsk(state, task) ? ' now: what it has asked for, if it has, is settled' : ''}`
          : task.items !== undefined
            ? `'${taskId}' is a list: each of its items is a form`
            : `'${taskId}' is ${task.status}, and can be answered while it is open only`;
  const open = [...state.tasks.values()]
    .filter(isOpenForm)
    .slice(0, 5)
    .map(({ id }) => `'${id}'`);
  const others = open.length === 0 ? '' : ` Open forms of the run: ${open.join(', ')}.`;
  return reject(command, 'REPRISE_FORM_NOT_OPEN', `${why}.${others}`, context);
}
