import type { JsonObject } from '../../../shared/json.ts';
import { blocksAround, outer } from '../../../shared/task-path.ts';
import { payloadPart } from '../digest/payload-digest.ts';
import { hasEnded, isActive, isAgentTask, type RunState, type ScopeState, type TaskState } from '../state.ts';
import type { TeamNews, TeamState } from './team-state.ts';

// A team: a block (the run is one) whose strategy decides what there is to do. It hears what its tasks come to, remembers in a ledger, and is open until
// the strategy ends it. All of it follows from events: no strategy is asked when a history is read.

/** Decisions of one round of a team; decisions that are refused in a row; times that it is woken in a row without anything else. */
export const MAX_DECISIONS = 10_000;
export const MAX_REFUSED = 3;
export const MAX_WAKES = 100;

/** Decisions in a row with nothing new to decide about. */
export const MAX_QUIET = 1_000;

/** Teams in teams. */
export const MAX_TEAM_DEPTH = 4;

export const createTeam = (): TeamState => ({
  format: undefined,
  ledger: undefined,
  n: 0,
  refused: 0,
  quiet: 0,
  wakes: 0,
  news: [],
  wakeAt: undefined,
  asked: {},
  bids: {},
  ruling: undefined,
  held: 0,
});

/** Whether nothing is left to do in a block: of a team, its strategy has to say so. */
export const isThroughWith = ({ open, team }: ScopeState): boolean =>
  team === undefined ? open === 0 : team.ruling !== undefined;

/** The strategy of a block by itself; undefined where it has that of the block around it. */
export function ownStrategy(
  state: RunState,
  { path, definitionId }: Pick<ScopeState, 'path' | 'definitionId'>,
): { readonly name: string; readonly team?: JsonObject } | undefined {
  const said = state.strategies?.[definitionId];
  if (said !== undefined) return typeof said === 'string' ? { name: said } : { name: said.name, team: said.team };
  if (path === '') {
    const { strategy: name, team } = state.definition;
    return { name, ...(team === undefined ? {} : { team }) };
  }
  const { strategy: name, team } = state.graph.block(definitionId)?.definition ?? {};
  return name === undefined ? undefined : { name, ...(team === undefined ? {} : { team }) };
}

/** The block whose strategy a block at `path` has: itself, or the innermost around it with one of its own. */
export function regionAt(state: RunState, path: string): ScopeState {
  if (state.regions.size > 0 && path !== '') {
    for (const at of blocksAround(path)) {
      const region = state.regions.get(at);
      if (region !== undefined) return region;
    }
  }
  return state.scopes.get('') as ScopeState;
}

/** The name of the strategy that decides about the tasks of a block. */
export const strategyAt = (state: RunState, path: string): string =>
  ownStrategy(state, regionAt(state, path))?.name ?? state.definition.strategy;

/** How many teams are around a block, itself excluded. */
export function teamsAround(state: RunState, path: string): number {
  let count = path !== '' && state.scopes.get('')?.team !== undefined ? 1 : 0;
  const around = outer(path)?.block ?? '';
  if (around !== '') for (const at of blocksAround(around)) if (state.scopes.get(at)?.team !== undefined) count += 1;
  return count;
}

/** The id of a task in its block. */
export const localId = ({ id, scope }: Pick<TaskState, 'id' | 'scope'>): string =>
  scope === '' ? id : id.slice(scope.length + 1);

/** Of all of these nothing is under way, is ready, or waits for a time or a mutex. */
export function isStill(state: RunState, tasks: Iterable<TaskState>): boolean {
  for (const task of tasks)
    if (!hasEnded(task) && (isActive(task) || task.mutex !== undefined || state.frontier.has(task.id))) return false;
  return true;
}

/** Without its strategy, nothing more would happen in the team. */
export const isIdle = (state: RunState, { team, inFlight }: ScopeState, tasks: Iterable<TaskState>): boolean =>
  team !== undefined && team.wakeAt === undefined && inFlight === 0 && isStill(state, tasks);

/** Whether nothing goes on in the team, and in blocks in it that are its strategy's, but that tasks are ready for agents. */
export function isOnlyReady(state: RunState, scope: ScopeState): boolean {
  if (scope.team === undefined || scope.team.wakeAt !== undefined) return false;
  for (const task of state.tasks.values()) {
    if (hasEnded(task) || regionAt(state, task.scope) !== scope) continue;
    if (state.frontier.has(task.id) || task.closing !== undefined) return false;
    // What a list, or a block without a strategy of its own, does is done by tasks that are looked at, too.
    const isAround = task.items !== undefined || (state.scopes.has(task.id) && !state.regions.has(task.id));
    if (isActive(task) && !isAround && !(task.status === 'ready' && isAgentTask(state, task))) return false;
  }
  return true;
}

/** Something new for the strategy of the block. */
export function tellTeam(scope: ScopeState | undefined, news: TeamNews): void {
  const { team } = scope ?? {};
  if (team === undefined || team.ruling !== undefined) return;
  team.news = [...team.news, news];
  team.quiet = 0;
  if (news.kind !== 'woken' && news.kind !== 'refused') team.wakes = 0;
}

/** Somebody else than the strategy changed something about these tasks of its block. */
export const changed = ({ revision }: RunState, tasks: readonly TaskState[]): TeamNews => ({
  kind: 'changed',
  tasks: tasks.map(localId),
  revision,
});

/** A task begins again: that it had ended is no news any more. */
export function forgetNews({ team }: ScopeState, task: TaskState): void {
  if (team === undefined || task.index !== undefined) return;
  const id = localId(task);
  team.news = team.news.filter((one) => one.kind !== 'ended' || one.task !== id);
}

/** What a digest says of a team. */
export function teamText({ team }: ScopeState): string {
  if (team === undefined) return '';
  const { format, n, refused, quiet, wakes, news, wakeAt, asked, bids, ruling, ledger } = team;
  const text = JSON.stringify([format, n, refused, quiet, wakes, news, wakeAt, asked, bids, ruling]);
  return ` team=${text}${ledger === undefined ? '' : ` ${payloadPart(team, 'ledger', ledger)}`}`;
}
