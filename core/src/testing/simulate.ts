import type { Agent, AgentContext, AgentTask } from '../agent/agent.ts';
import { createReprise } from '../container/create-reprise.ts';
import { type AnyPlugin, definePlugin } from '../container/plugin.ts';
import { TaskGraph } from '../definition/task-graph.ts';
import type { Workflow } from '../definition/workflow.ts';
import { createInMemoryStorage } from '../event-store/in-memory-storage.ts';
import { createInProcessTransport } from '../orchestration/messaging/in-process-transport.ts';
import type { Transport } from '../orchestration/messaging/transport.ts';
import type { EngineOptions } from '../orchestration/runtime/options.ts';
import type { Orchestrator } from '../orchestration/runtime/orchestrator.ts';
import type { RunHandle, RunOutcome } from '../orchestration/runtime/run-handle.ts';
import type { RunEvent } from '../orchestration/workflow/events.ts';
import type { RunView } from '../orchestration/workflow/run-view.ts';
import { hasEnded } from '../orchestration/workflow/state.ts';
import { type Duration, formatDuration } from '../shared/duration.ts';
import { RepriseError } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import { seededRandom, sequentialIds } from './deterministic.ts';
import { type FaultCounts, type FaultsOf, faultyTransport } from './faulty-transport.ts';
import { DEFAULT_START, ManualClock } from './manual-clock.ts';
import { messagesOf, type ToldMessage } from './messages-of.ts';
import { type AgentScript, millisecondsOf, pass, perform } from './script.ts';
import { VirtualTime } from './virtual-time.ts';

const DAY_MS = 24 * 3_600_000;
/** Longer than any simulation: leases and redispatches have no part in one. */
const TEN_YEARS_MS = 3650 * DAY_MS;

/** What is simulated: input, scripted agents, chance, time. */
export interface SimulateOptions<Input> {
  readonly input: Input;
  /** By agent name. For a task that asks for a capability which no agent of the workflow has: by that capability. */
  readonly agents?: Readonly<Record<string, AgentScript>>;
  /** Of every random choice (jitter). Default 1. */
  readonly seed?: number;
  /** Virtual time that the run may take; then the simulation fails and says what it waits for. Default "30d". */
  readonly maxDuration?: Duration;
  /** When it begins, in ms since the Unix epoch. Default 2026-01-01T00:00:00Z. */
  readonly startAt?: number;
  readonly runId?: string;
  readonly plugins?: readonly AnyPlugin[];
  readonly limits?: Partial<EngineOptions>;
  /** What befalls the messages of the transport, by `seed`. Leases and redispatches are then as in production, since they make up for what is lost. */
  readonly faults?: FaultsOf;
  /** Called once the run has started: to pause, cancel or watch it, in virtual time. */
  steer?(run: RunHandle, time: { sleep(duration: Duration): Promise<void> }): Promise<void>;
}

/** One call of a scripted agent. */
export interface AgentCall {
  readonly agent: string;
  readonly taskId: string;
  readonly attempt: number;
  readonly round: number;
  readonly input: Json;
  readonly idempotencyKey: string;
  /** Virtual ms since the start of the run. */
  readonly at: number;
}

/** What a simulated run came to. `duration`: milliseconds of virtual time. */
export interface Simulation<Output = Json> {
  readonly outcome: RunOutcome<Output>;
  /** The whole history. */
  readonly history: readonly RunEvent[];
  readonly state: RunView;
  readonly calls: readonly AgentCall[];
  /** The messages of the run, in the order in which they were sent. */
  readonly messages: readonly ToldMessage[];
  /** What befell the messages of the transport: nothing, without `faults`. */
  readonly faults: FaultCounts;
  /** Virtual ms from the first event to the last. */
  readonly duration: number;
}

/**
 * Runs a whole workflow through the real engine, in virtual time, with scripted agents: hours pass in milliseconds, and equal
 * arguments give an equal history.
 *
 * ```ts
 * const { outcome, calls, duration } = await simulate(dossier, {
 *   input: { folder: '.' },
 *   agents: {
 *     reader: ['a', 'b'].map((name) => ({ output: { name } })),   // first attempt, second attempt
 *     inspector: [{ fail: { code: 'EBUSY' } }, { delay: '5m', output: { licence: 'MIT' } }],
 *     editor: (task) => ({ lines: task.input }),
 *     critic: { output: { complete: true } },
 *   },
 * });
 * expect(outcome.status).to.equal('completed');
 * expect(duration).to.be.greaterThan(5 * 60_000);
 * ```
 *
 * Rejects with REPRISE_CONFIG_INVALID when the run stands still for good (an agent that never answers and no timeout), naming the
 * tasks that it waits for, and with REPRISE_AGENT_UNKNOWN when an agent has no script.
 */
