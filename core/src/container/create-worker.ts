import { isRemote } from '../definition/remote-agent.ts';
import type { Monitor } from '../orchestration/monitoring/monitor.ts';
import { Health, type HealthCheck } from '../orchestration/runtime/health.ts';
import { MonitorHub } from '../orchestration/runtime/monitor-hub.ts';
import { AgentWorker } from '../orchestration/runtime/worker/agent-worker.ts';
import { RepriseError } from '../shared/errors.ts';
import { keepAlive, systemClock, systemIds, systemRandom } from '../shared/system.ts';
import type { RepriseConfig } from './config.ts';
import { agentsByName, localAgents } from './create-registry.ts';
import { engineOptions } from './create-reprise.ts';
import { closeParts, createAll } from './open-parts.ts';
import { assertPlugin, type PluginContext } from './plugin.ts';

/** The configuration of a Reprise serves, too: what only an engine needs (a store, strategies) is not made. */
export type WorkerConfig = RepriseConfig;

/** Runs agents for engines in other processes. */
export interface Worker {
  /** Names the worker in events. */
  readonly id: string;
  /** Attempts that its agents work on now. */
  readonly running: number;
  /** The names of its agents. */
  readonly agents: readonly string[];
  /** Whether it does its work, by what that takes. Does not throw. */
  health(): readonly HealthCheck[];
  /** Takes tasks from now on, and says so. When it rejects, it has stopped. */
  start(): Promise<void>;
  /** Takes nothing new, waits up to `drainMs` (30 s unless limits say otherwise) for what runs, then aborts it. A second call with 0 ends the wait. */
  stop(options?: { readonly drainMs?: number }): Promise<void>;
}

/**
 * A worker by itself: agents, the transport that its tasks come over, and monitors; no store and no engine. Throws REPRISE_CONFIG_INVALID without an
 * agent, or without a plugin that brings a transport: over one of its own, nobody would ever hand it anything.
 */
export async function createWorker(config: WorkerConfig): Promise<Worker> {
  const { plugins = [], clock = systemClock, ids = systemIds, random = systemRandom } = config;
  for (const plugin of plugins) assertPlugin(plugin);
  const options = engineOptions(config);
  const context: PluginContext = { clock, ids, random };
  const ofPlugins = (await createAll(plugins, 'agent', context)).flat();
  const agents = localAgents(agentsByName(config, ofPlugins));
  if (agents.length === 0) throw invalid(noAgent(config));
  const brings = plugins.filter(({ kind }) => kind === 'transport').length;
  if (brings !== 1) throw invalid(noTransport(brings));
  const monitors = await createAll(plugins, 'monitor', context);
  const transport = await transportOf(config, context, monitors);
  const hub = new MonitorHub(monitors, options.monitorQueue, clock);
  const id = `worker-${ids.next()}`;
  const parts = { id, transport, monitors: hub, clock, options, mortal: true };
  const worker = new AgentWorker({ ...parts, agents: new Map(agents.map((agent) => [agent.name, agent])) });
  let letExit: (() => void) | undefined;
  let stopped: Promise<void> | undefined;
  let takes = false;
  const health = new Health({ clock, transport });
  const end = async (drainMs: number): Promise<void> => {
    try {
      await worker.stop(drainMs);
      await transport.stop();
    } finally {
      await hub.shutdown();
      letExit?.();
    }
  };
  const stop = ({ drainMs = options.drainMs } = {}): Promise<void> => {
    if (stopped !== undefined && drainMs === 0) worker.abandon();
    stopped ??= end(drainMs);
    return stopped;
  };
  return {
    id,
    agents: agents.map(({ name }) => name),
    get running() {
      return worker.running;
    },
    health: () => {
      const standing = stopped !== undefined ? 'stopped' : takes ? 'started' : 'starting';
      return [health.transport(standing), health.draining(standing)];
    },
    start: async () => {
      if (letExit !== undefined || stopped !== undefined)
        throw new RepriseError('REPRISE_STOPPED', 'The worker was started already, or has stopped.');
      letExit = keepAlive();
      try {
        await transport.start();
        await worker.start();
        takes = true;
      } catch (error) {
        // What stopping cannot release either says less than what made the start fail.
        await stop({ drainMs: 0 }).catch(() => undefined);
        throw error;
      }
    },
    stop,
  };
}

async function transportOf({ plugins = [] }: WorkerConfig, context: PluginContext, monitors: readonly Monitor[]) {
  try {
    const [transport] = await createAll(plugins, 'transport', context);
    if (transport !== undefined) return transport;
    throw invalid('A worker needs a transport.');
  } catch (error) {
    await closeParts({ monitors }, context.clock);
    throw error;
  }
}

function noAgent({ agents = [] }: WorkerConfig): string {
  const [declared] = agents.filter(isRemote);
  const why =
    declared === undefined
      ? ''
      : `; '${declared.name}' is only declared, by remoteAgent(), and is nothing that it could run`;
  return `A worker needs an agent${why}. Add one that has a \`handle\` to \`agents\` (defineAgent), or a plugin that brings some.`;
}

const noTransport = (brings: number): string =>
  `A worker needs one transport, and the plugins bring ${brings}: ` +
  'add one plugin of kind `transport` that whoever drives the runs has, too. docs/workers.md says where to get one.';

const invalid = (message: string): RepriseError => new RepriseError('REPRISE_CONFIG_INVALID', message);
