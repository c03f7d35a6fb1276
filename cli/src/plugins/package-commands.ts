import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Interfaces, Plugin } from '@oclif/core';
import { toErrorData } from '@reprise/core';
import { whileLoading } from '../config/loading.ts';
import type { Terminal } from '../output/terminal.ts';
import { plain } from '../output/text.ts';
import type { CommandPackage } from './command-packages.ts';

/** What oclif is started with, when packages of the project have commands. */
export interface WithCommands {
  readonly root: string;
  readonly plugins: Map<string, Interfaces.Plugin>;
}

/**
 * The commands of packages beside the built-in ones, which none of them can replace. A package that does not load costs its own commands and a line
 * on stderr; none is loaded for a built-in command, so that whatever a package does, it can be taken out again. Only commands and their topics are taken: what else an oclif plugin may do (hooks run at every command) is left out.
 */
export async function withPackageCommands(
  entry: string,
  packages: readonly CommandPackage[],
  argv: readonly string[],
  { err }: Terminal,
): Promise<WithCommands> {
  const root = dirname(dirname(fileURLToPath(entry)));
  const own = new Plugin({ root, isRoot: true });
  await own.load();
  if (isBuiltIn(own, argv)) return { root, plugins: new Map([[own.name, own]]) };
  const taken = new Set([...own.commands.map(({ id }) => id), ...own.topics.map(({ name }) => name)]);
  const topics = new Set(own.topics.map(({ name }) => name));
  const plugins = new Map<string, Interfaces.Plugin>([[own.name, own]]);
  for (const { name, folder } of packages) {
    try {
      const plugin = new Plugin({ root: folder, type: 'link', errorOnManifestCreate: true });
      await whileLoading(`a command of ${name}`, () => plugin.load());
      for (const line of keepNew(plugin, taken, topics)) await err.line(err.style('yellow', plain(`${name}: ${line}`)));
      // Whatever it calls itself, it does not stand in for another.
      if (!plugins.has(plugin.name)) plugins.set(plugin.name, plugin);
    } catch (error) {
      const { message } = toErrorData(error, 'REPRISE_PLUGIN_INVALID');
      await err.line(err.style('yellow', plain(`The commands of ${name} could not be loaded: ${message}`)));
    }
  }
  return { root, plugins };
}

/** Whether the words before the first flag are a built-in command, and its arguments. */
function isBuiltIn({ commands }: Plugin, argv: readonly string[]): boolean {
  const end = argv.findIndex((word) => word.startsWith('-'));
  const words = end === -1 ? argv : argv.slice(0, end);
  const ids = new Set(commands.flatMap(({ id, aliases }) => [id, ...aliases]));
  return words.some((_, index) => ids.has(words.slice(0, index + 1).join(':')));
}

/** Leaves a plugin the commands that nobody has had yet, and says which it lost. */
function keepNew(plugin: Plugin, taken: Set<string>, topics: ReadonlySet<string>): readonly string[] {
  const lost: string[] = [];
  const isNew = (id: string): boolean => {
    if (!taken.has(id)) return true;
    lost.push(`its command \`${id.replaceAll(':', ' ')}\` is left out: there is one already.`);
    return false;
  };
  plugin.hooks = {};
  plugin.commands = plugin.commands
    .filter(({ id }) => isNew(id))
    .map((command) => ({
      ...command,
      aliases: (command.aliases ?? []).filter(isNew),
      hiddenAliases: (command.hiddenAliases ?? []).filter(isNew),
    }));
  for (const { id, aliases, hiddenAliases } of plugin.commands)
    for (const name of [id, ...aliases, ...hiddenAliases]) taken.add(name);
  const { oclif } = plugin.pjson;
  const own = Object.entries(oclif.topics ?? {}).filter(([name]) => !topics.has(name));
  plugin.pjson = { ...plugin.pjson, oclif: { ...oclif, topics: Object.fromEntries(own) } };
  return lost;
}
