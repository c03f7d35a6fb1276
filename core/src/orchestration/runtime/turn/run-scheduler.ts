import { RepriseError, toErrorData } from '../../../shared/errors.ts';
import { merged } from '../../scheduler/ready-order.ts';
import type { AgentView, Assignment, ReadyTask, SchedulingView } from '../../scheduler/scheduler-strategy.ts';
import { type ReadyView, readyView } from '../../scheduler/scheduling-view.ts';
import type { Command } from '../../workflow/commands.ts';
import type { RunEvent } from '../../workflow/events.ts';
import { wantedBy } from '../../workflow/ready-tasks.ts';
import type { RunState } from '../../workflow/state.ts';
import type { AdmissionTurn } from '../admission/admission-turn.ts';
import type { AgentDirectory } from '../agent-directory.ts';
import type { MonitorHub } from '../monitor-hub.ts';
import type { Registry } from '../registry.ts';
import { standstillOf } from '../run-hold.ts';
import type { CachedRun } from '../run-repository.ts';
import type { StandingRuns } from '../standing-runs.ts';
import type { Batch } from './batch.ts';

export interface RunSchedulerParts {
  readonly registry: Registry;
  readonly agents: AgentDirectory;
  readonly monitors: MonitorHub;
  readonly standing: StandingRuns;
  /** The run stands still: whoever waits for it may want to know. */
  stood(runId: string): void;
}

/** What a turn of a run gives for scheduling. */
export interface SchedulingTurn {
  readonly run: CachedRun;
  readonly now: number;
  readonly batch: Batch;
  readonly admission: AdmissionTurn;
  full(): boolean;
  decide(command: Command): readonly RunEvent[];
}

/** Whether the strategy of a run is to be asked. */
export const canSchedule = (state: RunState): boolean =>
  state.status === 'running' && state.readyCount > 0 && state.inFlight < state.definition.concurrency;

/** Tasks that a strategy is asked for at once; a turn takes no more, and the strategy is asked again. */
const ASKED_AT_ONCE = 1024;

/** Asks the strategies of runs which ready tasks go to which agents, where there is room for any, and says so when there is no answer. */
export class RunScheduler {
  readonly #parts: RunSchedulerParts;

  constructor(parts: RunSchedulerParts) {
    this.#parts = parts;
  }

