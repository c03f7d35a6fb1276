import { answeredByRaise, ask, isApproved, refuse } from './budget-questions.ts';
import { raiseBudget, spendMessage } from './budgets.ts';
import type { RunEvent } from './events.ts';
import { reserve, settleAttempt } from './metering.ts';
import { isEntered, isTerminal, outputOfLeaves, type RunState, siblingOf, type TaskState } from './state.ts';
import { decided, refused, woken } from './team/fold.ts';
import { addTasks } from './transitions/add-tasks.ts';
import { attemptCompleted, attemptFailed } from './transitions/attempts.ts';
import { beginAgain, forked } from './transitions/begin-again.ts';
import { closeWithin } from './transitions/close.ts';
import { completed, repeated } from './transitions/completed.ts';
import { adopt, end, yieldList } from './transitions/end-task.ts';
import { beginAttempt, enter } from './transitions/enter.ts';
import { goBack } from './transitions/go-back.ts';
import { handOff } from './transitions/hand-off.ts';
import { aboutToChange, addToList, expand, expire, joinItem, readyAgain } from './transitions/items.ts';
import { link, unlink } from './transitions/links.ts';
import {
  acknowledged,
  awaited,
  closed,
  conversationExpired,
  deadLettered,
  delivered,
  discarded,
  edited,
  expired,
  handedOn,
  handedOver,
  handOverAwaited,
  messageReceived,
  messageSent,
  missed,
  redriven,
  rejected,
  subscribed,
  taken,
  unsubscribed,
} from './transitions/mail.ts';
import { acquire, asksFor, hasMutex, letGoMutex, mutexName } from './transitions/mutex.ts';
import { prioritise } from './transitions/priority.ts';
import { repeat } from './transitions/regions.ts';
import { cancelled, close, closing, start } from './transitions/run.ts';
import { caught, reset } from './transitions/scopes.ts';
import { receive } from './transitions/signals.ts';
import { park, pause, resume } from './transitions/standing.ts';
import { makeReady, setStatus, unlock } from './transitions/status.ts';
import { beginUndo } from './transitions/undo.ts';
import { noteTurn } from './turns.ts';

/**
 * Folds one event into the state, which it owns: changes it in place and returns it. Total: an event about an unknown task,
 * or after the end of the run, changes nothing but the revision.
 */
