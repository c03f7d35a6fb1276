import type { Clock } from '../../../shared/clock.ts';
import { RepriseError, toErrorData } from '../../../shared/errors.ts';
import { type Assignment, leadsTeams, type SchedulingView } from '../../scheduler/scheduler-strategy.ts';
import { type ReadyView, readyView } from '../../scheduler/scheduling-view.ts';
import type { Command, ScheduleTasks } from '../../workflow/commands.ts';
import type { RunEvent } from '../../workflow/events.ts';
import { beyond, needOf, reservationOf } from '../../workflow/metering.ts';
import { type RunState, rootOf, type ScopeState } from '../../workflow/state.ts';
import { ownStrategy } from '../../workflow/team/team.ts';
import type { AgentDirectory } from '../agent-directory.ts';
import type { MonitorHub } from '../monitor-hub.ts';
import type { Registry } from '../registry.ts';
import { standstillOf } from '../run-hold.ts';
import type { CachedRun } from '../run-repository.ts';
import type { StandingRuns } from '../standing-runs.ts';
import { canSchedule, capabilityOf, RunSchedulingView, type SchedulingTurn, use } from './scheduling-turn.ts';
import { StrategyTimes } from './strategy-times.ts';
import { TeamLeader } from './team-leader.ts';

export interface RunSchedulerParts {
  readonly registry: Registry;
  readonly agents: AgentDirectory;
  readonly monitors: MonitorHub;
  readonly standing: StandingRuns;
  readonly clock: Clock;
  /** The run stands still: whoever waits for it may want to know. */
  stood(runId: string): void;
}

/** Asks the strategies of runs which ready tasks go to which agents, where there is room for any, and says so when there is no answer. */
export class RunScheduler {
  readonly #parts: RunSchedulerParts;
  readonly #teams: TeamLeader;
  readonly #times: StrategyTimes;
  /** The strategy of some region gave no usable answer in this turn: that holds the run, whatever others have to say. */
  #isHeld = false;

  constructor(parts: RunSchedulerParts) {
    this.#parts = parts;
    this.#times = new StrategyTimes(parts);
    this.#teams = new TeamLeader({
      registry: parts.registry,
      times: this.#times,
      viewOf: (turn, region) => new RunSchedulingView(turn, region, readyView(turn.run.state, region), parts.agents),
      held: (run, strategy, error) => this.#heldByStrategy(run, strategy, error),
    });
  }

  /** Lets the strategies decide, from the outside inwards, until there is nothing more to decide, no more room, or the turn is full. */
  schedule(turn: SchedulingTurn): void {
    const { state } = turn.run;
    this.#isHeld = false;
    if (state.regions.size === 0 && state.teams.size === 0) return this.#assign(turn, rootOf(state));
    for (let revision = -1; revision !== state.revision && !turn.full(); ) {
      revision = state.revision;
      for (const path of ['', ...[...state.regions.keys()].sort()]) {
        const region = path === '' ? rootOf(state) : state.regions.get(path);
        if (region === undefined || state.status !== 'running') continue;
        if (region.team === undefined) this.#assign(turn, region);
        else this.#teams.lead(turn, region);
      }
    }
    if (canSchedule(state) && !turn.full()) this.#lookAround(turn.run);
  }

  /** Lets the strategy of a region assign ready tasks, until it assigns nothing more, there is no more room or the turn is full. */
  #assign(turn: SchedulingTurn, region: ScopeState): void {
    const { run, batch, admission } = turn;
    const { state } = run;
    const strategy = ownStrategy(state, region)?.name ?? state.definition.strategy;
    // What waits until a budget has room for it keeps nobody else waiting.
    const held = new Held(state);
    while (canSchedule(state) && !turn.full() && held.size < MOST_HELD) {
      const groups = readyView(state, region);
      const view = new RunSchedulingView(turn, region, groups, this.#parts.agents, held);
      if (view.groups.length === 0) return this.#reportStandstill(run, groups);
      const assigned = askStrategy(view, strategy, turn, { ...this.#parts, times: this.#times });
      if ('error' in assigned) return this.#heldByStrategy(run, strategy, assigned.error);
      const { assignments, capabilities } = assigned;
      if (assignments.length === 0) return this.#reportStandstill(run, groups);
      const commandId = `${run.runId}/schedule/${state.revision}`;
      const command: Command = { type: 'ScheduleTasks', commandId, runId: run.runId, strategy, assignments };
      const events = turn.decide(command);
      if (events.length > 0) batch.add(command, events);
      use(admission, events, assignments, capabilities);
      const isMore = held.note(assignments, events);
      if (events.length === 0 && !isMore) return;
    }
  }

  /** What of any region nobody takes. */
  #lookAround(run: CachedRun): void {
    const { state } = run;
    const groups = [rootOf(state), ...state.regions.values()].flatMap((region) => readyView(state, region));
    if (groups.length > 0) this.#reportStandstill(run, groups);
  }

  /** A strategy that is not there, or throws, holds tasks up, but neither results nor a cancellation. */
  #heldByStrategy({ runId, state }: CachedRun, strategy: string, error: unknown): void {
    const { standing, monitors, stood } = this.#parts;
    const { message, code } = toErrorData(error, 'REPRISE_PLUGIN_INVALID');
    const said = `the strategy '${strategy}' gives no usable answer: ${message}`;
    this.#isHeld = true;
    const moves = state.inFlight > 0;
    if (!moves) standing.hold(runId, { reason: 'strategy', message: said, details: { code } });
    // It may have been for once; nothing else need come that would have it asked again.
    standing.lookLater(runId, moves);
    monitors.notice({ kind: 'log', level: 'error', message: said, runId, fields: { code } });
    stood(runId);
  }

  /** Nothing runs and nothing can be assigned: said once for every time that the run is read, because nothing else will say it. */
  #reportStandstill(run: CachedRun, groups: readonly ReadyView[]): void {
    if (this.#isHeld) return;
    const { agents, standing, monitors, stood } = this.#parts;
    const open = groups.filter((group) => !isTaken(group, agents));
    // What waits for room that others have moves by itself.
    const moves = run.state.inFlight > 0 || open.length < groups.length;
    const hold = moves ? undefined : standstillOf(run.state, agents);
    standing.hold(run.runId, hold);
    // Others may be under way, and take long: an agent that appears is no less welcome.
    if (open.length > 0) standing.lookWhenAgentsAppear(run.runId);
    if (hold === undefined) return;
    stood(run.runId);
    if (run.standstillReported) return;
    run.standstillReported = true;
    const fields = { code: 'REPRISE_AGENT_UNKNOWN' };
    monitors.notice({ kind: 'log', level: 'warn', message: hold.message, runId: run.runId, fields });
  }
}

