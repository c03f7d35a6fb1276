import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type AnyPlugin, type Plugin, RepriseError } from '@reprise/core';
import { configInvalid } from '../config/config-error.ts';
import { CONFIG_NAMES, DEFAULT_STORE, type Found, findConfig, findProject } from '../config/find-config.ts';
import { findPackage, packageNameOf } from '../config/installed-package.ts';
import { isPath, type PluginEntry } from '../config/load-plugin.ts';
import { loadPlugins } from '../config/load-plugins.ts';
import { readPluginFile } from '../config/plugin-file.ts';
import { isDataFile, type ReadConfig, readConfig } from '../config/read-config.ts';
import { fileStore, pluginStore, type StoreAccess } from './store-access.ts';

/** Where a command was told to look. */
export interface Whereabouts {
  readonly config?: string | undefined;
  readonly store?: string | undefined;
}

/**
 * The store to read or to steer runs in, found without loading agents or workflows wherever that can be: `--store`, then what
 * the configuration says, then the default place beside it. A configuration in TypeScript or JavaScript is run only when its
 * text speaks of a store at all, when reprise.plugins.json may bring one, when there is nothing in the default place, or when
 * its name is not that of a configuration: then it may be none.
 */
export async function locateStore({ config, store }: Whereabouts, from: string): Promise<StoreAccess> {
  if (store !== undefined) return fileStore(resolve(from, store));
  const file = config === undefined ? nearestProject(from) : findConfig(config, from);
  if (typeof file !== 'string') return fileStore(join(file.folder, DEFAULT_STORE));
  const byDefault = fileStore(join(dirname(file), DEFAULT_STORE));
  const isNamedSo = CONFIG_NAMES.includes(basename(file));
  const mayBeDefault = isNamedSo && !isDataFile(file) && byDefault.exists === true && !(await speaksOfStore(file));
  if (mayBeDefault && !(await installsStore(dirname(file)))) return byDefault;
  return storeOfConfig(file);
}

/** The store of a configuration file, which is read, or run, whatever it says. Throws REPRISE_CONFIG_INVALID for what is none. */
export async function storeOfConfig(file: string): Promise<StoreAccess> {
  const read = await readConfig(file);
  return configuredStore(read, await storePlugins(read));
}

/** The store of a configuration whose plugins are loaded. Throws REPRISE_CONFIG_INVALID when more than one is named. */
export function configuredStore({ config, folder, file }: ReadConfig, plugins: readonly AnyPlugin[]): StoreAccess {
  const [plugin, ...others] = plugins.filter(
    (candidate): candidate is AnyPlugin & Plugin<'event-store'> => candidate.kind === 'event-store',
  );
  if (plugin !== undefined && others.length > 0) {
    const names = [plugin, ...others].map(({ name }) => name).join(', ');
    throw configInvalid(file, `There can be one event-store, but the plugins bring several: ${names}. Keep one.`);
  }
  const path = config.store?.path;
  if (plugin !== undefined && path !== undefined) {
    throw configInvalid(file, `store.path and the plugin '${plugin.name}' both say where history is kept. Keep one.`);
  }
  if (plugin !== undefined) return pluginStore(plugin, folder);
  return fileStore(resolve(folder, path ?? DEFAULT_STORE));
}

/** The nearest configuration, or the folder of the nearest store that stands without one. */
function nearestProject(from: string): string | Found {
  const found = findProject(from, (folder) => existsSync(join(folder, DEFAULT_STORE)));
  if (found !== undefined) return found.config ?? found;
  throw new RepriseError(
    'REPRISE_CONFIG_NOT_FOUND',
    `There is no reprise.config.{ts,mts,js,mjs,yaml,yml,json} and no ${DEFAULT_STORE} in ${from} or any folder above it.` +
      ' Go to the project, or name the store: --store PATH.',
    { details: { folder: from } },
  );
}

const speaksOfStore = async (file: string): Promise<boolean> => /store/i.test(await readFile(file, 'utf8'));

/** Whether a plugin that was installed by command may be an event store: what is not there cannot say that it is none. */
async function installsStore(folder: string): Promise<boolean> {
  const { plugins } = await readPluginFile(folder);
  const can = await Promise.all(plugins.map(({ use }) => mayBeStore(use, folder)));
  return can.includes(true);
}

async function mayBeStore(use: string, folder: string): Promise<boolean> {
  const says = isPath(use) ? undefined : (await findPackage(packageNameOf(use), folder))?.says;
  if (says === undefined) return true;
  return says.kinds.includes('event-store') || (says.kinds.length === 0 && !says.hasCommands);
}

/** Only plugins that may be event stores are loaded from data files: such that say so, or whose names do. */
async function storePlugins(read: ReadConfig): Promise<readonly AnyPlugin[]> {
  if (!isDataFile(read.file)) return loadPlugins(read, { only: 'event-store' });
  const plugins: PluginEntry[] = [];
  for (const entry of read.config.plugins ?? []) {
    const use = typeof entry === 'string' ? entry : 'use' in entry ? entry.use : '';
    const says = (await findPackage(packageNameOf(use), read.folder))?.says;
    if (/store/i.test(JSON.stringify(entry)) || says?.kinds.includes('event-store') === true) plugins.push(entry);
  }
  return loadPlugins({ ...read, config: { ...read.config, plugins } }, { only: 'event-store' });
}
