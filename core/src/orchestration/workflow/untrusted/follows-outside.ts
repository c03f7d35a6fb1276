import { isSameJson } from '../../../definition/schema/same-json.ts';
import type { Json } from '../../../shared/json.ts';
import { isApproved, raiseOf } from '../budget-questions.ts';
import { raiseProblem } from '../budgets.ts';
import type {
  BudgetRaised,
  TaskClosing,
  TaskCompleted,
  TaskPrioritySet,
  TaskSkipped,
  TasksLinked,
  TasksUnlinked,
} from '../events.ts';
import { linkProblem } from '../outside/link.ts';
import { isTask, taskUnderWay } from '../outside/task-under-way.ts';
import { unlinkProblem } from '../outside/unlink.ts';
import { isInFlight, type RunState, type TaskState } from '../state.ts';
import { isOutstanding, isWaiting } from '../transitions/close.ts';
import { flaw } from './flaws.ts';
import type { Flaw } from './shape.ts';

// What may follow of events that only people and programs bring about: each is asked what its command is asked.

type Change = BudgetRaised | TasksLinked | TasksUnlinked | TaskPrioritySet;

export function changeFlaw(state: RunState, event: Change): Flaw | undefined {
  const before = againFlaw(state, event.commandId);
  if (before !== undefined) return before;
  const found = refusalOf(state, event);
  return found === undefined ? undefined : flaw('data', `could not be done: ${found}`);
}

function refusalOf(state: RunState, event: Change): string | undefined {
  switch (event.type) {
    case 'BudgetRaised':
      // What a run begins with has no command of its own, nor has an answer; anything else has one.
      if (event.taskId !== undefined)
        return event.commandId === undefined && isAnswer(state, event, event.taskId)
          ? raiseProblem(state, event.scope, event.raised)
          : `that is not what '${event.taskId}' was answered`;
      if ((event.commandId === undefined) !== (state.status === 'forking')) return 'nobody asked for it';
      return raiseProblem(state, event.scope, event.raised);
    case 'TasksLinked':
      return linkProblem(state, event.taskId, event.after)?.message;
    case 'TasksUnlinked':
      return unlinkProblem(state, event.taskId, event.after)?.message;
    case 'TaskPrioritySet':
      return notUnderWay(state, event.taskId);
    default:
      return event satisfies never;
  }
}

function isAnswer(state: RunState, { scope, raised }: BudgetRaised, taskId: string): boolean {
  const { asks, form } = state.tasks.get(taskId) ?? {};
  if (asks === undefined || form?.answer === undefined || !isApproved(form.answer.value)) return false;
  return asks.scope === scope && isSameJson(raiseOf(asks, form.answer.value.raise) as Json, raised as Json);
}

/** It was skipped by hand: at once when nothing was outstanding, else once it had closed. */
export function skippedFlaw(state: RunState, task: TaskState, event: TaskSkipped): Flaw | undefined {
  if (task.closing?.why === 'skip') return closedFlaw(state, task, event.commandId);
  return atOnceFlaw(state, task, event.commandId, isOutstanding(state, task.id));
}

/** The output stands here, or in the event that began to close the task. */
export function overriddenFlaw(state: RunState, task: TaskState, event: TaskCompleted): Flaw | undefined {
  const { attempt, commandId, output } = event;
  const isClosing = task.closing?.why === 'override';
  if (isClosing !== (output === undefined))
    return flaw('data.output', isClosing ? 'cannot stand here: it was said before' : 'is missing');
  if (attempt !== task.attempt + 1)
    return flaw('data.attempt', `is ${attempt}; the next one of '${task.id}' is ${task.attempt + 1}`);
  if (isClosing) return closedFlaw(state, task, commandId);
  return atOnceFlaw(state, task, commandId, !isInFlight(task) && isWaiting(state, task.id));
}

/** It begins to close because somebody said so. */
export function closedByHandFlaw(state: RunState, { taskId, commandId }: TaskClosing): Flaw | undefined {
  const found = notUnderWay(state, taskId);
  return againFlaw(state, commandId) ?? (found === undefined ? undefined : flaw('type', `cannot come: ${found}`));
}

function closedFlaw(
  state: RunState,
  { id, closing, child }: TaskState,
  commandId: string | undefined,
): Flaw | undefined {
  // A child run is awaited by its own task, which ends as that does.
  if (child === undefined && isWaiting(state, id)) return flaw('type', `cannot come: something in '${id}' is awaited`);
  const said = closing === undefined || closing.why === 'within' ? undefined : closing.commandId;
  return commandId === said ? undefined : flaw('data.commandId', `is not that of the command that closed '${id}'`);
}

function atOnceFlaw(
  state: RunState,
  { id }: TaskState,
  commandId: string | undefined,
  closes: boolean,
): Flaw | undefined {
  if (commandId === undefined) return flaw('data.commandId', 'is missing');
  const found = againFlaw(state, commandId);
  if (found !== undefined) return found;
  const why = notUnderWay(state, id);
  if (why !== undefined) return flaw('type', `cannot come: ${why}`);
  return closes ? flaw('type', `cannot come: something in '${id}' is outstanding`) : undefined;
}

const againFlaw = (state: RunState, commandId: string | undefined): Flaw | undefined =>
  commandId !== undefined && state.commands.has(commandId)
    ? flaw('data.commandId', `is '${commandId}', which took effect before`)
    : undefined;

function notUnderWay(state: RunState, taskId: string): string | undefined {
  const found = taskUnderWay(state, taskId);
  return isTask(found) ? undefined : found.message;
}