  /** Lets the strategy assign ready tasks, until it assigns nothing more, there is no more room or the turn is full. */
  schedule(turn: SchedulingTurn): void {
    const { run, batch, admission } = turn;
    const { state } = run;
    while (canSchedule(state) && !turn.full()) {
      const { strategy } = state.definition;
      const groups = readyView(state);
      const view = new RunSchedulingView(turn, groups, this.#parts.agents);
      if (view.groups.length === 0) return this.#reportStandstill(run, groups);
      const assigned = askStrategy(view, strategy, state, this.#parts);
      if ('error' in assigned) return this.#heldByStrategy(run, assigned.error);
      const { assignments, capabilities } = assigned;
      if (assignments.length === 0) return this.#reportStandstill(run, groups);
      const commandId = `${run.runId}/schedule/${state.revision}`;
      const command: Command = { type: 'ScheduleTasks', commandId, runId: run.runId, strategy, assignments };
      const events = turn.decide(command);
      if (events.length === 0) return;
      batch.add(command, events);
      let next = 0;
      for (const event of events) {
        if (event.type !== 'TaskScheduled') continue;
        // In the order of the assignments, of which some may be passed over.
        while (next < assignments.length && assignments[next]?.taskId !== event.taskId) next += 1;
        admission.use(event.agent, capabilities[next], event.taskId, event.attempt);
      }
    }
  }

  /** A strategy that is not there, or throws, holds tasks up, but neither results nor a cancellation. */
  #heldByStrategy({ runId, state }: CachedRun, error: unknown): void {
    const { standing, monitors, stood } = this.#parts;
    const { message, code } = toErrorData(error, 'REPRISE_PLUGIN_INVALID');
    const said = `the strategy '${state.definition.strategy}' gives no assignments: ${message}`;
    if (state.inFlight === 0) standing.hold(runId, { reason: 'strategy', message: said, details: { code } });
    // It may have been for once; nothing else need come that would have it asked again.
    standing.lookLater(runId);
    monitors.notice({ kind: 'log', level: 'error', message: said, runId, fields: { code } });
    stood(runId);
  }

  /** Nothing runs and nothing can be assigned: said once for every time that the run is read, because nothing else will say it. */
  #reportStandstill(run: CachedRun, groups: readonly ReadyView[]): void {
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

/** What a strategy is shown of a run. */
class RunSchedulingView implements SchedulingView {
  readonly runId: string;
  readonly region = '';
  readonly now: number;
  readonly slots: number;
  readonly inFlight: number;
  readonly groups: readonly ReadyView[];
  readonly agents: ReadonlyMap<string, AgentView>;
  readonly #directory: AgentDirectory;
  readonly #admission: AdmissionTurn;

  constructor(
    { run: { runId, state }, now, admission }: SchedulingTurn,
    all: readonly ReadyView[],
    agents: AgentDirectory,
  ) {
    this.runId = runId;
    this.now = now;
    this.slots = Math.min(state.definition.concurrency - state.inFlight, ASKED_AT_ONCE);
    this.inFlight = state.inFlight;
    this.agents = agents.views;
    this.#directory = agents;
    this.#admission = admission;
    this.groups = all.filter((group) => this.#hasRoom(group));
  }

  get ready(): Iterable<ReadyTask> {
    return merged(this.groups);
  }

  // What is in hand does not change before it is used: the same each time.
  room(agent: string, capability?: string): number {
    const isOf = (group: ReadyView): boolean =>
      capability === undefined ? group.agent === agent : group.agent === undefined && group.capability === capability;
    return this.#roomFor(agent, capability, this.groups.find(isOf)?.priority ?? 0);
  }

  #roomFor(agent: string, capability: string | undefined, priority: number): number {
    // Several agents may share what asks for a capability.
    const sharers = capability === undefined ? 1 : this.#directory.takersOf(capability).length;
    const want = sharers < 2 ? this.slots : Math.min(this.slots, Math.ceil(this.slots / sharers) + 1);
    return this.#admission.room(agent, capability, want, priority);
  }

  /** For a capability all are asked that have it, so that the run waits for whichever is free first. */
  #hasRoom({ agent, capability, priority }: ReadyView): boolean {
    if (agent !== undefined) return this.#roomFor(agent, undefined, priority) > 0;
    let found = false;
    for (const { name } of capability === undefined ? [] : this.#directory.takersOf(capability))
      if (this.#roomFor(name, capability, priority) > 0) found = true;
    return found;
  }
}

const isTaken = ({ agent, capability }: ReadyView, agents: AgentDirectory): boolean =>
  agent === undefined ? capability !== undefined && agents.hasCapability(capability) : agents.has(agent);

/** The capability that a ready task asks for; undefined when it is for one agent. */
function capabilityOf(state: RunState, taskId: string): string | undefined {
  const task = state.tasks.get(taskId);
  if (task === undefined) return undefined;
  const { agent, capability } = wantedBy(state, task);
  return agent === undefined ? capability : undefined;
}

/** What the strategy of a run chose, or why there is no answer of it that can be used. */
type Assigned = Chosen | { readonly error: unknown };

interface Chosen {
  readonly assignments: readonly Assignment[];
  /** For each of the assignments the capability that its task asked for; whom a task was for is forgotten when it is scheduled. */
  readonly capabilities: readonly (string | undefined)[];
}

/** Asks the strategy of the run. Does not throw: a strategy is a plugin, and whatever it does is its own. */
function askStrategy(view: SchedulingView, strategy: string, state: RunState, parts: RunSchedulerParts): Assigned {
  try {
    const chosen = parts.registry.strategy(strategy).select(view);
    return checked(chosen, view, state, parts.agents);
  } catch (error) {
    return { error };
  }
}

/** Copies, so that the answer is data, and each agent is one that there is: nobody else would ever take the task. What there is no room for is left out. */
function checked(chosen: unknown, view: SchedulingView, state: RunState, agents: AgentDirectory): Chosen {
  if (!Array.isArray(chosen)) throw unusable('it gave no list of assignments');
  const assignments: Assignment[] = [];
  const capabilities: (string | undefined)[] = [];
  const given = new Given();
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
    if (!given.fits(agent, capability, view)) continue;
    assignments.push({ taskId, agent });
    capabilities.push(capability);
  }
  if (chosen.length > 0 && readies === 0) throw unusable('none of the tasks that it assigned is ready');
  return { assignments, capabilities };
}

/** What was assigned on each way, of the room that it has. */
class Given {
  readonly #ways: {
    readonly agent: string;
    readonly capability: string | undefined;
    readonly room: number;
    count: number;
  }[] = [];

  fits(agent: string, capability: string | undefined, view: SchedulingView): boolean {
    let way = this.#ways.find((one) => one.agent === agent && one.capability === capability);
    if (way === undefined) {
      way = { agent, capability, room: view.room(agent, capability), count: 0 };
      this.#ways.push(way);
    }
    way.count += 1;
    return way.count <= way.room;
  }
}

const unusable = (why: string): RepriseError =>
  new RepriseError('REPRISE_PLUGIN_INVALID', `The answer of the strategy cannot be used: ${why}.`);
