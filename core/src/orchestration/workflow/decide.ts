import { roughSize } from '../../shared/json-size.ts';
import { type CommandBase, isOfClient } from './command-base.ts';
import { type Command, FROM_OUTSIDE } from './commands.ts';
import { complete, fail, reported } from './decisions/attempt-outcome.ts';
import { cancelRun } from './decisions/cancel-run.ts';
import { closeFork, copyEvents } from './decisions/close-fork.ts';
import type { DecisionContext } from './decisions/decision-context.ts';
import { endChild } from './decisions/end-child.ts';
import { fireTimer, retryTasks } from './decisions/fire-timer.ts';
import { answerForm, assignForm } from './decisions/forms.ts';
import { grantMutex } from './decisions/grant-mutex.ts';
import { beyondLimit } from './decisions/outcome.ts';
import { isParked, pauseRun, reasonOf, resumeRun } from './decisions/pause.ts';
import { reject } from './decisions/rejection.ts';
import { schedule } from './decisions/schedule-tasks.ts';
import { startRun } from './decisions/start-run.ts';
import { ending } from './end-of-run.ts';
import type { RunCancelled, RunEvent } from './events.ts';
import { decideBetween, isTaken } from './messaging/between.ts';
import { decideCall } from './messaging/calls.ts';
import { decideOutside } from './messaging/outside.ts';
import { decideProgram } from './messaging/program.ts';
import { changeRun } from './outside/change-run.ts';
import { isRunChange } from './outside/run-changes.ts';
import { isTerminal, type RunState, recordsRejections } from './state.ts';
import { decideTeam } from './team/decide.ts';

/**
 * What a command makes of a state. Pure and total: a late, odd or repeated command gives a rejection or nothing, never a
 * throw; one that took effect before gives nothing, whatever became of the run since. What follows from the events by itself is settle's part.
 */
export function decide(state: RunState, command: Command, context: DecisionContext): readonly RunEvent[] {
  if (FROM_OUTSIDE.has(command.type) && isAnswered(state, command)) return [];
  const events = decideAnew(state, command, context);
  return isOfClient(command) ? answered(state, command, events, context) : events;
}

/** Whether the command has been answered for good: it comes again. */
export const isAnswered = ({ commands, refused }: RunState, { commandId }: CommandBase): boolean =>
  commands.has(commandId) || refused.has(commandId);

/** A client waits for an answer in the stream. What it sent may come twice, and what it was told holds. */
function answered(
  state: RunState,
  { commandId, type }: Command,
  events: readonly RunEvent[],
  { now: at }: DecisionContext,
): readonly RunEvent[] {
  if (events.length === 0 && recordsRejections(state.status))
    return [{ type: 'CommandNoted', at, commandId, command: type }];
  return events.map((event) => (event.type === 'CommandRejected' ? { ...event, final: true } : event));
}

