import type { Container } from 'inversify';
import { didYouMean } from '../definition/did-you-mean.ts';
import type { Storage } from '../event-store/storage.ts';
import { DispatchTokens } from '../orchestration/messaging/dispatch-tokens.ts';
import type { Monitor } from '../orchestration/monitoring/monitor.ts';
import { listByView } from '../orchestration/reading/run-list.ts';
import { runIndex } from '../orchestration/reading/views/built-in/run-index.ts';
import { defineProjection, type Projection } from '../orchestration/reading/views/projection.ts';
import { Views } from '../orchestration/reading/views/views.ts';
import { admissionOptions } from '../orchestration/runtime/admission/options.ts';
import { MonitorHub } from '../orchestration/runtime/monitor-hub.ts';
import { DEFAULT_ENGINE_OPTIONS, type EngineOptions, fittingStore } from '../orchestration/runtime/options.ts';
import { Orchestrator } from '../orchestration/runtime/orchestrator.ts';
import { RepriseError } from '../shared/errors.ts';
import { systemClock, systemIds, systemRandom } from '../shared/system.ts';
import { graphScheduler, sequentialScheduler } from './builtin-plugins.ts';
import type { RepriseConfig } from './config.ts';
import { createRegistry } from './create-registry.ts';
import { dispatchSecrets } from './dispatch-secrets.ts';
import { closeParts, createAll, type OpenParts, openParts } from './open-parts.ts';
import { type AnyPlugin, assertPlugin, type PluginContext } from './plugin.ts';
import { TOKENS } from './tokens.ts';

/**
 * The one composition root: makes every part from its plugin, wires them, and hands back the orchestrator, which is not started
 * yet. Without plugins: history in memory, messages inside the process, the graph strategy.
 *
 * Throws REPRISE_PLUGIN_INVALID, REPRISE_CONFIG_INVALID, REPRISE_DEFINITION_INVALID or REPRISE_AGENT_UNKNOWN before anything has
 * started; a message says what to add.
 */
export function createReprise(config: RepriseConfig = {}): Promise<Orchestrator> {
  return compose(config, {});
}

/** `anyAgents`: agents that a workflow names need not be there: whoever carries runs out has them. */
export async function compose(
  config: RepriseConfig,
  { anyAgents = false }: { readonly anyAgents?: boolean },
): Promise<Orchestrator> {
  assertKnownKeys(config);
  for (const plugin of config.plugins ?? []) assertPlugin(plugin);
  const plugins: readonly AnyPlugin[] = [graphScheduler(), sequentialScheduler(), ...(config.plugins ?? [])];
  // Loaded here: it takes a while, and who only reads runs needs none of it.
  await import('reflect-metadata');
  const { Container } = await import('inversify');
  const container = new Container({ defaultScope: 'Singleton' });
  container.bind(TOKENS.clock).toConstantValue(config.clock ?? systemClock);
  container.bind(TOKENS.ids).toConstantValue(config.ids ?? systemIds);
  container.bind(TOKENS.random).toConstantValue(config.random ?? systemRandom);
  container.bind(TOKENS.options).toConstantValue(engineOptions(config));
  container.bind(TOKENS.admission).toConstantValue(admissionOptions(config.admission));
  container.bind(TOKENS.dispatchTokens).toConstantValue(new DispatchTokens(dispatchSecrets(config.dispatchSecret)));
  const context: PluginContext = {
    clock: container.get(TOKENS.clock),
    ids: container.get(TOKENS.ids),
    random: container.get(TOKENS.random),
  };
  const strategies = await createAll(plugins, 'scheduler', context);
  const pluginAgents = (await createAll(plugins, 'agent', context)).flat();
  // Agents may be elsewhere when the transport spans processes, which it says once it is made. All else is checked before anything is.
  const mayHave = anyAgents || plugins.some(({ kind }) => kind === 'transport');
  const registry = createRegistry(config, pluginAgents, strategies, { spans: mayHave });
  container.bind(TOKENS.registry).toConstantValue(registry);
  const parts = await openParts(plugins, context, ({ spans = false }) => {
    if (mayHave && !spans && !anyAgents) createRegistry(config, pluginAgents, strategies);
  });
  try {
    return wire(container, parts, viewsOf(config, parts.storage));
  } catch (error) {
    await closeParts(parts, context.clock);
    throw error;
  }
}

