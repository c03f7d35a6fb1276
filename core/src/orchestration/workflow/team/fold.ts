import { type ErrorData, errorData } from '../../../shared/errors.ts';
import type { Json } from '../../../shared/json.ts';
import { roughSize } from '../../../shared/json-size.ts';
import { spendDelegations } from '../budgets.ts';
import { readingAt } from '../clock.ts';
import type { DecisionMade, DecisionRefused, TeamWoken } from '../events.ts';
import { type RunState, type ScopeState, scopeAt } from '../state.ts';
import { changedLedger } from './ledger.ts';
import { createTeam, ownStrategy, tellTeam } from './team.ts';
import type { TeamState } from './team-state.ts';

/** A round of a block begins: when its strategy leads a team, it has none of what the round before had. */
export function beginTeam(state: RunState, scope: ScopeState): void {
  forgetTeam(state, scope);
  const led = ownStrategy(state, scope)?.team !== undefined;
  scope.team = led ? createTeam() : undefined;
  if (led) state.teams.set(scope.path, scope);
}

export function forgetTeam(state: RunState, scope: ScopeState): void {
  if (scope.team === undefined) return;
  state.held -= scope.team.held;
  scope.team = undefined;
  state.teams.delete(scope.path);
}

export function decided(state: RunState, event: DecisionMade): RunState {
  const scope = scopeAt(state, event.scope);
  const { team } = scope ?? {};
  if (scope === undefined || team === undefined || team.ruling !== undefined) return state;
  const { n, kind, seen, tasks = [], role, about, ledger, wakeInMs, output, error, at } = event;
  team.n = n;
  team.refused = 0;
  team.quiet += 1;
  team.news = team.news.filter(({ revision }) => revision > seen);
  if (ledger !== undefined) {
    const before = roughSize(team.ledger);
    team.ledger = changedLedger(team.ledger, ledger.changes) ?? team.ledger;
    team.format = ledger.format;
    holdMore(state, team, roughSize(team.ledger) - before);
  }
  if (wakeInMs !== undefined) team.wakeAt = readingAt(state, at) + wakeInMs;
  if (role !== undefined || about !== undefined) {
    for (const id of tasks) team.asked[id] = { role: role ?? BID, ...(about && { about }) };
  }
  const delegated = COSTS[kind]?.(event) ?? 0;
  if (delegated > 0) spendDelegations(state, scope.path, delegated);
  if (kind === 'finish') rule(state, scope, team, { output: output ?? null });
  if (kind === 'giveUp')
    rule(state, scope, team, { error: error ?? errorData('REPRISE_TEAM_FAILED', 'no reason given') });
  return state;
}

/** The role of bids. */
export const BID = 'bid';

/** How many of the budget `delegations` a decision takes. */
const COSTS: Readonly<Partial<Record<DecisionMade['kind'], (event: Pick<DecisionMade, 'tasks'>) => number>>> = {
  add: ({ tasks = [] }) => tasks.length,
  ask: () => 1,
  announce: () => 1,
  handOver: () => 1,
};

export const costOfDecision = (kind: DecisionMade['kind'], tasks: readonly string[]): number =>
  COSTS[kind]?.({ tasks }) ?? 0;

function rule(
  state: RunState,
  scope: ScopeState,
  team: TeamState,
  ruling: { readonly output: Json } | { readonly error: ErrorData },
): void {
  team.ruling = ruling;
  team.news = [];
  team.wakeAt = undefined;
  if (scope.path !== '') state.frontier.add(scope.path);
}

export function refused(state: RunState, event: DecisionRefused): RunState {
  const scope = scopeAt(state, event.scope);
  const { team } = scope ?? {};
  if (team === undefined) return state;
  team.n = event.n;
  team.refused += 1;
  team.news = team.news.filter(({ revision }) => revision > event.seen);
  const { kind: decision, code, message } = event;
  tellTeam(scope, { kind: 'refused', decision, code, message, revision: state.revision });
  return state;
}

export function woken(state: RunState, { scope: path }: TeamWoken): RunState {
  const scope = scopeAt(state, path);
  const { team } = scope ?? {};
  if (team === undefined) return state;
  team.wakeAt = undefined;
  team.wakes += 1;
  tellTeam(scope, { kind: 'woken', revision: state.revision });
  return state;
}

/** Counts what the team holds. */
export function holdMore(state: RunState, team: TeamState, size: number): void {
  state.held += size;
  team.held += size;
}

/** A run goes on from another one: a team of that which gave up is asked again. */
export function reopenTeams(state: RunState): void {
  for (const scope of state.teams.values()) {
    const { team, path } = scope;
    if (team?.ruling === undefined || !('error' in team.ruling)) continue;
    team.ruling = undefined;
    team.refused = 0;
    team.quiet = 0;
    state.frontier.delete(path);
    tellTeam(scope, { kind: 'changed', tasks: [], revision: state.revision });
  }
}