function decideAnew(state: RunState, command: Command, context: DecisionContext): readonly RunEvent[] {
  if (command.type === 'StartRun') return startRun(state, command, context);
  if (command.type === 'RetryTasks' && state.status === 'parked')
    return [reject(command, 'REPRISE_RUN_PARKED', isParked(state), context)];
  if (state.status === 'none')
    return [reject(command, 'REPRISE_RUN_NOT_FOUND', `There is no run '${command.runId}'.`, context)];
  if (isTerminal(state.status)) return decideClosed(state, command, context);
  if (state.status === 'forking') return decideForking(state, command, context);
  if (isRunChange(command)) return changeRun(state, command, context);
  const at = context.now;
  switch (command.type) {
    case 'ScheduleTasks':
      return schedule(state, command, context);
    case 'Decide':
      return decideTeam(state, command, context);
    case 'StartTask': {
      const task = state.tasks.get(command.taskId);
      if (task?.status !== 'scheduled' || task.attempt !== command.attempt) return [];
      return [{ type: 'TaskStarted', at, taskId: task.id, attempt: task.attempt, worker: command.worker }];
    }
    case 'CompleteTask':
      return reported(complete(state, command, context), command);
    case 'FailTask':
      return reported(fail(state, command, context), command);
    case 'FireTimer':
      return fireTimer(state, command, context);
    case 'RetryTasks':
      return retryTasks(state, command, context);
    case 'PauseRun':
      return pauseRun(state, command, context);
    case 'ResumeRun':
      return resumeRun(state, command, context);
    case 'ParkRun': {
      if (state.status === 'parked') return [];
      const { commandId, error } = command;
      return [
        {
          type: 'RunParked',
          at,
          commandId,
          error,
          ...(command.command === undefined ? {} : { command: command.command }),
        },
      ];
    }
    case 'NoteAgent': {
      const { agent, rested } = command;
      return [rested === undefined ? { type: 'AgentBack', at, agent } : { type: 'AgentRested', at, agent, ...rested }];
    }
    case 'RefuseCommand': {
      const { commandId, refused, error } = command;
      return [{ type: 'CommandRejected', at, commandId, command: refused, code: error.code, message: error.message }];
    }
    case 'SendSignal': {
      const { commandId, signal, data } = command;
      const error = beyondLimit(state, `the signal '${signal}'`, roughSize(data), context);
      if (error !== undefined) return [reject(command, 'REPRISE_RUN_TOO_LARGE', error.message, context)];
      return [{ type: 'SignalReceived', at, commandId, signal, data }];
    }
    case 'SendMessages':
    case 'AwaitMessages':
    case 'SettleMessages':
    case 'SubscribeMailbox':
    case 'UnsubscribeMailbox':
      return decideCall(state, command, context);
    case 'PostMessage':
    case 'EditDeadLetter':
    case 'RedriveDeadLetters':
    case 'DiscardDeadLetters':
      return decideOutside(state, command, context);
    case 'TakeMessages':
    case 'SettleTaken':
      return decideProgram(state, command, context);
    case 'ReceiveMessage':
    case 'NoteHandedOver':
    case 'NoteUndelivered':
      return decideBetween(state, command, context);
    case 'AnswerForm':
      return answerForm(state, command, context);
    case 'AssignForm':
      return assignForm(state, command, context);
    case 'GrantMutex':
      return grantMutex(state, command, context);
    case 'EndChild':
      return endChild(state, command, context);
    case 'CopyEvents':
    case 'CloseFork':
      return [];
    case 'CancelRun':
      return cancelRun(state, command, context);
    default:
      return command satisfies never;
  }
}

/** Until the history that the run goes on from is there, nothing may come between. It can be given up. */
function decideForking(state: RunState, command: Command, context: DecisionContext): readonly RunEvent[] {
  const wait = (): readonly RunEvent[] => {
    const message = `The history of '${state.lineage?.runId}' is still being copied into run '${state.runId}'; try again in a moment.`;
    return [reject(command, 'REPRISE_RUN_FORKING', message, context)];
  };
  if (isRunChange(command)) return wait();
  switch (command.type) {
    case 'CopyEvents':
      return copyEvents(state, command);
    case 'CloseFork':
      return closeFork(state, command, context);
    case 'CancelRun': {
      const { commandId } = command;
      return ending<RunCancelled>(state, { type: 'RunCancelled', at: context.now, commandId, ...reasonOf(command) });
    }
    case 'PauseRun':
    case 'ResumeRun':
    case 'RetryTasks':
    case 'SendSignal':
    case 'PostMessage':
    case 'EditDeadLetter':
    case 'RedriveDeadLetters':
    case 'DiscardDeadLetters':
    case 'AnswerForm':
    case 'AssignForm':
    case 'ReceiveMessage':
    case 'TakeMessages':
    case 'SettleTaken':
      return wait();
    default:
      return [];
  }
}

/** Workers and timers that come late get silence; people get an answer. */
function decideClosed(state: RunState, command: Command, context: DecisionContext): readonly RunEvent[] {
  const refuse = (): readonly RunEvent[] => [
    reject(command, 'REPRISE_RUN_CLOSED', `Run '${state.runId}' has ended already: it is ${state.status}.`, context),
  ];
  if (isRunChange(command)) return refuse();
  switch (command.type) {
    case 'PauseRun':
    case 'ResumeRun':
    case 'RetryTasks':
    case 'SendSignal':
    case 'PostMessage':
    case 'EditDeadLetter':
    case 'RedriveDeadLetters':
    case 'DiscardDeadLetters':
    case 'AnswerForm':
    case 'AssignForm':
      return refuse();
    case 'ReceiveMessage':
      // It may have been received before the end.
      return isTaken(state, command) ? [] : refuse();
    case 'SendMessages':
    case 'AwaitMessages':
    case 'SettleMessages':
    case 'TakeMessages':
    case 'SettleTaken':
    case 'SubscribeMailbox':
    case 'UnsubscribeMailbox':
      return [reject(command, 'REPRISE_RUN_CLOSED', `The run has ended: it is ${state.status}.`, context)];
    case 'CancelRun':
      return state.status === 'cancelled' ? [] : refuse();
    default:
      return [];
  }
}
