import type { ScopeCaught, TasksReset } from '../events.ts';
import { hasEnded, type RunState, scopeAt } from '../state.ts';
import { closeScope } from './close.ts';
import { aboutToChange } from './items.ts';
import { beginPart, beginRound } from './regions.ts';

/** The failure is dealt with: what had not ended is cancelled, and the handler, if there is one, begins. */
export function caught(state: RunState, event: ScopeCaught): RunState {
  const scope = scopeAt(state, event.scope);
  if (scope === undefined) return state;
  const { clause, taskId, error, at } = event;
  uncloseScope(state, event.scope);
  closeScope(state, scope, at);
  scope.failure = undefined;
  scope.handling = { clause, taskId, error };
  scope.open = 0;
  const handler = state.graph.block(scope.definitionId)?.handlers[clause];
  if (handler !== undefined && handler.ids.length > 0) beginPart(state, scope, handler, at);
  else if (scope.path !== '') state.frontier.add(scope.path);
  return state;
}

/** The block runs again. */
export function reset(state: RunState, event: TasksReset): RunState {
  const scope = scopeAt(state, event.region);
  if (scope === undefined) return state;
  if (scope.handling !== undefined) {
    const { clause } = scope.handling;
    while (scope.catches.length <= clause) scope.catches.push(0);
    scope.catches[clause] = (scope.catches[clause] ?? 0) + 1;
  }
  uncloseScope(state, event.region);
  scope.feedback = event.feedback;
  beginRound(state, scope, event.round, event.at);
  return state;
}

/** The block goes on after all. */
function uncloseScope(state: RunState, path: string): void {
  if (path === '') {
    state.closing = undefined;
    return;
  }
  const task = state.tasks.get(path);
  if (task === undefined || hasEnded(task)) return;
  aboutToChange(state, task);
  task.closing = undefined;
  state.frontier.delete(path);
}
