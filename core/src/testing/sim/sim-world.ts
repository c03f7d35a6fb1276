import type { AgentTask } from '../../agent/agent.ts';
import type { RepriseConfig } from '../../container/config.ts';
import { createReprise } from '../../container/create-reprise.ts';
import { type AnyPlugin, definePlugin } from '../../container/plugin.ts';
import type { AgentReference, Workflow } from '../../definition/workflow.ts';
import { createInMemoryStorage } from '../../event-store/in-memory-storage.ts';
import { createInProcessTransport } from '../../orchestration/messaging/in-process-transport.ts';
import { type HistoryEntry, RunReader } from '../../orchestration/reading/run-reader.ts';
import type { EngineOptions } from '../../orchestration/runtime/options.ts';
import type { Orchestrator } from '../../orchestration/runtime/orchestrator.ts';
import { explainState } from '../../orchestration/workflow/explain/explain-run.ts';
import { stateOf } from '../../orchestration/workflow/view-of.ts';
import { type Duration, formatDuration } from '../../shared/duration.ts';
import { runStream, streamRunId } from '../../shared/ids.ts';
import type { Json } from '../../shared/json.ts';
import { seededRandom, sequentialIds } from '../deterministic.ts';
import { type FaultyTransport, faultyTransport } from '../faulty-transport.ts';
import { DEFAULT_START, ManualClock } from '../manual-clock.ts';
import { mortalTransport } from '../mortal-transport.ts';
import { type AgentScript, millisecondsOf } from '../script.ts';
import { VirtualTime } from '../virtual-time.ts';
import type { FaultPlan } from './fault.ts';
import { messageFaults } from './message-faults.ts';
import { isPassing, Outside } from './outside.ts';
import { type Cast, castOf, play } from './sim-agents.ts';
import { seenBy, toldOf } from './sim-storage.ts';
import type { SimCall, SimulatedRun } from './simulated-run.ts';

/** What a simulation with faults is made of. */
export interface SimParts {
  readonly workflow: Workflow;
  /** Others that its tasks start as child runs by name. */
  readonly workflows?: readonly Workflow[];
  /** Agents by name, beside those of the workflows: their names, capabilities and schemas; their functions only with `real`. */
  readonly agents?: readonly AgentReference[];
  /** What agents do, by name, as for simulate(). */
  readonly scripts?: Readonly<Record<string, AgentScript>>;
  /** Whether agents that have no script do what they do. Default: they give what their output schemas let through, or null. */
  readonly real?: boolean;
  /** What comes with signals, by name. Default: null. */
  readonly signals?: Readonly<Record<string, Json>>;
  /** Strategies and the like. The store and the transport are there already. */
  readonly plugins?: readonly AnyPlugin[];
  readonly limits?: Partial<EngineOptions>;
  readonly admission?: NonNullable<RepriseConfig['admission']>;
  /** Virtual time that a run may take. Default "7d". */
  readonly maxDuration?: Duration;
}

/** One run that is to be played. */
export interface SimCase {
  readonly input: Json;
  readonly seed: number;
  readonly plan: FaultPlan;
}

const RUN = 'simulated';
const RESTART_MS = 1000;
const DAY_MS = 24 * 3_600_000;
const MINUTE_MS = 60_000;
const DEFAULT_DURATION = '7d';
/** Real time that agents which do real work are given before virtual time moves on, in ms. */
const REAL_PATIENCE_MS = 10_000;

/** Plays one run to its end, or until its time is over. Rejects with what a user would have to mend: a workflow or an input that cannot be started. */
export async function playCase(parts: SimParts, one: SimCase): Promise<SimulatedRun> {
  const world = new SimWorld(parts, one);
  try {
    return await world.play();
  } finally {
    await world.stop();
  }
}

interface Process {
  readonly reprise: Orchestrator;
  readonly transport: FaultyTransport;
  alive: boolean;
}

/** Processes that come and go over one store, in virtual time; one at a time. */
class SimWorld {
  readonly #parts: SimParts;
  readonly #case: SimCase;
  readonly #time: VirtualTime;
  readonly #truth;
  readonly #outside: Outside;
  readonly #processes: Process[] = [];
  readonly #calls: SimCall[] = [];
  readonly #made = new Map<string, number>();
  readonly #scheduled = new Set<string>();
  /** By stream, in the order in which they began: whether the run has ended. */
  readonly #runs = new Map<string, boolean>();
  readonly #random: () => number;
  #failure: { readonly error: unknown } | undefined;

