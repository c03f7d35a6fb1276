import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { didYouMean, RepriseError } from '@reprise/core';
import { packageNameOf } from '../config/installed-package.ts';
import { isPath } from '../config/load-plugin.ts';
import { type PinnedPlugin, readPluginFile } from '../config/plugin-file.ts';
import { EXIT } from '../errors/exit-codes.ts';
import type { Terminal } from '../output/terminal.ts';
import { plain } from '../output/text.ts';
import { type Change, changeProject } from './change-project.ts';
import { runNpm } from './npm.ts';
import { findPackageHome } from './package-manager.ts';
import { installFailed } from './packed-package.ts';
import { readPluginProject } from './read-project.ts';
import { writePluginFile } from './write-plugin-file.ts';

export interface RemoveFlags {
  readonly config?: string | undefined;
  readonly 'no-package'?: boolean | undefined;
}

/** Takes a plugin out of reprise.plugins.json, and its package out of the project. Runs neither the plugin nor the configuration. Returns the exit code. */
export function removePlugin(name: string, flags: RemoveFlags, terminal: Terminal): Promise<number> {
  return changeProject(terminal, `Removing ${name}`, (change) => remove(name, flags, terminal, change));
}

async function remove(name: string, flags: RemoveFlags, { out, err, json }: Terminal, change: Change): Promise<number> {
  const project = await readPluginProject(flags.config, process.cwd());
  const { plugins, file } = project.pluginFile;
  const isMeant = ({ use }: PinnedPlugin): boolean => use === name || (!isPath(use) && packageNameOf(use) === name);
  const removed = plugins.filter(isMeant);
  const left = plugins.filter((plugin) => !isMeant(plugin));
  if (removed.length === 0) throw unknown(name, file, plugins);
  const uninstall = await packageToUninstall(removed, left, project.config, project.folder);
  const isAsked = flags['no-package'] !== true;
  await change.begin(file, isAsked ? uninstall.home : undefined);
  const now = await readPluginFile(project.folder);
  await writePluginFile(
    now,
    now.plugins.filter((plugin) => !isMeant(plugin)),
  );
  if (isAsked && uninstall.home !== undefined) {
    const { code, problem } = await runNpm(['uninstall', '--prefer-offline', uninstall.name], {
      cwd: uninstall.home,
      signal: change.signal,
    });
    change.signal.throwIfAborted();
    if (code !== 0) throw installFailed(`npm cannot take ${uninstall.name} out: ${problem}`);
  }
  const isPackageGone = isAsked && uninstall.home !== undefined;
  if (json) {
    await out.json({ removed: removed.map(({ use }) => use), package: isPackageGone ? uninstall.name : null, file });
    return EXIT.ok;
  }
  if (!isPackageGone && uninstall.kept !== undefined) await err.line(plain(uninstall.kept));
  await out.line(plain(`Removed ${removed.map(({ use }) => use).join(', ')}: ${file}`));
  return EXIT.ok;
}

const unknown = (name: string, file: string, plugins: readonly PinnedPlugin[]): RepriseError => {
  const names = plugins.map(({ use }) => packageNameOf(use));
  const [meant] = names.filter((full) => full.endsWith(`/${name}`));
  const hint = meant === undefined ? didYouMean(name, names) : `; did you mean '${meant}'?`;
  const there = names.length === 0 ? 'it names none' : `it names ${names.join(', ')}`;
  return new RepriseError(
    'REPRISE_PLUGIN_UNKNOWN',
    `${file} names no plugin '${name}'${hint} (${there}). What the configuration names is taken out there, by hand.`,
    { details: { plugin: name } },
  );
};

/** `home`: where npm is to take the package out. `kept`: why it is not. */
async function packageToUninstall(
  removed: readonly PinnedPlugin[],
  left: readonly PinnedPlugin[],
  config: string,
  folder: string,
): Promise<{ readonly name: string; readonly home?: string; readonly kept?: string }> {
  const name = packageNameOf(removed[0]?.use ?? '');
  if (removed.every(({ use }) => isPath(use))) return { name };
  if (left.some(({ use }) => packageNameOf(use) === name))
    return { name, kept: `The package ${name} stays: another plugin is of it.` };
  if ((await readFile(config, 'utf8')).includes(name))
    return { name, kept: `The package ${name} stays: ${config} speaks of it.` };
  const home = await findPackageHome(folder);
  if (home === undefined || !(await dependsOn(home.folder, name))) return { name };
  if (home.manager === 'npm') return { name, home: home.folder };
  return { name, kept: `The package ${name} stays: packages are managed by ${home.manager} here (${home.because}).` };
}

async function dependsOn(folder: string, name: string): Promise<boolean> {
  try {
    const { dependencies } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
      readonly dependencies?: object;
    };
    return Object.hasOwn(dependencies ?? {}, name);
  } catch {
    return false;
  }
}
