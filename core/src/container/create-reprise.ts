import 'reflect-metadata';
import { Container } from 'inversify';
import { formatProblem } from '../definition/problem.ts';
import { validateDefinition } from '../definition/validation/validate-definition.ts';
import type { AgentReference } from '../definition/workflow.ts';
import type { Monitor } from '../orchestration/monitoring/monitor.ts';
import { MonitorHub } from '../orchestration/runtime/monitor-hub.ts';
import { DEFAULT_ENGINE_OPTIONS, type EngineOptions } from '../orchestration/runtime/options.ts';
import { Orchestrator } from '../orchestration/runtime/orchestrator.ts';
import { type AnyAgent, Registry } from '../orchestration/runtime/registry.ts';
import type { SchedulerStrategy } from '../orchestration/scheduler/scheduler-strategy.ts';
import { RepriseError } from '../shared/errors.ts';
import { assertId } from '../shared/ids.ts';
import { systemClock, systemIds, systemRandom } from '../shared/system.ts';
import { graphScheduler, inMemoryEventStore, inProcessTransport } from './builtin-plugins.ts';
import type { AnyWorkflow, RepriseConfig } from './config.ts';
import {
  type AnyPlugin,
  assertPlugin,
  createPart,
  type Plugin,
  type PluginContext,
  type PluginKind,
} from './plugin.ts';
import { TOKENS } from './tokens.ts';

/**
 * The one composition root: makes every part from its plugin, wires them, and hands back the orchestrator, which is not started
 * yet. Without plugins: history in memory, messages inside the process, the graph strategy.
 *
 * Throws REPRISE_PLUGIN_INVALID, REPRISE_CONFIG_INVALID, REPRISE_DEFINITION_INVALID or REPRISE_AGENT_UNKNOWN before anything has
 * started; a message says what to add.
 */
export async function createReprise(config: RepriseConfig = {}): Promise<Orchestrator> {
  for (const plugin of config.plugins ?? []) assertPlugin(plugin);
  const plugins: readonly AnyPlugin[] = [graphScheduler(), ...(config.plugins ?? [])];
  const container = new Container({ defaultScope: 'Singleton' });
  container.bind(TOKENS.clock).toConstantValue(config.clock ?? systemClock);
  container.bind(TOKENS.ids).toConstantValue(config.ids ?? systemIds);
  container.bind(TOKENS.random).toConstantValue(config.random ?? systemRandom);
  container.bind(TOKENS.options).toConstantValue(engineOptions(config));
  const context: PluginContext = {
    clock: container.get(TOKENS.clock),
    ids: container.get(TOKENS.ids),
    random: container.get(TOKENS.random),
  };
  const strategies = await createAll(plugins, 'scheduler', context);
  const pluginAgents = await createAll(plugins, 'agent', context);
  container.bind(TOKENS.registry).toConstantValue(createRegistry(config, pluginAgents, strategies));
  const monitors = await createAll(plugins, 'monitor', context);
  container
    .bind(TOKENS.monitors)
    .toResolvedValue((...parts) => createHub(monitors, ...parts), [TOKENS.options, TOKENS.clock]);
  const transport = await createPart(theOne(plugins, 'transport') ?? inProcessTransport(), context);
  container.bind(TOKENS.transport).toConstantValue(transport);
  // Last, because it may take hold of a file: whatever can go wrong before has gone wrong by now.
  const store = await createPart(theOne(plugins, 'event-store') ?? inMemoryEventStore(), context);
  container.bind(TOKENS.store).toConstantValue(store);
  container
    .bind(TOKENS.orchestrator)
    .toResolvedValue(
      (store, transport, registry, monitors, clock, ids, random, options) =>
        new Orchestrator({ store, transport, registry, monitors, clock, ids, random, options }),
      [
        TOKENS.store,
        TOKENS.transport,
        TOKENS.registry,
        TOKENS.monitors,
        TOKENS.clock,
        TOKENS.ids,
        TOKENS.random,
        TOKENS.options,
      ],
    );
  return container.get(TOKENS.orchestrator);
}

