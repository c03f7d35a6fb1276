import { blocksAround } from '../../shared/task-path.ts';
import { keyOf, type ReadyFor, type ReadyQueue, type Wanted } from './ready-queue.ts';
import { isAgentTask, listOf, type RunState, rootOf, type ScopeState, type TaskState } from './state.ts';
import { regionAt } from './team/team.ts';
import { heldUpBy, ungranted } from './transitions/mutex.ts';
import { whoseTurn } from './turns.ts';

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

/** Whom a ready task is for: its agent (or the one that it was handed to, or that of its fallback), or whoever has a capability. */
export function wantedBy(state: RunState, task: TaskState): Wanted {
  const definition = state.graph.node(task.definitionId)?.definition;
  const isOthers = task.fallback === 'agent' || task.handOffs !== undefined;
  return { agent: isOthers ? task.agent : definition?.agent, capability: definition?.capability };
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

/** The ready tasks that are for one agent, or for whoever has a capability. */
export interface ReadyGroup {
  readonly wanted: Wanted;
  readonly first: TaskState;
  /** From the first on: by priority, then by when they became ready. Lazy; each time anew. */
  tasks(): IterableIterator<TaskState>;
}

/**
 * Ready tasks for agents of the blocks that have the strategy of `region` (the run, unless it is said), by whom they are for: of its own queues, and of those
 * blocks that have slots. Where tasks take turns, the one whose turn it is.
 */
export function readyGroups(state: RunState, region: ScopeState = rootOf(state)): readonly ReadyGroup[] {
  if (region.turns !== undefined) {
    const first = whoseTurn(state, region.turns);
    if (first === undefined || !isAgentTask(state, first) || heldUpBy(first, ungranted(state)) !== undefined) return [];
    return [{ wanted: wantedBy(state, first), first, tasks: () => [first].values() }];
  }
  const holds: Holds = (taskId, ticket) => {
    const task = state.tasks.get(taskId);
    return task !== undefined && task.status === 'ready' && task.ticket === ticket;
  };
  const groups: ReadyGroup[] = [];
  const held = ungranted(state);
  const add = (wanted: Wanted, queues: readonly ReadyQueue[]): void => {
    if (held.size > 0) {
      const tasks = () => notHeldUp(tasksIn(state, queues, holds), held);
      const [only] = tasks();
      if (only !== undefined) groups.push({ wanted, first: only, tasks });
      return;
    }
    let first: TaskState | undefined;
    for (const queue of queues) {
      const task = state.tasks.get(queue.first(holds) ?? '');
      if (task !== undefined && isBefore(state, task, first)) first = task;
    }
    if (first !== undefined) groups.push({ wanted, first, tasks: () => tasksIn(state, queues, holds) });
  };
  if (state.limited.size === 0) {
    for (const { wanted, queue } of state.ready.values()) add(wanted, [queue]);
    return groups;
  }
  for (const { wanted, queues } of gathered(state, region)) add(wanted, queues);
  return groups;
}

/** The queues of a region and of the limited blocks in it, by whom they are for. */
function gathered(
  state: RunState,
  region: ScopeState,
): Iterable<{ readonly wanted: Wanted; readonly queues: ReadyQueue[] }> {
  const all = new Map<string, { readonly wanted: Wanted; readonly queues: ReadyQueue[] }>();
  const gather = (ready: Iterable<ReadyFor>): void => {
    for (const { wanted, queue } of ready) {
      const key = keyOf(wanted);
      const known = all.get(key);
      if (known === undefined) all.set(key, { wanted, queues: [queue] });
      else known.queues.push(queue);
    }
  };
  if (region.path === '') gather(state.ready.values());
  for (const scope of state.limited) {
    // All of them, and not as many as there are slots: nobody may take the first.
    if (state.regions.size > 0 && regionAt(state, scope.path) !== region) continue;
    if (scope.ready !== undefined && slotsOf(state, scope.path) > 0) gather(scope.ready.values());
  }
  return all.values();
}

/** All ready tasks for agents. By priority, then by when they became ready. Lazy. */
export function readyTasks(state: RunState): Iterable<TaskState> {
  const regions = [rootOf(state), ...state.regions.values()];
  return merged(
    state,
    regions.flatMap((region) => readyGroups(state, region).map((group) => group.tasks())),
  );
}

type Holds = (taskId: string, ticket: number) => boolean;

function* tasksIn(state: RunState, queues: readonly ReadyQueue[], holds: Holds): Generator<TaskState> {
  const [only, ...more] = queues;
  if (only === undefined) return;
  if (more.length > 0)
    return yield* merged(
      state,
      Array.from(queues, (queue) => tasksIn(state, [queue], holds)),
    );
  for (const id of only.entries(holds)) {
    const task = state.tasks.get(id);
    if (task !== undefined) yield task;
  }
}

function* notHeldUp(tasks: Iterable<TaskState>, ungranted: ReadonlySet<string>): Generator<TaskState> {
  for (const task of tasks) if (heldUpBy(task, ungranted) === undefined) yield task;
}

/** What was said of the task since, or of the list that it is an item of; else what its definition says. */
export const priorityOf = (state: RunState, task: TaskState): number =>
  task.priority ??
  (task.index === undefined ? undefined : listOf(state, task)?.priority) ??
  state.graph.node(task.definitionId)?.definition.priority ??
  0;

/** Whether a ready task goes before another, or there is no other. */
function isBefore(state: RunState, task: TaskState, other: TaskState | undefined): boolean {
  if (other === undefined) return true;
  const ahead = priorityOf(state, task) - priorityOf(state, other);
  return ahead > 0 || (ahead === 0 && task.ticket < other.ticket);
}

function* merged(state: RunState, sources: readonly Iterator<TaskState>[]): Generator<TaskState> {
  const heads = sources.map((source) => source.next().value as TaskState | undefined);
  for (;;) {
    let best = -1;
    for (const [index, head] of heads.entries())
      if (head !== undefined && isBefore(state, head, heads[best])) best = index;
    const task = heads[best];
    if (task === undefined) return;
    yield task;
    heads[best] = sources[best]?.next().value as TaskState | undefined;
  }
}