export async function simulate<Input, Output>(
  workflow: Workflow<Input, Output>,
  options: SimulateOptions<Input>,
): Promise<Simulation<Output>> {
  const startAt = options.startAt ?? DEFAULT_START;
  const time = new VirtualTime(new ManualClock(startAt));
  const calls: AgentCall[] = [];
  const agents = scriptedAgents(workflow as Workflow, options.agents ?? {}, time, calls);
  const { faults, seed = 1 } = options;
  const inner = time.watchTransport(createInProcessTransport(time.clock));
  const transport = faultyTransport(inner, { faults: faults ?? {}, seed, clock: time.clock });
  const patience = faults === undefined ? { leaseMs: TEN_YEARS_MS, redispatchMs: TEN_YEARS_MS } : {};
  const reprise = await createReprise({
    plugins: [...parts(time, transport), ...(options.plugins ?? [])],
    workflows: [withoutAgents(workflow as Workflow)],
    agents,
    clock: time.clock,
    ids: sequentialIds(),
    random: seededRandom(seed),
    limits: { ...patience, ...options.limits },
  });
  try {
    await reprise.start();
    const told = await runToEnd(reprise, workflow, options, time);
    return { ...told, calls, faults: { ...transport.counts } };
  } finally {
    transport.heal();
    await inTime(time, reprise.stop({ drainMs: 0 }));
  }
}

/** What a stop waits for may be a message that is late: time passes until it is over. */
async function inTime(time: VirtualTime, stopped: Promise<void>): Promise<void> {
  let over = false;
  const end = (): void => {
    over = true;
  };
  stopped.then(end, end);
  await time.until(() => over, DAY_MS);
  await stopped;
}

/** Scripts stand for all agents, those of child workflows, too. */
const withoutAgents = (workflow: Workflow): Workflow => ({
  ...workflow,
  agents: [],
  ...(workflow.children === undefined ? {} : { children: workflow.children.map(withoutAgents) }),
});

const withChildren = (workflow: Workflow): readonly Workflow[] => [
  workflow,
  ...(workflow.children ?? []).flatMap(withChildren),
];

const parts = (time: VirtualTime, transport: Transport): readonly AnyPlugin[] => [
  definePlugin({
    name: 'simulated-store',
    kind: 'event-store',
    create: () => time.watchStorage(createInMemoryStorage()),
  }),
  definePlugin({ name: 'simulated-transport', kind: 'transport', create: () => transport }),
];

async function runToEnd<Input, Output>(
  reprise: Orchestrator,
  workflow: Workflow<Input, Output>,
  options: SimulateOptions<Input>,
  time: VirtualTime,
): Promise<Omit<Simulation<Output>, 'calls' | 'faults'>> {
  const { name, version } = workflow.definition;
  const id = options.runId === undefined ? {} : { id: options.runId };
  const run = await reprise.startRun<Input, Output>(name, options.input, { version, ...id });
  let outcome: RunOutcome<Output> | undefined;
  let failure: { readonly error: unknown } | undefined;
  const failed = (error: unknown): void => {
    failure ??= { error };
  };
  run.outcome().then((ended) => {
    outcome = ended;
  }, failed);
  const sleep = (duration: Duration): Promise<void> => pass(time, duration);
  let steering = options.steer !== undefined;
  options
    .steer?.(run as unknown as RunHandle, { sleep })
    .catch(failed)
    .finally(() => {
      steering = false;
    });
  const maxMs = millisecondsOf(options.maxDuration ?? '30d');
  await time.until(() => failure !== undefined || (outcome !== undefined && !steering), maxMs);
  if (failure !== undefined) throw failure.error;
  if (outcome === undefined) throw standsStill(await reprise.runs.state(run.id), maxMs);
  const history: RunEvent[] = [];
  for await (const { event } of reprise.runs.history(run.id)) history.push(event);
  const state = await reprise.runs.state(run.id);
  const duration = state.updatedAt - state.startedAt;
  return { outcome, history, state, messages: messagesOf(history), duration };
}

function scriptedAgents(
  workflow: Workflow,
  scripts: Readonly<Record<string, AgentScript>>,
  time: VirtualTime,
  calls: AgentCall[],
): readonly Agent<Json, unknown>[] {
  const workflows = withChildren(workflow);
  const known = workflows.flatMap((one) => one.agents);
  const real = new Map(known.map((agent) => [agent.name, agent as unknown as Agent<Json, unknown>]));
  const offered = new Set(known.flatMap((agent) => agent.capabilities ?? []));
  const wanted = workflows.flatMap(({ definition }) =>
    [...TaskGraph.of(definition).nodes.values()].flatMap((node) => node.definition.capability ?? []),
  );
  const startAt = time.clock.now();
  const made = new Map<string, number>();
  return Object.entries(scripts).map(([name, script]) => {
    const handle = (task: AgentTask, context: AgentContext): Promise<unknown> => {
      const { taskId, attempt, round, input, idempotencyKey } = task;
      calls.push({ agent: name, taskId, attempt, round, input, idempotencyKey, at: time.clock.now() - startAt });
      const nth = made.get(`${name}/${taskId}`) ?? 0;
      made.set(`${name}/${taskId}`, nth + 1);
      return perform(script, nth, task, context, time);
    };
    const capability = real.has(name) || offered.has(name) || !wanted.includes(name) ? {} : { capabilities: [name] };
    return { ...capability, ...real.get(name), name, handle };
  });
}

function standsStill(state: RunView, maxMs: number): RepriseError {
  const open = [...state.tasks.values()].filter((task) => !hasEnded(task) && task.status !== 'pending');
  const list = open.map(
    ({ id, status, attempt, agent }) => `${id} (${status}, attempt ${attempt}, agent ${agent ?? '-'})`,
  );
  const message = `The run is ${state.status} and does not end within ${formatDuration(maxMs)} of virtual time. Open: ${list.join(', ') || 'nothing'}.`;
  return new RepriseError('REPRISE_CONFIG_INVALID', message, { details: { open: list } });
}
