import type { TasksReset } from '../events.ts';
import {
  definitionOf,
  grownGraph,
  hasEnded,
  hasPassed,
  type RunState,
  type ScopeState,
  scopeAt,
  type TaskState,
} from '../state.ts';
import { changed, tellTeam } from '../team/team.ts';
import { clear, hasBegun, isCounted, standAgain } from './anew.ts';
import { letGo, sizeOfAdded } from './hold.ts';
import { idOf } from './links.ts';
import { removeWithin } from './regions.ts';
import { setStatus } from './status.ts';

/**
 * A task and all that comes after it begin again, within the round of their block. What they did is as that of a round before: it can be undone as long
 * as the block goes on. What of them was under way has been cancelled.
 */
export function goBack(state: RunState, event: TasksReset): RunState {
  const { region, restarted = [], dropped = [], feedback, by, at } = event;
  const scope = scopeAt(state, region);
  if (scope === undefined) return state;
  forget(state, scope, dropped);
  scope.feedback = feedback;
  if (by !== undefined) scope.gotos += 1;
  const begun: TaskState[] = [];
  const passed: TaskState[] = [];
  for (const path of restarted) {
    const task = state.tasks.get(path);
    if (task === undefined) continue;
    if (hasPassed(task)) passed.push(task);
    const { again, againSince } = task;
    const once = hasBegun(task) ? { again: again + 1, againSince: state.revision } : { again, againSince };
    const round = state.graph.node(task.definitionId)?.repeatedBy === undefined ? scope.round : 1;
    clear(state, task, { round, ...once });
    // Those of a segment read that of the task that ends it.
    if (definitionOf(state, task)?.repeat !== undefined || scope.team !== undefined) task.feedback = feedback;
    begun.push(task);
  }
  if (event.decidedBy === undefined) tellTeam(scope, changed(state, begun));
  standAgain(state, { begun, passed, members: new Set(restarted), at });
  return state;
}

/** What was added is no more. (Attempt numbers go on, should tasks of these names come again.) */
function forget(state: RunState, scope: ScopeState, dropped: readonly string[]): void {
  const ids = new Set<string>();
  for (const path of dropped) {
    const task = state.tasks.get(path);
    if (task === undefined || task.scope !== scope.path || !state.graph.isAdded(task.definitionId)) continue;
    if (!hasEnded(task) && isCounted(state, task)) scope.open -= 1;
    scope.floor = Math.max(scope.floor, removeWithin(state, task));
    letGo(state, task);
    setStatus(state, task, 'cancelled');
    state.tasks.delete(path);
    ids.add(idOf(task));
  }
  if (ids.size === 0) return;
  const { was, left } = grownGraph(state).forget(scope.path, ids);
  for (const { tasks } of was) state.held -= sizeOfAdded(tasks);
  for (const { tasks } of left) state.held += sizeOfAdded(tasks);
}