  constructor(parts: SimParts, one: SimCase) {
    this.#parts = parts;
    this.#case = one;
    const patience = parts.real === true ? { patienceMs: REAL_PATIENCE_MS } : {};
    this.#time = new VirtualTime(new ManualClock(), patience);
    this.#random = seededRandom(one.seed);
    const watched = this.#time.watchStorage(createInMemoryStorage());
    this.#truth = toldOf(watched, (event) => this.#recorded(event));
    this.#outside = new Outside({
      ...one,
      time: this.#time,
      signals: parts.signals ?? {},
      run: (runId) => this.#living?.reprise.run(runId),
      ended: (runId) => this.#runs.get(runStream(runId)) === true,
    });
  }

  get #living(): Process | undefined {
    return this.#processes.findLast(({ alive }) => alive);
  }

  get #isOver(): boolean {
    return this.#failure !== undefined || this.#runs.get(runStream(RUN)) === true;
  }

  async play(): Promise<SimulatedRun> {
    const { clock } = this.#time;
    const end = clock.now() + millisecondsOf(this.#parts.maxDuration ?? DEFAULT_DURATION);
    await this.#launch();
    for (;;) {
      const moved = await this.#time.until(() => this.#isOver || this.#living === undefined, end - clock.now());
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#isOver || !moved) break;
      clock.advance(RESTART_MS);
      await this.#launch();
    }
    // Children of a run that was cancelled end a little after it.
    await this.#time.until(() => [...this.#runs.values()].every(Boolean), MINUTE_MS);
    return this.#told();
  }

  async stop(): Promise<void> {
    for (const process of this.#processes) process.transport.heal();
    let over = false;
    const stopped = Promise.allSettled(this.#processes.map(({ reprise }) => reprise.stop({ drainMs: 0 }))).finally(
      () => {
        over = true;
      },
    );
    // What a stop waits for may be a retry of the transport, or of the store: time passes until it is over.
    await this.#time.until(() => over, DAY_MS);
    await stopped;
  }

  async #told(): Promise<SimulatedRun> {
    const reader = new RunReader(this.#truth);
    const histories = new Map<string, readonly HistoryEntry[]>();
    for (const stream of this.#runs.keys()) {
      const runId = streamRunId(stream) ?? '';
      histories.set(runId, await Array.fromAsync(reader.history(runId)));
    }
    const state = await reader.state(RUN);
    const entries = histories.get(RUN) ?? [];
    histories.delete(RUN);
    const eventsOf = (all: readonly HistoryEntry[]) => all.map(({ event }) => event);
    const children = new Map([...histories].map(([runId, all]) => [runId, eventsOf(all)]));
    const { input, seed, plan } = this.#case;
    return {
      ...{ seed, input, state, entries, history: eventsOf(entries), children, calls: this.#calls },
      ...{ status: state.status, output: state.output, error: state.error },
      faults: [...plan.happened],
      duration: state.updatedAt - state.startedAt,
      stuck: this.#runs.get(runStream(RUN)) === true ? undefined : await this.#whyStuck(reader),
    };
  }

  async #whyStuck(reader: RunReader): Promise<string> {
    const state = await reader.state(RUN);
    const within = formatDuration(millisecondsOf(this.#parts.maxDuration ?? DEFAULT_DURATION));
    const names = new Set(this.#cast.map(({ name }) => name));
    const capabilities = new Set(this.#cast.flatMap(({ agent }) => agent.capabilities ?? []));
    const takers = { has: (name: string) => names.has(name), hasCapability: (name: string) => capabilities.has(name) };
    const { summary } = explainState(stateOf(state), { now: this.#time.clock.now(), takers });
    return `the run is ${state.status} and has not ended within ${within} of virtual time: ${summary}`;
  }

  get #cast() {
    const { workflow, workflows = [], agents = [], scripts = {}, real = false } = this.#parts;
    return castOf({ workflows: withChildren([workflow, ...workflows]), agents, scripts, real });
  }

  async #launch(): Promise<void> {
    const process = await this.#spawn();
    const { reprise } = process;
    const { name, version } = this.#parts.workflow.definition;
    const work = async (): Promise<void> => {
      await reprise.start();
      // The same start, whoever makes it.
      await reprise.startRun(name, this.#case.input, { version, id: RUN, requestId: 'simulated-start' });
    };
    work().catch((error: unknown) => {
      if (!process.alive) return;
      if (isPassing(error)) this.#kill(process);
      else this.#failure ??= { error };
    });
  }

  async #spawn(): Promise<Process> {
    const { workflow, workflows = [], plugins = [], limits, admission } = this.#parts;
    const { clock } = this.#time;
    const index = this.#processes.length;
    const alive = (): boolean => this.#processes[index]?.alive ?? true;
    const crash = (): void => {
      const process = this.#processes[index];
      if (process !== undefined) this.#kill(process);
    };
    const storage = seenBy(this.#truth, { alive, crash }, this.#case.plan);
    const transport = this.#transport(alive, index);
    const reprise = await createReprise({
      plugins: [
        definePlugin({ name: 'simulated-store', kind: 'event-store', create: () => storage }),
        definePlugin({ name: 'simulated-transport', kind: 'transport', create: () => transport }),
        ...plugins,
      ],
      workflows: [workflow, ...workflows].map(withoutAgents),
      agents: play(this.#cast, {
        scripts: this.#parts.scripts ?? {},
        seed: this.#case.seed,
        plan: this.#case.plan,
        time: this.#time,
        cannot: (error) => {
          this.#failure ??= { error };
          return new Promise<never>(() => undefined);
        },
        called: (cast, task) => this.#called(cast, task, index),
        nth: (agent, { runId, taskId }) => this.#made.get(`${agent} ${runId} ${taskId}`) ?? 0,
      }),
      clock,
      ids: sequentialIds(`p${index}`),
      random: this.#random,
      ...(limits === undefined ? {} : { limits }),
      ...(admission === undefined ? {} : { admission }),
    });
    const process: Process = { reprise, transport, alive: true };
    this.#processes.push(process);
    return process;
  }

  #transport(alive: () => boolean, index: number): FaultyTransport {
    const { clock } = this.#time;
    const inner = mortalTransport(this.#time.watchTransport(createInProcessTransport(clock)), alive);
    const { plan, seed } = this.#case;
    return faultyTransport(inner, { faults: messageFaults(plan), seed: seed + index, clock });
  }

  /** Ends a process as `kill -9` would: it hears and does nothing more. */
  #kill(process: Process): void {
    if (!process.alive) return;
    process.alive = false;
    // What is left of it is only let go of.
    process.reprise.stop({ drainMs: 0 }).catch(() => undefined);
  }

  #called({ name: agent, by }: Cast, task: AgentTask, process: number): void {
    const { runId, taskId, attempt, round, input, idempotencyKey } = task;
    const nth = `${agent} ${runId} ${taskId}`;
    this.#made.set(nth, (this.#made.get(nth) ?? 0) + 1);
    const recorded = this.#scheduled.has(`${runId} ${taskId} ${attempt}`);
    const at = this.#time.clock.now() - DEFAULT_START;
    this.#calls.push({ agent, by, runId, taskId, attempt, round, input, idempotencyKey, at, recorded, process });
  }

  #recorded({ stream, type, data }: Parameters<Parameters<typeof toldOf>[1]>[0]): void {
    const runId = streamRunId(stream);
    if (runId === undefined) return;
    if (!this.#runs.has(stream)) this.#runs.set(stream, false);
    if (ENDS.has(type)) this.#runs.set(stream, true);
    if (type === 'TaskScheduled') this.#scheduled.add(`${runId} ${String(data['taskId'])} ${String(data['attempt'])}`);
    if (type === 'TaskEntered') this.#outside.heard(runId, data);
  }
}

const ENDS: ReadonlySet<string> = new Set(['RunCompleted', 'RunFailed', 'RunCancelled']);

/** Agents of the simulation stand for all, those of child workflows, too. */
const withoutAgents = (workflow: Workflow): Workflow => ({
  ...workflow,
  agents: [],
  ...(workflow.children === undefined ? {} : { children: workflow.children.map(withoutAgents) }),
});

const withChildren = (workflows: readonly Workflow[]): readonly Workflow[] =>
  workflows.flatMap((one) => [one, ...withChildren(one.children ?? [])]);
