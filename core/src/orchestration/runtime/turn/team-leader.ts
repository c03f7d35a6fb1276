import type { MaxUsage } from '../../../definition/definition.ts';
import { GRAPH } from '../../../definition/definition.ts';
import { RepriseError } from '../../../shared/errors.ts';
import { type JsonObject, jsonProblem } from '../../../shared/json.ts';
import { assignInOrder } from '../../scheduler/graph-strategy.ts';
import {
  leadsTeams,
  type ReadyTask,
  type SchedulingView,
  type TeamStrategy,
} from '../../scheduler/scheduler-strategy.ts';
import type { Assign, Decision } from '../../scheduler/team.ts';
import { TeamViewOf } from '../../scheduler/team-view.ts';
import type { Command } from '../../workflow/commands.ts';
import { beyond, reservationOf } from '../../workflow/metering.ts';
import { readyGroups, wantedBy } from '../../workflow/ready-tasks.ts';
import type { RunState, ScopeState, TaskState } from '../../workflow/state.ts';
import { isOnlyReady, ownStrategy } from '../../workflow/team/team.ts';
import type { TeamState } from '../../workflow/team/team-state.ts';
import { topOf } from '../../workflow/transitions/closing-top.ts';
import type { Registry } from '../registry.ts';
import type { CachedRun } from '../run-repository.ts';
import { canSchedule, capabilityOf, type RunSchedulingView, type SchedulingTurn, use } from './scheduling-turn.ts';
import type { StrategyTimes } from './strategy-times.ts';

export interface TeamLeaderParts {
  readonly registry: Registry;
  readonly times: StrategyTimes;
  /** What is ready in a region, and who has room. */
  viewOf(turn: SchedulingTurn, region: ScopeState): RunSchedulingView;
  /** The strategy has no answer that can be used. */
  held(run: CachedRun, strategy: string, error: unknown): void;
}

/** Decisions of one answer that are looked at; the strategy is asked again about the rest. */
const MAX_AT_ONCE = 256;

/** Asks the strategies of teams what is to be done, and has each decision judged by the state that those before it left. */
export class TeamLeader {
  readonly #parts: TeamLeaderParts;

  constructor(parts: TeamLeaderParts) {
    this.#parts = parts;
  }

  /** Until the strategy of the team decides nothing more, the team has ended, or the turn is full. */
  lead(turn: SchedulingTurn, region: ScopeState): void {
    const { run } = turn;
    const { state } = run;
    while (!turn.full() && state.status === 'running') {
      const { team } = region;
      const { name } = ownStrategy(state, region) ?? { name: state.definition.strategy };
      if (this.#undo(turn, region)) continue;
      if (team === undefined || team.ruling !== undefined || topOf(state, region.path) !== undefined) return;
      const view = this.#parts.viewOf(turn, region);
      const moment = momentOf(state.revision, view);
      if (run.asked.get(region.path) === moment) return;
      const seen = new TeamViewOf(state, region, team);
      if (!isToBeAsked(run, region, team, view, seen)) return;
      let decisions: readonly Asked[];
      let strategy: TeamStrategy;
      try {
        strategy = this.#strategy(name, team);
        decisions = this.#answer(strategy, view, seen, state.runId);
      } catch (error) {
        return this.#parts.held(run, name, error);
      }
      run.asked.set(region.path, moment);
      if (!this.#carryOut(turn, region, strategy, decisions, view)) return;
    }
  }

  /** What undoes others is no strategy's to decide about: nor is what a team that has ended still has to do. True when some was assigned. */
  #undo(turn: SchedulingTurn, region: ScopeState): boolean {
    const { run, batch, admission } = turn;
    const { state, runId } = run;
    const isOver = region.team?.ruling !== undefined || state.closing !== undefined;
    if (!canSchedule(state) || !(isOver || state.graph.hasOutstanding)) return false;
    const view = this.#parts.viewOf(turn, region);
    const isUndoing = ({ taskId }: ReadyTask): boolean => isOver || state.tasks.get(taskId)?.undoes !== undefined;
    const groups = view.groups.map((group) => ({ ...group, tasks: Iterator.from(group.tasks).filter(isUndoing) }));
    const assignments = assignInOrder(Object.assign(view, { groups }), view.slots)
      .filter(({ taskId, agent }) => admission.reserve(agent, capabilityOf(state, taskId)))
      .map((one) => declaring(view, one));
    if (assignments.length === 0) return false;
    const capabilities = assignments.map(({ taskId }) => capabilityOf(state, taskId));
    const command: Command = {
      type: 'ScheduleTasks',
      commandId: idOf(run, region),
      runId,
      strategy: GRAPH,
      assignments,
    };
    const events = turn.decide(command);
    if (events.length === 0) return false;
    batch.add(command, events);
    use(admission, events, assignments, capabilities);
    return true;
  }

  #strategy(name: string, { format }: TeamState): TeamStrategy {
    const strategy = this.#parts.registry.strategy(name);
    if (!leadsTeams(strategy)) throw unusable(`'${name}' leads no teams: write strategy: ${name}`);
    const { writes, reads = [writes] } = strategy.team;
    if (format === undefined || format === writes || reads.includes(format)) return strategy;
    const message = `The ledger has format ${format}, and '${name}' as it is installed here reads ${reads.join(', ')}.`;
    throw new RepriseError('REPRISE_LEDGER_UNREADABLE', message);
  }

