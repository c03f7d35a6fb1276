import { GRAPH } from '../../../definition/definition.ts';
import { TaskGraph } from '../../../definition/task-graph.ts';
import { roughSize } from '../../../shared/json-size.ts';
import { beginBudget } from '../budgets.ts';
import type { RunStarted, TaskClosing } from '../events.ts';
import { marksOf } from '../messaging/mail.ts';
import { hasEnded, type RunState, type RunStatus, rootOf, type TaskState } from '../state.ts';
import { beginTeam } from '../team/fold.ts';
import { ownStrategy } from '../team/team.ts';
import { beginRegion } from '../turns.ts';
import { beginClosing, cancel, isWaiting, partsOf, stopShort, tasksOf, wakeClosing } from './close.ts';
import { end } from './end-task.ts';
import { aboutToChange } from './items.ts';
import { beginPart } from './regions.ts';
import { release } from './standing.ts';
import { setStatus } from './status.ts';

// How a run begins, and how it, or a task of it, closes and ends.

export function start(state: RunState, event: RunStarted): RunState {
  state.status = event.lineage?.as === undefined ? 'running' : 'forking';
  state.runId = event.runId;
  state.definition = event.definition;
  state.definitionHash = event.definitionHash;
  state.rules = event.rules ?? 1;
  state.input = event.input;
  state.inputFrom = event.inputFrom;
  state.traceparent = event.traceparent;
  state.tenant = event.tenant;
  state.labels = event.labels;
  state.lineage = event.lineage;
  state.startedAt = event.at;
  state.held = roughSize(event.input);
  state.parent = event.parent;
  state.graph = TaskGraph.of(event.definition);
  state.strategies = event.strategies;
  state.budget = event.budget;
  const root = rootOf(state);
  root.round = 1;
  beginRegion(state, root, ownStrategy(state, root)?.name ?? GRAPH);
  beginTeam(state, root);
  if ((event.definition.budget ?? event.budget) !== undefined) beginBudget(state, root);
  beginPart(state, root, state.graph.root.body, event.at);
  return state;
}

export function closing(state: RunState, event: TaskClosing): RunState {
  const { taskId, why, error, commandId, reason, by, compensate, force, output, at } = event;
  const how = {
    why,
    ...(error === undefined ? {} : { error }),
    ...(commandId === undefined ? {} : { commandId }),
    ...(reason === undefined ? {} : { reason }),
    ...(by === undefined ? {} : { by }),
    ...(compensate === undefined ? {} : { compensate }),
    ...(force === undefined ? {} : { forcedAt: at }),
    ...(output === undefined ? {} : { output }),
  };
  if (taskId === '') {
    state.closing = how;
    // A pause does not hold up what a cancellation has to do first.
    if (why === 'cancel') release(state, at);
    if (force === true) for (const task of [...state.tasks.values()]) cancel(state, task, at);
    else beginClosing(state, '', tasksOf(state, rootOf(state)), at);
    state.frontier.clear();
    state.milestones.clear();
    return state;
  }
  const task = state.tasks.get(taskId);
  if (task === undefined) return state;
  aboutToChange(state, task);
  state.frontier.delete(taskId);
  state.milestones.delete(taskId);
  task.closing = how;
  stopShort(state, task);
  beginClosing(state, taskId, partsOf(state, task), at);
  if (!isWaiting(state, taskId)) state.frontier.add(taskId);
  return state;
}

/** What has not ended by now is cancelled; fallback tasks that were not needed are skipped when the run did well. */
export function close(state: RunState, status: RunStatus, at: number, digest: string): RunState {
  for (const task of state.tasks.values()) {
    if (hasEnded(task)) continue;
    aboutToChange(state, task);
    const began = task.status !== 'pending' && task.status !== 'ready';
    setStatus(state, task, status === 'completed' && !began ? 'skipped' : 'cancelled');
    task.endedAt = at;
    task.endRevision = state.revision;
  }
  state.frontier.clear();
  state.milestones.clear();
  state.weighing.clear();
  const root = rootOf(state);
  state.scopes.clear();
  state.scopes.set('', root);
  state.limited.clear();
  state.regions.clear();
  state.sequences.clear();
  state.teams.clear();
  state.usedUp = [];
  state.budgets.clear();
  if (root.spent !== undefined) state.budgets.set('', root);
  state.signals.clear();
  state.mutexes.clear();
  state.mutexWaits.clear();
  state.shared.clear();
  state.mail = marksOf(state.mail);
  state.closing = undefined;
  state.status = status;
  state.parked = undefined;
  state.endedAt = at;
  state.stateDigest = digest;
  return state;
}

/** A join that does not need it ended it, or it is one of the child runs that something waited for. */
export function cancelled(state: RunState, task: TaskState, at: number): void {
  const { closing } = task;
  if (closing?.why !== 'within') return end(state, task, 'cancelled', at);
  cancel(state, task, at);
  task.closing = closing;
  wakeClosing(state, task);
  task.closing = undefined;
}
