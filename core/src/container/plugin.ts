import type { Agent } from '../agent/agent.ts';
import type { EventStore } from '../event-store/event-store.ts';
import type { Transport } from '../orchestration/messaging/transport.ts';
import type { Monitor } from '../orchestration/monitoring/monitor.ts';
import type { SchedulerStrategy } from '../orchestration/scheduler/scheduler-strategy.ts';
import type { Clock, Ids, Random } from '../shared/clock.ts';
import { RepriseError } from '../shared/errors.ts';
import { isId } from '../shared/ids.ts';

/** What a plugin is handed to make its part. */
export interface PluginContext {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
}

/** What a plugin of each kind makes. */
export interface PluginParts {
  readonly 'event-store': EventStore;
  readonly transport: Transport;
  readonly scheduler: SchedulerStrategy;
  readonly monitor: Monitor;
  readonly agent: Agent;
}

export type PluginKind = keyof PluginParts;

/**
 * The one contract, for built-ins and strangers alike: a name, a kind, and a factory. A factory that throws stops the start
 * with REPRISE_PLUGIN_INVALID. Of event stores and transports there is one; of the other kinds any number.
 */
export interface Plugin<Kind extends PluginKind = PluginKind> {
  readonly name: string;
  readonly kind: Kind;
  create(context: PluginContext): PluginParts[Kind] | Promise<PluginParts[Kind]>;
  /** Optional ability of event stores: the same history for reading only, beside whoever writes. Rejects when there is none yet. */
  createReader?(context: PluginContext): PluginParts[Kind] | Promise<PluginParts[Kind]>;
}

export type AnyPlugin = { readonly [Kind in PluginKind]: Plugin<Kind> }[PluginKind];

export function definePlugin<Kind extends PluginKind>(plugin: Plugin<Kind>): Plugin<Kind> {
  return plugin;
}

/** What a part must be able to do, by kind: told apart before the start, not at the first call. */
const REQUIRED_METHODS: Readonly<Record<PluginKind, readonly string[]>> = {
  'event-store': ['append', 'read', 'readAll', 'subscribe', 'close'],
  transport: ['start', 'publish', 'subscribe', 'stop'],
  scheduler: ['select'],
  monitor: ['onEvent', 'forceFlush', 'shutdown'],
  agent: ['handle'],
};

/** Throws REPRISE_PLUGIN_INVALID unless `value` is a plugin. */
export function assertPlugin(value: unknown): asserts value is AnyPlugin {
  const plugin = (typeof value === 'object' && value !== null ? value : {}) as Partial<AnyPlugin>;
  const problem = !isId(plugin.name)
    ? 'it has no valid `name`'
    : !Object.hasOwn(REQUIRED_METHODS, plugin.kind ?? '')
      ? `its \`kind\` is ${JSON.stringify(plugin.kind)}, not one of ${Object.keys(REQUIRED_METHODS).join(', ')}`
      : typeof plugin.create !== 'function'
        ? 'it has no `create` function'
        : undefined;
  if (problem === undefined) return;
  const name = typeof plugin.name === 'string' ? `'${plugin.name}'` : 'without a name';
  throw new RepriseError('REPRISE_PLUGIN_INVALID', `The plugin ${name} does not follow the contract: ${problem}.`);
}

/** Makes the plugin's part and checks that it can do what its kind must. Throws REPRISE_PLUGIN_INVALID. */
export async function createPart<Kind extends PluginKind>(
  plugin: Plugin<Kind>,
  context: PluginContext,
): Promise<PluginParts[Kind]> {
  let part: PluginParts[Kind];
  try {
    part = await plugin.create(context);
  } catch (cause) {
    // A coded error of the plugin itself says more than a wrapper could.
    if (cause instanceof Error && cause.name === 'RepriseError') throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RepriseError('REPRISE_PLUGIN_INVALID', `The plugin '${plugin.name}' could not be made: ${why}`, {
      cause,
    });
  }
  const methods = (part ?? {}) as unknown as Readonly<Record<string, unknown>>;
  const missing = REQUIRED_METHODS[plugin.kind].filter((method) => typeof methods[method] !== 'function');
  if (missing.length === 0) return part;
  const message = `What the plugin '${plugin.name}' makes lacks ${missing.join(', ')}, which a ${plugin.kind} must have.`;
  throw new RepriseError('REPRISE_PLUGIN_INVALID', message);
}
