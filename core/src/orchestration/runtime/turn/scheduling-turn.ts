import { merged } from '../../scheduler/ready-order.ts';
import type { AgentView, Assignment, ReadyTask, SchedulingView } from '../../scheduler/scheduler-strategy.ts';
import type { ReadyView } from '../../scheduler/scheduling-view.ts';
import type { Command } from '../../workflow/commands.ts';
import type { RunEvent } from '../../workflow/events.ts';
import { slotsOf, wantedBy } from '../../workflow/ready-tasks.ts';
import type { RunState, ScopeState } from '../../workflow/state.ts';
import type { AdmissionTurn } from '../admission/admission-turn.ts';
import type { AgentDirectory } from '../agent-directory.ts';
import type { CachedRun } from '../run-repository.ts';
import type { Batch } from './batch.ts';

// What strategies are shown of a run in a turn, and how the room that they use is counted.

/** Whether tasks of a run may be assigned. */
export const canSchedule = (state: RunState): boolean =>
  state.status === 'running' && state.readyCount > 0 && state.inFlight < state.definition.concurrency;

/** Whether the strategies of a run may have something to say. */
export const mayDecide = (state: RunState): boolean =>
  canSchedule(state) || (state.status === 'running' && state.teams.size > 0);

/** What a turn of a run gives for scheduling. */
export interface SchedulingTurn {
  readonly run: CachedRun;
  readonly now: number;
  readonly batch: Batch;
  readonly admission: AdmissionTurn;
  full(): boolean;
  decide(command: Command): readonly RunEvent[];
}

/** Tasks that a strategy is asked for at once; a turn takes no more, and the strategy is asked again. */
const ASKED_AT_ONCE = 1024;

/** What was assigned has its room. In the order of the assignments, of which some may be passed over. */
export function use(
  admission: AdmissionTurn,
  events: readonly RunEvent[],
  assignments: readonly Assignment[],
  capabilities: readonly (string | undefined)[],
): void {
  let next = 0;
  for (const event of events) {
    if (event.type !== 'TaskScheduled') continue;
    while (next < assignments.length && assignments[next]?.taskId !== event.taskId) next += 1;
    admission.use(event.agent, capabilities[next], event.taskId, event.attempt);
  }
  admission.unreserve();
}

/** What a strategy is shown of a run. */
export class RunSchedulingView implements SchedulingView {
  readonly runId: string;
  readonly region: string;
  readonly now: number;
  readonly slots: number;
  readonly inFlight: number;
  readonly groups: readonly ReadyView[];
  readonly agents: ReadonlyMap<string, AgentView>;
  readonly #directory: AgentDirectory;
  readonly #admission: AdmissionTurn;
  readonly #busy: string[] = [];
  /** By capability, then by agent. */
  readonly #rooms = new Map<string | undefined, Map<string, number>>();

  constructor(
    { run: { runId, state }, now, admission }: SchedulingTurn,
    region: ScopeState,
    all: readonly ReadyView[],
    agents: AgentDirectory,
    without?: Pick<ReadonlySet<string>, 'has' | 'size'>,
  ) {
    this.runId = runId;
    this.region = region.path;
    this.now = now;
    const slots = Math.min(state.definition.concurrency - state.inFlight, slotsOf(state, region.path), ASKED_AT_ONCE);
    this.slots = Math.max(0, slots);
    this.inFlight = state.inFlight;
    this.agents = agents.views;
    this.#directory = agents;
    this.#admission = admission;
    const groups = all.filter((group) => this.#hasRoom(group));
    this.groups = without === undefined || without.size === 0 ? groups : groups.map((group) => leftIn(group, without));
  }

  /** Who is able to take what is ready, and has no room: a strategy may wait for one of them. */
  get busy(): readonly string[] {
    return this.#busy;
  }

  get ready(): Iterable<ReadyTask> {
    return merged(this.groups);
  }

  // What has no group is asked about, and not wanted.
  room(agent: string, capability?: string): number {
    // A strategy may have kept its view.
    if (this.#admission.isClosed) return 0;
    return this.#known(agent, capability, () => Math.min(this.slots, this.#admission.look(agent, capability)));
  }

  /** The same each time, whatever was begun since. */
  #known(agent: string, capability: string | undefined, room: () => number): number {
    let known = this.#rooms.get(capability);
    if (known === undefined) {
      known = new Map();
      this.#rooms.set(capability, known);
    }
    let found = known.get(agent);
    if (found === undefined) {
      found = room();
      known.set(agent, found);
    }
    return found;
  }

  #wanted(agent: string, capability: string | undefined, priority: number): number {
    // Several agents may share what asks for a capability.
    const sharers = capability === undefined ? 1 : this.#directory.takersOf(capability).length;
    const want = sharers < 2 ? this.slots : Math.min(this.slots, Math.ceil(this.slots / sharers) + 1);
    return this.#known(agent, capability, () => this.#admission.room(agent, capability, want, priority));
  }

  /** For a capability all are asked that have it, so that the run waits for whichever is free first. */
  #hasRoom({ agent, capability, priority }: ReadyView): boolean {
    if (agent !== undefined) return this.#wanted(agent, undefined, priority) > 0;
    let found = false;
    for (const { name } of capability === undefined ? [] : this.#directory.takersOf(capability)) {
      if (this.#wanted(name, capability, priority) > 0) found = true;
      else this.#busy.push(`${name}/${capability}`);
    }
    return found;
  }
}

const leftIn = (group: ReadyView, without: Pick<ReadonlySet<string>, 'has'>): ReadyView => ({
  ...group,
  tasks: Iterator.from(group.tasks).filter(({ taskId }) => !without.has(taskId)),
});

/** The capability that a ready task asks for; undefined when it is for one agent. */
export function capabilityOf(state: RunState, taskId: string): string | undefined {
  const task = state.tasks.get(taskId);
  if (task === undefined) return undefined;
  const { agent, capability } = wantedBy(state, task);
  return agent === undefined ? capability : undefined;
}
