import { type AnyPlugin, type Plugin, RepriseError } from '@reprise/core';
import { findPackage, type InstalledPackage, packageNameOf } from './installed-package.ts';
import { isPath, loadPlugin, type PluginEntry } from './load-plugin.ts';
import { isCommandsOnly, SINGLE_KINDS } from './package-says.ts';
import { type PinnedPlugin, readPluginFile } from './plugin-file.ts';
import { PLUGIN_FILE } from './plugin-file-name.ts';
import type { ReadConfig } from './read-config.ts';

/** One entry of the configuration or of reprise.plugins.json, and what became of it. */
export interface PluginStanding {
  readonly source: 'code' | 'file';
  /** The package or module that it names. Absent of a plugin that the configuration made itself. */
  readonly use?: string;
  /** The entry of the file. */
  readonly pinned?: PinnedPlugin;
  /** The package that `use` is of; absent when there is none. */
  readonly installed?: InstalledPackage;
  /** What it is. Absent when it was not loaded, or has commands only. */
  readonly plugin?: AnyPlugin;
  /** Why a plugin of the file is not taken: what the configuration has in its place. */
  readonly shadowedBy?: string;
  /** Why it could not be loaded. */
  readonly error?: unknown;
}

export interface LoadOptions {
  /** Leave out what says that it is of other kinds: for those who need one kind only. */
  readonly only?: Plugin['kind'];
}

type PluginSources = Pick<ReadConfig, 'config' | 'folder'>;

/**
 * The plugins of a configuration, then those of reprise.plugins.json beside it. Throws REPRISE_PLUGIN_INVALID, REPRISE_PLUGIN_OPTIONS_INVALID,
 * REPRISE_CONFIG_INVALID of the file, or what a factory says about its options.
 */
export async function loadPlugins(read: PluginSources, options: LoadOptions = {}): Promise<readonly AnyPlugin[]> {
  return pluginsOf(await pluginStandings(read, options));
}

/** The plugins that a start takes. Throws the first error. */
export function pluginsOf(standings: readonly PluginStanding[]): readonly AnyPlugin[] {
  for (const { error } of standings) if (error !== undefined) throw error;
  return standings.flatMap(({ plugin, shadowedBy }) =>
    plugin === undefined || shadowedBy !== undefined ? [] : [plugin],
  );
}

/**
 * What becomes of every entry. Code wins: of the file is not taken what the configuration names itself, what is of a kind of which there is one and
 * the configuration has it, and a plugin of the name and kind of one of the configuration's.
 */
export async function pluginStandings(
  read: PluginSources,
  { only }: LoadOptions = {},
): Promise<readonly PluginStanding[]> {
  const [inCode, { plugins: pinned }] = await Promise.all([
    Promise.all((read.config.plugins ?? []).map((entry) => standingInCode(entry, read.folder))),
    readPluginFile(read.folder),
  ]);
  const code = new Code(read, inCode);
  const inFile = await Promise.all(pinned.map((entry) => standingInFile(entry, read.folder, code, only)));
  return [...inCode, ...onlyOneOfEach(inFile.flat())];
}

async function standingInCode(entry: PluginEntry, folder: string): Promise<PluginStanding> {
  const use = typeof entry === 'string' ? entry : 'use' in entry ? entry.use : undefined;
  const installed = use === undefined ? undefined : await packageOf(use, folder);
  return { source: 'code', ...named(use, installed), ...(await attempt(() => loadPlugin(entry, folder))) };
}

async function standingInFile(
  entry: PinnedPlugin,
  folder: string,
  code: Code,
  only: Plugin['kind'] | undefined,
): Promise<readonly PluginStanding[]> {
  const { use } = entry;
  const installed = await packageOf(use, folder);
  const standing: PluginStanding = { source: 'file', pinned: entry, ...named(use, installed) };
  const kinds = installed?.says.kinds ?? [];
  const before = code.hasNamed(use) ?? code.fills(kinds);
  if (before !== undefined) return [{ ...standing, shadowedBy: before }];
  if (installed !== undefined && isCommandsOnly(installed.says)) return only === undefined ? [standing] : [];
  if (only !== undefined && kinds.length > 0 && !kinds.includes(only)) return [];
  if (installed === undefined && !isPath(use)) return [{ ...standing, error: notInstalled(entry, folder) }];
  const loaded = await attempt(() => loadPlugin(entry, folder));
  const after = loaded.plugin === undefined ? undefined : (code.fills([loaded.plugin.kind]) ?? code.has(loaded.plugin));
  return [{ ...standing, ...loaded, ...(after === undefined ? {} : { shadowedBy: after }) }];
}

