import { outer } from '../../shared/task-path.ts';
import type { RunState, ScopeState, TaskState } from './state.ts';

/** The path of a block, and those of all blocks around it but the run. */
export function* blocksAround(path: string): Generator<string> {
  for (let at = path; at !== ''; at = outer(at)?.block ?? '') yield at;
}

/** Attempts that the block at `path`, and all around it, have room for beside those `taken` (by block); the run's own limit aside. */
export function slotsOf(state: RunState, path: string, taken?: ReadonlyMap<string, number>): number {
  let slots = Number.POSITIVE_INFINITY;
  if (path === '') return slots;
  for (const at of blocksAround(path)) {
    const scope = state.scopes.get(at);
    const limit = scope === undefined ? undefined : state.graph.block(scope.definitionId)?.definition.concurrency;
    if (scope !== undefined && limit !== undefined)
      slots = Math.min(slots, limit - scope.inFlight - (taken?.get(at) ?? 0));
  }
  return slots;
}

/** The innermost block around `path`, itself included, that has no room for another attempt; the run's own limit aside. */
export function fullBlock(
  state: RunState,
  path: string,
): { readonly path: string; readonly limit: number; readonly inFlight: number } | undefined {
  for (const at of blocksAround(path)) {
    const scope = state.scopes.get(at);
    const limit = scope === undefined ? undefined : state.graph.block(scope.definitionId)?.definition.concurrency;
    if (scope !== undefined && limit !== undefined && scope.inFlight >= limit)
      return { path: at, limit, inFlight: scope.inFlight };
  }
  return undefined;
}

/** Whom a ready task is for: its agent (or that of its fallback), or whoever has a capability. */
export function wantedBy(
  state: RunState,
  task: TaskState,
): { readonly agent: string | undefined; readonly capability: string | undefined } {
  const definition = state.graph.node(task.definitionId)?.definition;
  return { agent: task.fallback === 'agent' ? task.agent : definition?.agent, capability: definition?.capability };
}

/** The innermost block around a task that has a concurrency of its own. */
export function limitedScopeOf(state: RunState, task: TaskState): ScopeState | undefined {
  if (state.limited.size === 0) return undefined;
  for (const at of blocksAround(task.scope)) {
    const scope = state.scopes.get(at);
    if (scope?.ready !== undefined) return scope;
  }
  return undefined;
}

/** Ready tasks for agents: of the run's own queue, and of those blocks that have slots. By priority, then by when they became ready. Lazy. */
export function* readyTasks(state: RunState): Generator<TaskState> {
  const holds: Holds = (taskId, ticket) => {
    const task = state.tasks.get(taskId);
    return task !== undefined && task.status === 'ready' && task.ticket === ticket;
  };
  if (state.limited.size === 0) {
    for (const id of state.ready.entries(holds)) {
      const task = state.tasks.get(id);
      if (task !== undefined) yield task;
    }
    return;
  }
  yield* merged(state, holds);
}

type Holds = (taskId: string, ticket: number) => boolean;

function* merged(state: RunState, holds: Holds): Generator<TaskState> {
  const taskOf = function* (ids: Iterable<string>): Generator<TaskState> {
    for (const id of ids) {
      const task = state.tasks.get(id);
      if (task !== undefined) yield task;
    }
  };
  const priorityOf = (task: TaskState): number => state.graph.node(task.definitionId)?.definition.priority ?? 0;
  const sources = [taskOf(state.ready.entries(holds))];
  for (const scope of state.limited) {
    // All of them, and not as many as there are slots: nobody may take the first.
    if (scope.ready !== undefined && slotsOf(state, scope.path) > 0) sources.push(taskOf(scope.ready.entries(holds)));
  }
  const heads = sources.map((source) => source.next().value as TaskState | undefined);
  for (;;) {
    let best = -1;
    for (const [index, head] of heads.entries()) {
      const leader = heads[best];
      if (head === undefined) continue;
      if (leader === undefined) {
        best = index;
        continue;
      }
      const ahead = priorityOf(head) - priorityOf(leader);
      if (ahead > 0 || (ahead === 0 && head.ticket < leader.ticket)) best = index;
    }
    const task = heads[best];
    if (task === undefined) return;
    yield task;
    heads[best] = sources[best]?.next().value as TaskState | undefined;
  }
}