  #answer(strategy: TeamStrategy, view: SchedulingView, team: TeamViewOf, runId: string): readonly Asked[] {
    const { times } = this.#parts;
    const answer: unknown = times.timed(strategy.name, runId, () => strategy.select(Object.assign(view, { team })));
    if (!Array.isArray(answer)) throw unusable('it gave no list of decisions');
    return answer.slice(0, MAX_AT_ONCE).map((one: unknown) => {
      const problem = jsonProblem(one);
      if (problem !== undefined) throw unusable(`a decision is no plain JSON, ${problem}`);
      if (typeof one !== 'object' || one === null || Array.isArray(one)) throw unusable('a decision is no object');
      // Whoever gave it keeps no hold on what is recorded.
      const copy = JSON.parse(JSON.stringify(one)) as JsonObject;
      return { kind: 'assign', ...copy };
    });
  }

  /** False: nothing came of it, or nothing more is to be decided now. */
  #carryOut(
    turn: SchedulingTurn,
    region: ScopeState,
    strategy: TeamStrategy,
    decisions: readonly Asked[],
    view: RunSchedulingView,
  ): boolean {
    const { run, batch, admission } = turn;
    const { state, runId } = run;
    const seen = state.revision;
    const base = { runId, scope: region.path, strategy: strategy.name, seen };
    // Something has been assigned that goes on by itself, once others have ended.
    let waits = false;
    for (const decision of decisions) {
      if (turn.full()) return false;
      const plain = plainAssignment(decision);
      const capability = plain === undefined ? undefined : capabilityOf(state, plain.taskId);
      if (plain !== undefined) {
        // What there is no room for is passed over, and looked at when there is; what was handed over meanwhile is for another.
        const task = state.tasks.get(plain.taskId);
        if (task?.status !== 'ready' || !isFor(state, task, plain.agent)) continue;
        if (waitsForBudget(state, task, declaring(view, plain))) {
          waits = true;
          continue;
        }
        if (!admission.reserve(plain.agent, capability)) continue;
      }
      const declared = plain === undefined ? undefined : declaring(view, plain);
      if (declared !== undefined && decision['why'] === undefined && decision['ledger'] === undefined) {
        const command: Command = {
          type: 'ScheduleTasks',
          commandId: idOf(run, region),
          runId,
          strategy: strategy.name,
          assignments: [declared],
        };
        const events = turn.decide(command);
        if (events.length > 0) batch.add(command, events);
        use(admission, events, [declared], [capability]);
        continue;
      }
      const { writes } = strategy.team;
      const { maxUsage } = declared ?? {};
      const command: Command = {
        type: 'Decide',
        ...base,
        commandId: idOf(run, region),
        format: writes,
        decision,
        ...(maxUsage === undefined ? {} : { maxUsage }),
      };
      const events = turn.decide(command);
      if (plain !== undefined) use(admission, events, [plain], [capability]);
      if (events.length === 0) continue;
      batch.add(command, events);
      if (events.some(({ type }) => type === 'DecisionRefused')) break;
    }
    if (state.revision !== seen) return true;
    if (waits) return false;
    // Nothing came of it. Where nothing else could happen, that is the end of the team.
    if (
      region.team === undefined ||
      !(new TeamViewOf(state, region, region.team).idle || declined(state, region, view))
    )
      return false;
    return this.#decide(turn, { type: 'Decide', ...base, commandId: idOf(run, region), format: strategy.team.writes });
  }

  #decide(turn: SchedulingTurn, command: Command): boolean {
    const events = turn.decide(command);
    if (events.length > 0) turn.batch.add(command, events);
    return false;
  }
}