const named = (
  use: string | undefined,
  installed: InstalledPackage | undefined,
): Pick<PluginStanding, 'use' | 'installed'> => ({
  ...(use === undefined ? {} : { use }),
  ...(installed === undefined ? {} : { installed }),
});

const packageOf = async (use: string, folder: string): Promise<InstalledPackage | undefined> =>
  isPath(use) ? undefined : findPackage(packageNameOf(use), folder);

async function attempt(load: () => Promise<AnyPlugin>): Promise<Pick<PluginStanding, 'plugin' | 'error'>> {
  try {
    return { plugin: await load() };
  } catch (error) {
    return { error };
  }
}

/** What the configuration has, as far as it stands above the file. Answers are texts that name it. */
class Code {
  readonly #config: ReadConfig['config'];
  readonly #standings: readonly PluginStanding[];

  constructor({ config }: PluginSources, standings: readonly PluginStanding[]) {
    this.#config = config;
    this.#standings = standings;
  }

  hasNamed(use: string): string | undefined {
    const isSame = (other: string): boolean =>
      isPath(use) || isPath(other) ? use === other : packageNameOf(use) === packageNameOf(other);
    const named = this.#standings.some((standing) => standing.use !== undefined && isSame(standing.use));
    return named ? `the configuration names ${use} itself` : undefined;
  }

  /** When all of `kinds` are such of which there is one, and it has them. */
  fills(kinds: readonly Plugin['kind'][]): string | undefined {
    const fillers = kinds.map((kind) => this.#filler(kind));
    return kinds.length === 0 || fillers.includes(undefined) ? undefined : fillers.join(' and ');
  }

  #filler(kind: Plugin['kind']): string | undefined {
    if (!SINGLE_KINDS.has(kind)) return undefined;
    if (kind === 'event-store' && this.#config.store?.path !== undefined) return '`store` of the configuration';
    const filler = this.#standings.find(({ plugin }) => plugin?.kind === kind)?.plugin;
    return filler === undefined ? undefined : `the ${kind} '${filler.name}' of the configuration`;
  }

  has({ name, kind }: AnyPlugin): string | undefined {
    const has = this.#standings.some(({ plugin }) => plugin?.name === name && plugin.kind === kind);
    return has ? `the ${kind} '${name}' of the configuration` : undefined;
  }
}

/** Of two plugins in the file of a kind of which there is one, the second is an error. */
function onlyOneOfEach(standings: readonly PluginStanding[]): readonly PluginStanding[] {
  const first = new Map<string, string>();
  return standings.map((standing) => {
    const { plugin, shadowedBy, use = '' } = standing;
    if (plugin === undefined || shadowedBy !== undefined || !SINGLE_KINDS.has(plugin.kind)) return standing;
    const other = first.get(plugin.kind);
    if (other === undefined) {
      first.set(plugin.kind, use);
      return standing;
    }
    const message = `There can be one ${plugin.kind}, but ${PLUGIN_FILE} has ${other} and ${use}. Keep one: reprise plugins remove ${use}`;
    return { ...standing, error: new RepriseError('REPRISE_CONFIG_INVALID', message) };
  });
}

function notInstalled({ use, version }: PinnedPlugin, folder: string): RepriseError {
  const which = version === undefined ? packageNameOf(use) : `${packageNameOf(use)}@${version}`;
  return new RepriseError(
    'REPRISE_PLUGIN_INVALID',
    `The plugin '${use}' is not installed: ${PLUGIN_FILE} in ${folder} names ${which}, and there is no such package.` +
      ' Install what the project has (npm install), or take it out: ' +
      `reprise plugins remove ${use}`,
    { details: { plugin: use } },
  );
}