export function evolve(state: RunState, event: RunEvent): RunState {
  state.revision += 1;
  if (state.leftOver.length > 0) state.leftOver.length = 0;
  if (isTerminal(state.status)) return state;
  state.updatedAt = event.at;
  if ('commandId' in event && event.commandId !== undefined && event.type !== 'CommandRejected')
    state.commands.add(event.commandId);
  switch (event.type) {
    case 'RunStarted':
      return start(state, event);
    case 'RunPaused':
      return pause(state, event);
    case 'RunResumed':
      return resume(state, event);
    case 'RunParked':
      return park(state, event);
    case 'RunCompleted':
      // An output that is null is an output.
      state.output =
        event.output === undefined ? outputOfLeaves(state, '', state.graph.root.body.leaves) : event.output;
      return close(state, 'completed', event.at, event.stateDigest);
    case 'RunFailed':
      state.error = event.error;
      return close(state, 'failed', event.at, event.stateDigest);
    case 'RunCancelled':
      state.cancelReason = event.reason;
      return close(state, 'cancelled', event.at, event.stateDigest);
    case 'CommandRejected':
      if (event.final === true) state.refused.add(event.commandId);
      return state;
    case 'CommandNoted':
      return state;
    case 'TaskExpanded':
      return onTask(state, event.taskId, (task) => expand(state, task, event));
    case 'ItemsAdded':
      return onTask(state, event.taskId, (task) => addToList(state, task, event));
    case 'ItemJoined':
      return onTask(state, event.taskId, (task) => joinItem(state, task, event));
    case 'TaskYielded':
      return onTask(state, event.taskId, (task) => yieldList(state, task, event));
    case 'TaskExpired':
      return onTask(state, event.taskId, (task) =>
        task.asks === undefined ? expire(state, task, event.error) : refuse(state, task),
      );
    case 'TaskReady':
      return onTask(state, event.taskId, (task) => {
        state.frontier.delete(task.id);
        const { mutex, across } = event;
        if (across !== undefined) task.askedAt = event.at;
        // What is there now is for the task that asked for it.
        if (event.reason === 'budget') return makeReady(state, task, event.at, true);
        if (mutex === undefined) return readyAgain(state, task, event.at);
        const { has, instead } = acquire(state, task, mutexName(mutex, across));
        if (instead?.status === 'ready') setStatus(state, instead, 'pending');
        if (has) readyAgain(state, task, event.at);
      });
    case 'MutexGranted':
      return onTask(state, event.taskId, (task) => {
        if (task.mutex === undefined || !asksFor(state, task, task.mutex)) return;
        task.granted = true;
        // What has begun with it goes on.
        if (task.status === 'pending') readyAgain(state, task, event.at);
      });
    case 'TaskEntered':
      return onTask(state, event.taskId, (task) => enter(state, task, event));
    case 'TaskCancelled':
      return onTask(state, event.taskId, (task) => {
        task.because = event.reason;
        cancelled(state, task, event.at);
      });
    case 'TaskClosing':
      return closing(state, event);
    case 'SignalReceived':
      return receive(state, event);
    case 'BudgetReached':
      state.usedUp = state.usedUp.filter(
        ({ scope, kind, agent }) => scope !== event.scope || kind !== event.budget || agent !== event.agent,
      );
      return state;
    case 'BudgetRaised':
      raiseBudget(state, event);
      answeredByRaise(state, event);
      return state;
    case 'BudgetAsked':
      return onTask(state, event.taskId, (task) => {
        setStatus(state, task, 'waiting');
        ask(state, task, event);
      });
    case 'DecisionMade':
      return decided(state, event);
    case 'DecisionRefused':
      return refused(state, event);
    case 'TeamWoken':
      return woken(state, event);
    case 'AgentRested':
      state.rested = [...restedWithout(state, event.agent), { agent: event.agent, until: event.until }];
      return state;
    case 'AgentBack':
      state.rested = restedWithout(state, event.agent);
      return state;
    case 'MessageSent':
      spendMessage(state, event);
      return messageSent(state, event);
    case 'MessageReceived':
      return messageReceived(state, event);
    case 'MessagesHandedOver':
      return handedOver(state, event);
    case 'MessageHandedOn':
      return handedOn(state, event);
    case 'HandOverAwaited':
      return handOverAwaited(state, event);
    case 'MailboxSubscribed':
      return subscribed(state, event);
    case 'MailboxUnsubscribed':
      return unsubscribed(state, event);
    case 'MessageAwaited':
      return onTask(state, event.taskId, (task) => awaited(state, task, event));
    case 'MessageDelivered':
      return onTask(state, event.taskId, (task) => delivered(state, task, event));
    case 'MessageTaken':
      return taken(state, event);
    case 'MessageMissed':
      return onTask(state, event.taskId, (task) => missed(state, task, event));
    case 'MessageAcknowledged':
      return acknowledged(state, event);
    case 'MessageRejected':
      return rejected(state, event);
    case 'MessageExpired':
      return expired(state, event);
    case 'MessageDeadLettered':
      return deadLettered(state, event);
    case 'MessagesClosed':
      return closed(state, event);
    case 'ConversationExpired':
      return conversationExpired(state, event);
    case 'DeadLetterEdited':
      return edited(state, event);
    case 'DeadLettersRedriven':
      return redriven(state, event);
    case 'DeadLettersDiscarded':
      return discarded(state, event.messages, event.at);
    case 'FormAnswered':
      return onTask(state, event.taskId, (task) => {
        if (task.form === undefined || !(isEntered(task) || task.asks !== undefined)) return;
        task.form.answer = { value: event.answer };
        if (task.asks !== undefined && !isApproved(event.answer)) refuse(state, task);
        state.frontier.add(task.id);
      });
    case 'FormAssigned':
      return onTask(state, event.taskId, (task) => {
        if (task.form === undefined) return;
        task.form.assignee = event.to;
        if (event.step !== undefined) task.form.step = event.step;
      });
    case 'ScopeCaught':
      return caught(state, event);
    case 'CompensationBegan':
      return beginUndo(state, event);
    case 'RunForked':
      return forked(state, event);
    case 'TasksAdded':
      return addTasks(state, event);
    case 'TasksLinked':
      return onTask(state, event.taskId, (task) => link(state, task, event.after, event.at));
    case 'TasksUnlinked':
      return onTask(state, event.taskId, (task) => unlink(state, task, event.after, event.at));
    case 'TaskPrioritySet':
      return onTask(state, event.taskId, (task) => prioritise(state, task, event.priority));
    case 'TasksReset':
      if (event.why === 'fork') return beginAgain(state, event);
      if (event.why === 'goto') return goBack(state, event);
      if (event.why === 'repeat')
        return onTask(state, event.region, (task) => {
          settleAttempt(state, task, event.usage, true);
          repeated(state, task, event);
        });
      return reset(state, event);
    case 'TaskSkipped':
      return onTask(state, event.taskId, (task) => {
        task.because = event.reason;
        end(state, task, 'skipped', event.at);
      });
    case 'TaskAdopted':
      return adopt(state, event);
    case 'TaskScheduled':
      return onTask(state, event.taskId, (task) => {
        // What counts as in flight has an agent.
        task.agent = event.agent;
        setStatus(state, task, 'scheduled');
        beginAttempt(state, task, event);
        reserve(state, task, event);
        task.startedAt = undefined;
        task.worker = undefined;
      });
    case 'TaskStarted':
      return onTask(state, event.taskId, (task) => {
        setStatus(state, task, 'running');
        task.startedAt = event.at;
        task.worker = event.worker;
      });
    case 'TaskCompleted':
      return onTask(state, event.taskId, (task) => {
        if (event.via === 'agent' || event.via === 'child') settleAttempt(state, task, event.usage, true);
        completed(state, task, event);
      });
    case 'TaskRepeated':
      return onTask(state, event.taskId, (task) =>
        repeat(state, task, { round: event.round, feedback: event.output, at: event.at }),
      );
    case 'TaskAttemptCompleted':
      return onTask(state, event.taskId, (task) => {
        settleAttempt(state, task, event.usage, true);
        attemptCompleted(state, task, event);
      });
    case 'TaskAttemptFailed':
      return onTask(state, event.taskId, (task) => {
        settleAttempt(state, task, event.usage);
        attemptFailed(state, task, event);
      });
    case 'TaskHandedOff':
      return onTask(state, event.taskId, (task) => {
        settleAttempt(state, task, event.usage, true);
        handOff(state, task, event);
      });
    case 'TaskFellBack':
      return onTask(state, event.taskId, (task) => {
        if (state.rules > 2) closeWithin(state, task, event.at);
        setStatus(state, task, 'waiting');
        task.closing = undefined;
        // It is another that makes the next attempt: what the one before did remains to be undone.
        task.unknown = false;
        if (task.fallback !== undefined) task.passed += 1;
        task.fallback = event.to.kind;
        task.error = event.error;
        if (event.to.kind === 'agent') {
          task.agent = event.to.agent;
          task.tries = 0;
          task.losses = 0;
          // What stands in begins only if the `while` of the task holds: nobody has asked, where the task itself could not begin.
          if (state.graph.hasMilestones) state.milestones.add(task.id);
          // It may have been waiting for its mutex, and goes on doing so.
          if (hasMutex(state, task)) readyAgain(state, task, event.at);
          else setStatus(state, task, 'pending');
        } else {
          letGoMutex(state, task);
          noteTurn(state, task);
          // Nothing is left to decide about it until its substitute has ended.
          const substitute = siblingOf(state, task, event.to.task);
          if (substitute !== undefined) unlock(state, substitute, event.at);
        }
      });
    case 'TaskFailed':
      return onTask(state, event.taskId, (task) => {
        settleAttempt(state, task, event.usage);
        task.error = event.error;
        task.unknown = false;
        end(state, task, 'failed', event.at);
      });
    case 'TaskResultIgnored':
      return onTask(state, event.taskId, (task) => {
        task.ignoredAttempt = event.attempt;
      });
    default:
      return event satisfies never;
  }
}

const restedWithout = ({ rested = [] }: RunState, name: string): RunState['rested'] & {} =>
  rested.filter(({ agent }) => agent !== name);

function onTask(state: RunState, taskId: string, change: (task: TaskState) => void): RunState {
  const task = state.tasks.get(taskId);
  if (task === undefined) return state;
  aboutToChange(state, task);
  change(task);
  return state;
}
