import { readFile } from 'node:fs/promises';
import { createRequire, findPackageJSON } from 'node:module';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type AnyPlugin, assertPlugin, didYouMean, RepriseError } from '@reprise/core';
import { importModule } from './import-module.ts';
import { packageNameOf } from './installed-package.ts';
import { whileLoading } from './loading.ts';
import { withPaths } from './option-paths.ts';
import type { PluginReference, ProjectConfig } from './project-config.ts';
import { withEnvironment } from './resolve-environment.ts';

export type PluginEntry = NonNullable<ProjectConfig['plugins']>[number];

/** The plugin of one entry; what it throws when it is made shows no value of a variable either. Throws REPRISE_PLUGIN_INVALID, REPRISE_PLUGIN_OPTIONS_INVALID, or what a factory says about its options. */
export function loadPlugin(entry: PluginEntry, folder: string): Promise<AnyPlugin> {
  const use = typeof entry === 'string' ? entry : 'use' in entry ? entry.use : entry.name;
  return whileLoading(`the plugin ${use}`, () => load(entry, folder));
}

async function load(entry: PluginEntry, folder: string): Promise<AnyPlugin> {
  if (typeof entry !== 'string' && !('use' in entry)) {
    assertPlugin(entry);
    return entry;
  }
  const reference: PluginReference = typeof entry === 'string' ? { use: entry } : entry;
  const exported = await importModule(await locate(reference.use, folder));
  const factory = choose(exported, reference);
  if (typeof factory !== 'function') {
    assertPlugin(factory);
    return factory;
  }
  const options = isPath(reference.use) ? reference.options : await withPaths(reference.use, reference.options, folder);
  return withEnvironment(reference.use, options, async (given) => {
    const plugin: unknown = await factory(given);
    assertPlugin(plugin);
    return plugin;
  });
}

export const isPath = (name: string): boolean => /^\.{1,2}[\\/]/.test(name) || isAbsolute(name);

async function locate(name: string, folder: string): Promise<string> {
  if (isPath(name)) return resolve(folder, name);
  // First as the project sees it, then as this package does, which brings a few plugins itself.
  for (const base of [join(folder, 'reprise.config.js'), import.meta.filename]) {
    const found = await locatePackage(name, base);
    if (found !== undefined) return found;
  }
  const path = `./${name}`;
  throw new RepriseError(
    'REPRISE_PLUGIN_INVALID',
    `The plugin '${name}' is not installed: there is no such package from ${folder}. Install it (npm install ${name});` +
      ` for a module of your own, write ${JSON.stringify(path)}.`,
  );
}

async function locatePackage(name: string, base: string): Promise<string | undefined> {
  try {
    return createRequire(base).resolve(name);
  } catch {
    // A package with an entry for `import` only.
    return importEntry(name, base);
  }
}

async function importEntry(name: string, base: string): Promise<string | undefined> {
  let manifest: string | undefined;
  try {
    manifest = findPackageJSON(name, pathToFileURL(base));
  } catch {
    return undefined; // not installed there
  }
  if (manifest === undefined) return undefined;
  const { exports } = JSON.parse(await readFile(manifest, 'utf8')) as { readonly exports?: unknown };
  const fields = (exports ?? {}) as Readonly<Record<string, unknown>>;
  const path = `.${name.slice(packageNameOf(name).length)}`;
  const root = (fields[path] ?? (path === '.' ? fields : {})) as Readonly<Record<string, unknown>>;
  const entry = typeof root === 'string' ? root : (root['import'] ?? root['default']);
  return typeof entry === 'string' ? join(dirname(manifest), entry) : undefined;
}

/** The export that is the plugin, or makes it. */
function choose(exported: Readonly<Record<string, unknown>>, { use, export: named }: PluginReference): unknown {
  const names = Object.keys(exported);
  const usable = names.filter((name) => ['function', 'object'].includes(typeof exported[name]));
  if (named !== undefined) {
    if (names.includes(named)) return exported[named];
    const list = names.length === 0 ? 'it exports nothing' : `it exports ${names.join(', ')}`;
    throw new RepriseError(
      'REPRISE_PLUGIN_INVALID',
      `'${use}' has no export '${named}'${didYouMean(named, names)} (${list}).`,
    );
  }
  const expected = factoryName(use);
  const only = usable.length === 1 ? usable[0] : undefined;
  const name = ['default', expected].find((candidate) => usable.includes(candidate)) ?? only;
  if (name !== undefined) return exported[name];
  throw new RepriseError(
    'REPRISE_PLUGIN_INVALID',
    `Which export of '${use}' makes the plugin? It has no default export and none named '${expected}'` +
      ` (it exports ${names.join(', ') || 'nothing'}). Say so: { use: ${JSON.stringify(use)}, export: … }.`,
  );
}

const KINDS = ['event-store', 'view-store', 'transport', 'scheduler', 'monitor', 'agent'];

/** Packages are named <kind>-<technology>, their factories <technology><Kind>: `event-store-sqlite` has sqliteEventStore. */
export function factoryName(use: string): string {
  const base = use.replace(/^.*\//, '').replace(/\.[cm]?[jt]s$/, '');
  const name = base.slice(Math.max(0, base.search(new RegExp(`(${KINDS.join('|')})-`))));
  const kind = KINDS.find((candidate) => name.startsWith(`${candidate}-`));
  const words = (kind === undefined ? name : `${name.slice(kind.length + 1)}-${kind}`).split(/[^A-Za-z0-9]+/);
  return words.map((word, index) => (index === 0 ? word : `${word.charAt(0).toUpperCase()}${word.slice(1)}`)).join('');
}