/** What is folded to views. A store without a catalog of its own needs the run index: open runs are found by it. */
function viewsOf({ projections = [] }: RepriseConfig, { catalog }: Storage): readonly Projection[] {
  const given: readonly Projection[] = projections.map((one) => defineProjection(one));
  const twice = given.find(({ name }, index) => given.findIndex((one) => one.name === name) < index);
  if (twice !== undefined)
    throw new RepriseError(
      'REPRISE_CONFIG_INVALID',
      `There are two projections of the name '${twice.name}'. Rename one.`,
    );
  const other = given.find(({ name }) => name === runIndex.name);
  if (other !== undefined && other !== (runIndex as Projection))
    throw new RepriseError(
      'REPRISE_CONFIG_INVALID',
      `'${runIndex.name}' is the name of the run index. Give the projection another.`,
    );
  return catalog === undefined && other === undefined ? [runIndex as Projection, ...given] : given;
}

function wire(
  container: Container,
  { monitors, transport, storage, views }: OpenParts,
  projections: readonly Projection[],
): Orchestrator {
  container.bind(TOKENS.monitors).toResolvedValue((options) => createHub(monitors, options), [TOKENS.options]);
  container.bind(TOKENS.transport).toConstantValue(transport);
  container.bind(TOKENS.storage).toConstantValue(storage);
  container
    .bind(TOKENS.views)
    .toResolvedValue(
      (hub, clock) =>
        new Views({ store: storage.events, views, projections, clock, notice: (notice) => hub.notice(notice) }),
      [TOKENS.monitors, TOKENS.clock],
    );
  container.bind(TOKENS.orchestrator).toResolvedValue(
    (storage, transport, registry, monitors, clock, ids, random, options, admission, tokens, built) =>
      new Orchestrator({
        storage,
        transport,
        registry,
        monitors,
        clock,
        ids,
        random,
        options: fittingStore(options, storage.events.maxAppendBytes),
        admission,
        tokens,
        views: built,
        listRuns: listByView(views, () => built.reachEnd(runIndex.name, { withinMs: READ_OWN_MS })),
      }),
    [
      TOKENS.storage,
      TOKENS.transport,
      TOKENS.registry,
      TOKENS.monitors,
      TOKENS.clock,
      TOKENS.ids,
      TOKENS.random,
      TOKENS.options,
      TOKENS.admission,
      TOKENS.dispatchTokens,
      TOKENS.views,
    ],
  );
  return container.get(TOKENS.orchestrator);
}

/** How long a list waits for what this process has just been told; then it is as new as it is. */
const READ_OWN_MS = 1000;

/** How long a monitor may take to close is real time, also where that of the runs is virtual: what it writes, it really writes. */
function createHub(monitors: readonly Monitor[], options: EngineOptions): MonitorHub {
  return new MonitorHub(monitors, options.monitorQueue, systemClock);
}

/** Periods of no time would keep the engine busy with nothing else. */
const ABOVE_ZERO: ReadonlySet<string> = new Set(['leaseMs', 'redispatchMs', 'maxPayloadChars']);

/** Throws REPRISE_CONFIG_INVALID. */
export function engineOptions({ limits = {} }: Pick<RepriseConfig, 'limits'>): EngineOptions {
  for (const [key, value] of Object.entries(limits)) {
    const known = Object.hasOwn(DEFAULT_ENGINE_OPTIONS, key);
    const least = ABOVE_ZERO.has(key) ? 1 : 0;
    if (known && typeof value === 'number' && Number.isFinite(value) && value >= least) continue;
    const all = Object.keys(DEFAULT_ENGINE_OPTIONS);
    const unit = key.endsWith('Ms') ? ' of milliseconds,' : ' of';
    const given = typeof value === 'string' ? JSON.stringify(value) : String(value);
    const what = known
      ? `must be a number${unit} ${least} or more, not ${given}`
      : `is not known${didYouMean(key, all)} (there are ${all.join(', ')})`;
    throw new RepriseError('REPRISE_CONFIG_INVALID', `limits.${key} ${what}.`);
  }
  return { ...DEFAULT_ENGINE_OPTIONS, ...limits };
}

const KEYS: { readonly [Key in keyof Required<RepriseConfig>]: true } = {
  plugins: true,
  workflows: true,
  agents: true,
  projections: true,
  limits: true,
  admission: true,
  dispatchSecret: true,
  clock: true,
  ids: true,
  random: true,
};

/** A misspelt key would be a part that is silently not there. */
function assertKnownKeys(config: RepriseConfig): void {
  const known = Object.keys(KEYS);
  const unknown = Object.keys(config).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const message = `The configuration has no option '${unknown}'${didYouMean(unknown, known)} (there are ${known.join(', ')}).`;
  throw new RepriseError('REPRISE_CONFIG_INVALID', message);
}