/** What is held back in a turn, at the most: by need, or by task. */
const MOST_HELD = 1024;

/** What was assigned in a turn and is as ready as before: where a budget has no room for it, with all that needs the same, however many these are. */
class Held {
  readonly #state: RunState;
  readonly #needs = new Set<string>();
  readonly #tasks = new Set<string>();

  constructor(state: RunState) {
    this.#state = state;
  }

  get size(): number {
    return this.#needs.size + this.#tasks.size;
  }

  has(taskId: string): boolean {
    if (this.#tasks.has(taskId)) return true;
    const task = this.#needs.size === 0 ? undefined : this.#state.tasks.get(taskId);
    return task !== undefined && this.#needs.has(needOf(this.#state, task));
  }

  /** Whether there is more of it than before. */
  note(assignments: ScheduleTasks['assignments'], events: readonly RunEvent[]): boolean {
    if (this.#state.budgets.size === 0) return false;
    const before = this.size;
    const decided = new Set(events.map((event) => ('taskId' in event ? event.taskId : undefined)));
    for (const { taskId, agent, maxUsage } of assignments) {
      const task = decided.has(taskId) ? undefined : this.#state.tasks.get(taskId);
      if (task?.status !== 'ready' || this.has(taskId)) continue;
      const reserved = reservationOf(this.#state, task, agent, maxUsage);
      if (beyond(this.#state, task, { agent, reserved }) === undefined) this.#tasks.add(taskId);
      else this.#needs.add(needOf(this.#state, task));
    }
    return this.size > before;
  }
}

function isTaken({ agent, capability }: ReadyView, agents: AgentDirectory): boolean {
  if (agent === undefined) return capability !== undefined && agents.hasCapability(capability);
  agents.wants(agent);
  return agents.has(agent);
}

/** What the strategy of a run chose, or why there is no answer of it that can be used. */
type Assigned = Chosen | { readonly error: unknown };

interface Chosen {
  readonly assignments: ScheduleTasks['assignments'];
  /** For each of the assignments the capability that its task asked for; whom a task was for is forgotten when it is scheduled. */
  readonly capabilities: readonly (string | undefined)[];
}

/** Asks the strategy of the run. Does not throw: a strategy is a plugin, and whatever it does is its own. */
function askStrategy(
  view: SchedulingView,
  name: string,
  turn: SchedulingTurn,
  parts: Pick<RunSchedulerParts, 'registry' | 'agents'> & { readonly times: StrategyTimes },
): Assigned {
  try {
    const strategy = parts.registry.strategy(name);
    if (leadsTeams(strategy)) throw unusable(`it leads teams: write strategy: { name: ${name}, … }`);
    const chosen = parts.times.timed(name, turn.run.runId, () => strategy.select(view));
    return checked(chosen, view, turn, parts.agents);
  } catch (error) {
    return { error };
  }
}

/** Copies, so that the answer is data, and each agent is one that there is: nobody else would ever take the task. What there is no room for is left out. */
function checked(
  chosen: unknown,
  view: SchedulingView,
  { run: { state }, admission }: SchedulingTurn,
  agents: AgentDirectory,
): Chosen {
  if (!Array.isArray(chosen)) throw unusable('it gave no list of assignments');
  const assignments: ScheduleTasks['assignments'][number][] = [];
  const capabilities: (string | undefined)[] = [];
  let readies = 0;
  for (const one of chosen as readonly (Partial<Assignment> | null | undefined)[]) {
    if (assignments.length >= view.slots) break;
    const taskId = one?.taskId;
    const agent = one?.agent;
    if (typeof taskId !== 'string' || typeof agent !== 'string')
      throw unusable('an assignment names no task or no agent');
    if (!agents.has(agent)) throw unusable(`it assigned a task to '${agent}', and no worker of such an agent is there`);
    if (state.tasks.get(taskId)?.status !== 'ready') continue;
    readies += 1;
    const capability = capabilityOf(state, taskId);
    if (!admission.reserve(agent, capability)) continue;
    const maxUsage = agents.maxUsageOf(agent);
    assignments.push({ taskId, agent, ...(maxUsage === undefined ? {} : { maxUsage }) });
    capabilities.push(capability);
  }
  if (chosen.length > 0 && readies === 0) throw unusable('none of the tasks that it assigned is ready');
  return { assignments, capabilities };
}

const unusable = (why: string): RepriseError =>
  new RepriseError('REPRISE_PLUGIN_INVALID', `The answer of the strategy cannot be used: ${why}.`);