function createHub(
  monitors: readonly Monitor[],
  options: EngineOptions,
  clock: RepriseConfig['clock'] & {},
): MonitorHub {
  return new MonitorHub(monitors, options.monitorQueue, clock);
}

function engineOptions(config: RepriseConfig): EngineOptions {
  for (const [key, value] of Object.entries(config.limits ?? {})) {
    const known = Object.hasOwn(DEFAULT_ENGINE_OPTIONS, key);
    if (known && typeof value === 'number' && Number.isFinite(value) && value >= 0) continue;
    const what = known ? `must be a number of 0 or more, not ${String(value)}` : 'is not known';
    const all = Object.keys(DEFAULT_ENGINE_OPTIONS).join(', ');
    throw new RepriseError('REPRISE_CONFIG_INVALID', `limits.${key} ${what}. There are: ${all}.`);
  }
  return { ...DEFAULT_ENGINE_OPTIONS, ...config.limits };
}

const ofKind = <Kind extends PluginKind>(plugins: readonly AnyPlugin[], kind: Kind): readonly Plugin<Kind>[] =>
  plugins.filter((plugin): plugin is AnyPlugin & Plugin<Kind> => plugin.kind === kind);

async function createAll<Kind extends PluginKind>(plugins: readonly AnyPlugin[], kind: Kind, context: PluginContext) {
  return Promise.all(ofKind(plugins, kind).map((plugin) => createPart(plugin, context)));
}

function theOne<Kind extends PluginKind>(plugins: readonly AnyPlugin[], kind: Kind): Plugin<Kind> | undefined {
  const [first, ...others] = ofKind(plugins, kind);
  if (others.length === 0) return first;
  const names = [first, ...others].map((plugin) => plugin?.name).join(', ');
  throw new RepriseError(
    'REPRISE_CONFIG_INVALID',
    `There can be one ${kind}, but the plugins bring several: ${names}. Keep one.`,
  );
}

function createRegistry(
  config: RepriseConfig,
  pluginAgents: readonly AgentReference[],
  strategies: readonly SchedulerStrategy[],
): Registry {
  const workflows = config.workflows ?? [];
  const agents = new Map<string, AgentReference>();
  for (const agent of [
    ...workflows.flatMap((workflow) => workflow.agents),
    ...(config.agents ?? []),
    ...pluginAgents,
  ]) {
    assertId(agent.name, 'agent name');
    const known = agents.get(agent.name);
    if (known !== undefined && known !== agent) {
      throw new RepriseError(
        'REPRISE_CONFIG_INVALID',
        `There are two agents named '${agent.name}'. Give one another name.`,
      );
    }
    agents.set(agent.name, agent);
  }
  // What a schema has accepted, or what a definition was type-checked to hand over, fits the agent.
  const registry = new Registry(workflows, [...agents.values()] as unknown as readonly AnyAgent[], strategies);
  for (const workflow of workflows) assertRunnable(workflow, agents, registry);
  return registry;
}

/** Every agent, capability and strategy that the workflow asks for is there. */
function assertRunnable(workflow: AnyWorkflow, agents: ReadonlyMap<string, AgentReference>, registry: Registry): void {
  const { definition } = workflow;
  registry.strategy(definition.strategy);
  const problems = validateDefinition(definition, { agents: [...agents.values()] });
  if (problems.length === 0) return;
  const list = problems.map((problem) => `  - ${formatProblem(problem)}`).join('\n');
  const unknownAgents = problems.every((problem) => /agent|capability/.test(problem.message));
  const message = `The workflow '${definition.name}' cannot run:\n${list}`;
  throw new RepriseError(unknownAgents ? 'REPRISE_AGENT_UNKNOWN' : 'REPRISE_DEFINITION_INVALID', message, {
    details: { problems: problems.map(formatProblem) },
  });
}
