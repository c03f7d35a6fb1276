import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { PLUGIN_FILE } from '../config/plugin-file-name.ts';

/** A package among the installed plugins that has commands. */
export interface CommandPackage {
  readonly name: string;
  readonly folder: string;
}

/**
 * The packages of the project's reprise.plugins.json that have an `oclif` key. It runs before every command, so it reads no more than it must, and
 * imports nothing; a mistake in the file is for those to tell who load it.
 */
export function commandPackages(
  argv: readonly string[],
  from: string,
  env: NodeJS.ProcessEnv,
): readonly CommandPackage[] {
  try {
    const folder = projectFolder(argv, from, env);
    if (folder === undefined) return [];
    const { plugins } = parse(join(folder, PLUGIN_FILE)) as {
      readonly plugins?: readonly { readonly use?: unknown }[];
    };
    const names = (plugins ?? []).flatMap(({ use }) =>
      typeof use === 'string' && use !== OWN ? packageName(use) : [],
    );
    return [...new Set(names)].flatMap((name) => withCommands(name, folder));
  } catch {
    return [];
  }
}

/** The folder of the configuration that the command will take, if a file of plugins is in it. */
function projectFolder(argv: readonly string[], from: string, env: NodeJS.ProcessEnv): string | undefined {
  const config = configOf(argv) ?? env['REPRISE_CONFIG'];
  if (config !== undefined && config !== '') {
    const folder = dirname(resolve(from, config));
    return existsSync(join(folder, PLUGIN_FILE)) ? folder : undefined;
  }
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    // Without a file of plugins here, a configuration here ends the search.
    if (hasConfig(folder)) return existsSync(join(folder, PLUGIN_FILE)) ? folder : undefined;
    if (dirname(folder) === folder) return undefined;
  }
}

/** Its commands are there. */
const OWN = '@reprise/cli';

const EXTENSIONS = ['ts', 'mts', 'js', 'mjs', 'yaml', 'yml', 'json'];

const hasConfig = (folder: string): boolean =>
  EXTENSIONS.some((extension) => existsSync(join(folder, `reprise.config.${extension}`)));

function configOf(argv: readonly string[]): string | undefined {
  const flags = argv.slice(0, argv.indexOf('--') >>> 0);
  for (const [index, flag] of flags.entries()) {
    if (flag === '--config' || flag === '-c') return flags[index + 1];
    if (flag.startsWith('--config=')) return flag.slice('--config='.length);
    if (/^-c./.test(flag)) return flag.slice(2);
  }
  return undefined;
}

const packageName = (use: string): readonly string[] => /^(?:@[\w.~-]+\/)?[\w~-][\w.~-]*/.exec(use) ?? [];

function withCommands(name: string, from: string): readonly CommandPackage[] {
  for (let above = from; ; above = dirname(above)) {
    const folder = join(above, 'node_modules', name);
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest)) {
      return hasCommands(manifest) ? [{ name, folder }] : [];
    }
    if (dirname(above) === above) return [];
  }
}

/** One that cannot be read costs no other package its commands. */
function hasCommands(manifest: string): boolean {
  try {
    const { oclif } = parse(manifest) as { readonly oclif?: unknown };
    return typeof oclif === 'object' && oclif !== null;
  } catch {
    return false;
  }
}

const parse = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''));