/** With what the agent declares. */
function declaring<One extends { readonly agent: string }>(
  { agents }: SchedulingView,
  one: One,
): One & { readonly maxUsage?: MaxUsage } {
  const { maxUsage } = agents.get(one.agent) ?? {};
  return maxUsage === undefined ? one : { ...one, maxUsage };
}

/** There is no room for it in a budget until others have ended. */
function waitsForBudget(
  state: RunState,
  task: TaskState,
  { agent, maxUsage }: { readonly agent: string; readonly maxUsage?: MaxUsage },
): boolean {
  if (state.budgets.size === 0) return false;
  return beyond(state, task, { agent, reserved: reservationOf(state, task, agent, maxUsage) })?.waits === true;
}

/** A decision as a strategy gave it: plain JSON, and not looked at yet. */
type Asked = JsonObject;

const idOf = ({ runId, state }: CachedRun, { path }: ScopeState): string => `${runId}/decide/${path}/${state.revision}`;

/** A task that names its agent is for that one; any other for whoever the strategy likes. */
function isFor(state: RunState, task: TaskState, agent: string): boolean {
  const wanted = wantedBy(state, task).agent;
  return wanted === undefined || wanted === agent;
}

function plainAssignment(decision: Asked): Pick<Assign, 'taskId' | 'agent'> | undefined {
  const { kind, taskId, agent } = decision as Partial<Decision> & {
    readonly taskId?: unknown;
    readonly agent?: unknown;
  };
  return kind === 'assign' && typeof taskId === 'string' && typeof agent === 'string' ? { taskId, agent } : undefined;
}

/** What a strategy is asked in: the same gives the same answer. Room may come while nothing of the run changes. */
const momentOf = (revision: number, { slots, agents, groups, busy }: RunSchedulingView): string => {
  const ready = groups.map(({ agent, capability }) => `${agent ?? ''}/${capability ?? ''}`);
  return `${revision} ${slots} ${agents.size} ${ready.join()} ${busy.join()}`;
};

/** Whether all that might go on in the team was offered to its strategy, with room for it at everybody, and not taken. */
const declined = (state: RunState, region: ScopeState, { slots, groups, busy }: RunSchedulingView): boolean =>
  slots > 0 &&
  busy.length === 0 &&
  groups.length > 0 &&
  groups.length === readyGroups(state, region).length &&
  isOnlyReady(state, region);

/** It has never been asked here, something is new, somebody has room for what is ready, or nothing else would ever happen. */
const isToBeAsked = (
  run: CachedRun,
  { path }: ScopeState,
  { news }: TeamState,
  view: RunSchedulingView,
  team: TeamViewOf,
): boolean => !run.asked.has(path) || news.length > 0 || (view.slots > 0 && view.groups.length > 0) || team.idle;

const unusable = (why: string): RepriseError =>
  new RepriseError('REPRISE_PLUGIN_INVALID', `The answer of the strategy cannot be used: ${why}.`);
