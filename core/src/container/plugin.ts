import type { Agent } from '../agent/agent.ts';
import type { Storage } from '../event-store/storage.ts';
import type { Transport } from '../orchestration/messaging/transport.ts';
import type { Monitor } from '../orchestration/monitoring/monitor.ts';
import type { ViewStore } from '../orchestration/reading/views/view-store.ts';
import type { AnyStrategy } from '../orchestration/scheduler/scheduler-strategy.ts';
import type { Clock, Ids, Random } from '../shared/clock.ts';
import { isRepriseError, RepriseError } from '../shared/errors.ts';
import { isId } from '../shared/ids.ts';
import { thrownText } from '../shared/thrown-text.ts';

/** What a plugin is handed to make its part. */
export interface PluginContext {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
}

/** What a plugin of each kind makes. */
export interface PluginParts {
  readonly 'event-store': Storage;
  readonly transport: Transport;
  readonly scheduler: AnyStrategy;
  readonly monitor: Monitor;
  /** One, or several that share what they are made from. */
  readonly agent: Agent | readonly Agent[];
  readonly 'view-store': ViewStore;
}

/** What a plugin may be: a key of `PluginParts`. */
export type PluginKind = keyof PluginParts;

/**
 * The one contract, for built-ins and strangers alike: a name, a kind, and a factory. A factory that throws stops the start
 * with REPRISE_PLUGIN_INVALID. Of event stores, transports and view stores there is one; of the other kinds any number.
 */
export interface Plugin<Kind extends PluginKind = PluginKind> {
  readonly name: string;
  readonly kind: Kind;
  create(context: PluginContext): PluginParts[Kind] | Promise<PluginParts[Kind]>;
  /** Optional ability of event stores: the same history for reading only, beside whoever writes. Rejects when there is none yet. */
  createReader?(context: PluginContext): PluginParts[Kind] | Promise<PluginParts[Kind]>;
}

/** A plugin of whatever kind. */
export type AnyPlugin = { readonly [Kind in PluginKind]: Plugin<Kind> }[PluginKind];

/** Types a plugin, and gives it back as it is: its default export is what a project installs. */
export function definePlugin<Kind extends PluginKind>(plugin: Plugin<Kind>): Plugin<Kind> {
  return plugin;
}

/** What a part must be able to do, by kind: told apart before the start, not at the first call. */
const REQUIRED_METHODS: Readonly<Record<PluginKind, readonly string[]>> = {
  'event-store': ['append', 'read', 'readAll', 'subscribe', 'close'], // of its `events`
  transport: ['start', 'publish', 'subscribe', 'stop'],
  scheduler: ['select'],
  monitor: ['onEvent', 'forceFlush', 'shutdown'],
  agent: ['handle'],
  'view-store': ['checkpoint', 'commit', 'get', 'list', 'clear', 'close'],
};

/** Kinds whose parts go by a name of their own. */
const NAMED: ReadonlySet<PluginKind> = new Set(['scheduler', 'monitor', 'agent']);

const invalid = (message: string, cause?: unknown): RepriseError =>
  new RepriseError('REPRISE_PLUGIN_INVALID', message, cause === undefined ? {} : { cause });

/** Throws REPRISE_PLUGIN_INVALID unless `value` is a plugin. */
export function assertPlugin(value: unknown): asserts value is AnyPlugin {
  let name = 'without a name';
  let problem: string | undefined;
  try {
    const plugin = (typeof value === 'object' && value !== null ? value : {}) as Partial<AnyPlugin>;
    if (typeof plugin.name === 'string') name = `'${plugin.name}'`;
    problem = pluginProblem(plugin);
  } catch (error) {
    throw invalid(`The plugin ${name} does not follow the contract: it cannot be read (${thrownText(error)}).`, error);
  }
  if (problem !== undefined) throw invalid(`The plugin ${name} does not follow the contract: ${problem}.`);
}

function pluginProblem(plugin: Partial<AnyPlugin>): string | undefined {
  if (!isId(plugin.name)) return 'it has no valid `name`';
  const { kind } = plugin;
  if (!Object.hasOwn(REQUIRED_METHODS, kind ?? '')) {
    const given = typeof kind === 'string' ? JSON.stringify(kind) : String(kind);
    return `its \`kind\` is ${given}, not one of ${Object.keys(REQUIRED_METHODS).join(', ')}`;
  }
  return typeof plugin.create === 'function' ? undefined : 'it has no `create` function';
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
    if (isCoded(cause)) throw cause;
    throw invalid(`The plugin '${plugin.name}' could not be made: ${thrownText(cause)}`, cause);
  }
  let missing: readonly string[];
  try {
    const parts = plugin.kind === 'agent' && Array.isArray(part) && part.length > 0 ? part : [part];
    const ofEach = parts.flatMap((one) => missingOf(plugin.kind, (one ?? {}) as Readonly<Record<string, unknown>>));
    missing = [...new Set(ofEach)];
  } catch (cause) {
    throw invalid(`What the plugin '${plugin.name}' makes cannot be read: ${thrownText(cause)}`, cause);
  }
  if (missing.length === 0) return part;
  throw invalid(
    `What the plugin '${plugin.name}' makes lacks ${missing.join(', ')}, which ${/^[aeiou]/.test(plugin.kind) ? 'an' : 'a'} ${plugin.kind} must have.`,
  );
}

function missingOf(kind: PluginKind, part: Readonly<Record<string, unknown>>): readonly string[] {
  const within = kind === 'event-store' ? 'events.' : '';
  const able = within === '' ? part : ((part['events'] ?? {}) as typeof part);
  const missing = REQUIRED_METHODS[kind].filter((method) => typeof able[method] !== 'function');
  const methods = missing.map((method) => within + method);
  return NAMED.has(kind) && typeof part['name'] !== 'string' ? [...methods, 'name'] : methods;
}

/** Whether an error says by itself what is wrong. False for what cannot be looked at. */
function isCoded(error: unknown): boolean {
  try {
    return isRepriseError(error);
  } catch {
    return false;
  }
}
