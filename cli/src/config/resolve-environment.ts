import { type AnyPlugin, formatPath, isRepriseError, RepriseError, toErrorData } from '@reprise/core';
import type { PluginContext } from '@reprise/core/plugin';

type Environment = Readonly<Record<string, string | undefined>>;
type Path = readonly (string | number)[];

/** Options with their environment variables filled in, and what must not be shown: values, by the name of their variable. */
export interface ResolvedOptions {
  readonly options: unknown;
  readonly secrets: ReadonlyMap<string, string>;
}

/** The variable that `{ "env": "NAME" }` stands for; undefined of anything else. */
export function variableOf(value: unknown): string | undefined {
  if (!isPlain(value)) return undefined;
  const { env } = value;
  return typeof env === 'string' && Object.keys(value).length === 1 ? env : undefined;
}

/**
 * Options in which every `{ "env": "NAME" }` is the text of that variable. Throws REPRISE_PLUGIN_OPTIONS_INVALID that names each variable that is
 * not set, with its option; never a value.
 */
export function resolveEnvironment(plugin: string, options: unknown, env: Environment): ResolvedOptions {
  const secrets = new Map<string, string>();
  const missing: string[] = [];
  const within = new Set<unknown>();
  const resolve = (value: unknown, path: Path): unknown => {
    const name = variableOf(value);
    if (name !== undefined) {
      const text = env[name];
      if (text === undefined || text === '') missing.push(`${formatPath(path) || 'the options'} (${name})`);
      else secrets.set(name, text);
      return text;
    }
    // Options that code wrote may hold anything, themselves too.
    if (within.has(value) || !(Array.isArray(value) || isPlain(value))) return value;
    within.add(value);
    const resolved = Array.isArray(value)
      ? value.map((item: unknown, index) => resolve(item, [...path, index]))
      : Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, [...path, key])]));
    within.delete(value);
    return resolved;
  };
  const resolved = resolve(options, []);
  if (missing.length === 0) return { options: secrets.size === 0 ? options : resolved, secrets };
  throw new RepriseError(
    'REPRISE_PLUGIN_OPTIONS_INVALID',
    `The plugin '${plugin}' takes options from environment variables that are not set, or empty: ${missing.join(', ')}.`,
    { details: { plugin, missing } },
  );
}

/** Hands the resolved options to a factory. What that throws, and what its plugin throws when it is made, never shows the value of a variable. */
export async function withEnvironment(
  use: string,
  given: unknown,
  make: (options: unknown) => Promise<AnyPlugin>,
): Promise<AnyPlugin> {
  const { options, secrets } = resolveEnvironment(use, given, process.env);
  const plugin = await discreetly(use, secrets, () => make(options));
  if (secrets.size === 0) return plugin;
  const { createReader } = plugin;
  return {
    ...plugin,
    name: plugin.name,
    kind: plugin.kind,
    create: (context: PluginContext) => discreetly(plugin.name, secrets, () => plugin.create(context)),
    ...(createReader === undefined
      ? {}
      : {
          createReader: (context: PluginContext) =>
            discreetly(plugin.name, secrets, () => plugin.createReader?.(context)),
        }),
  } as AnyPlugin;
}

/** What `work` throws, without what must not be shown: neither in its message nor in a cause. */
async function discreetly<Value>(
  plugin: string,
  secrets: ReadonlyMap<string, string>,
  work: () => Value | Promise<Value>,
): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    const isCoded = isRepriseError(error);
    if (isCoded && secrets.size === 0) throw error;
    const said = withoutSecrets(toErrorData(error, 'REPRISE_PLUGIN_INVALID').message, secrets);
    const message = isCoded ? said : `The plugin '${plugin}' could not be made: ${said}`;
    throw new RepriseError(
      isCoded ? error.code : 'REPRISE_PLUGIN_INVALID',
      message,
      secrets.size === 0 ? { cause: error } : {},
    );
  }
}

/** A text in which the values of variables are their names. */
export function withoutSecrets(text: string, secrets: ReadonlyMap<string, string>): string {
  const longestFirst = [...secrets].sort(([, one], [, other]) => other.length - one.length);
  return longestFirst.reduce((shown, [name, value]) => {
    const quoted = JSON.stringify(value).slice(1, -1);
    return [value, quoted, encodeURIComponent(value.toWellFormed())].reduce(
      (text, form) => text.replaceAll(form, `[${name}]`),
      shown,
    );
  }, text);
}

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null);
