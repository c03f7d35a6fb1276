import type { Plugin } from '@reprise/core';

type PluginKind = Plugin['kind'];

/** What the package may reach, in its own words: declared, not enforced. */
export interface Declared {
  readonly network: readonly string[] | undefined;
  readonly files: readonly string[] | undefined;
  readonly processes: boolean | undefined;
}

/** What a package.json says of a plugin. All of it is text that others wrote. */
export interface PackageSays {
  readonly name: string;
  readonly version: string;
  readonly description: string | undefined;
  readonly license: string | undefined;
  /** Empty when it says nothing. */
  readonly kinds: readonly PluginKind[];
  /** Which entry point is the plugin: `.`, or `./name`. */
  readonly entry: string;
  /** The file with the schema of its options, in the package. */
  readonly options: string | undefined;
  readonly declares: Declared | undefined;
  /** The versions of @reprise/core that it is made for. */
  readonly core: string | undefined;
  /** Whether it has commands for the command line. */
  readonly hasCommands: boolean;
  /** Names of the scripts that npm would run when it is installed. They are not run. */
  readonly installScripts: readonly string[];
  /** Parts of its `reprise` key that cannot be used. */
  readonly problems: readonly string[];
}

export const PLUGIN_KINDS: readonly PluginKind[] = [
  'event-store',
  'transport',
  'scheduler',
  'monitor',
  'agent',
  'view-store',
];
/** Kinds of which there is one. */
export const SINGLE_KINDS: ReadonlySet<PluginKind> = new Set(['event-store', 'transport', 'view-store']);

const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall', 'prepare'];

type Fields = Readonly<Record<string, unknown>>;

/** Whether nothing but commands is in it. */
export const isCommandsOnly = ({ kinds, hasCommands }: PackageSays): boolean => hasCommands && kinds.length === 0;

/** Reads a package.json as data. Throws nothing: what cannot be used is a problem in the answer. */
export function readPackageSays(manifest: unknown): PackageSays {
  const fields = recordOf(manifest) ?? {};
  const said = recordOf(fields['reprise']) ?? {};
  const problems: string[] = [];
  if (fields['reprise'] !== undefined && recordOf(fields['reprise']) === undefined)
    problems.push('reprise is no object');
  const text = (from: Fields, key: string, place = key): string | undefined => {
    const value = from[key];
    if (value === undefined || typeof value === 'string') return value;
    problems.push(`${place} is not text`);
    return undefined;
  };
  return {
    name: text(fields, 'name') ?? '',
    version: text(fields, 'version') ?? '',
    description: text(fields, 'description'),
    license: typeof fields['license'] === 'string' ? fields['license'] : undefined,
    kinds: kindsOf(said['kind'], problems),
    entry: entryOf(text(said, 'entry', 'reprise.entry'), problems),
    options: fileOf(text(said, 'options', 'reprise.options'), problems),
    declares: declaredOf(said['declares'], problems),
    core: text(said, 'core', 'reprise.core'),
    hasCommands: recordOf(fields['oclif']) !== undefined,
    installScripts: INSTALL_SCRIPTS.filter((name) => recordOf(fields['scripts'])?.[name] !== undefined),
    problems,
  };
}

function kindsOf(value: unknown, problems: string[]): readonly PluginKind[] {
  if (value === undefined) return [];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const isKind = (kind: unknown): kind is PluginKind => PLUGIN_KINDS.some((known) => known === kind);
  for (const kind of list)
    if (!isKind(kind)) problems.push(`reprise.kind ${JSON.stringify(kind)} is not one of ${PLUGIN_KINDS.join(', ')}`);
  return list.filter(isKind);
}

function entryOf(entry: string | undefined, problems: string[]): string {
  if (entry === undefined || entry === '.') return '.';
  if (/^\.\/[\w.@-]+(\/[\w.@-]+)*$/.test(entry) && !entry.includes('..')) return entry;
  problems.push(`reprise.entry ${JSON.stringify(entry)} is neither "." nor "./name"`);
  return '.';
}

function fileOf(file: string | undefined, problems: string[]): string | undefined {
  if (file === undefined) return undefined;
  const path = file.replace(/^\.\//, '');
  if (/^[\w.@-]+(\/[\w.@-]+)*$/.test(path) && !path.split('/').includes('..')) return path;
  problems.push(`reprise.options ${JSON.stringify(file)} is no file in the package`);
  return undefined;
}

function declaredOf(value: unknown, problems: string[]): Declared | undefined {
  if (value === undefined) return undefined;
  const fields = recordOf(value);
  if (fields === undefined) {
    problems.push('reprise.declares is no object');
    return undefined;
  }
  const list = (key: string): readonly string[] | undefined => {
    const given = fields[key];
    if (given === undefined) return undefined;
    if (Array.isArray(given) && given.every((item) => typeof item === 'string')) return given as readonly string[];
    problems.push(`reprise.declares.${key} is no list of texts`);
    return undefined;
  };
  const { processes } = fields;
  if (processes !== undefined && typeof processes !== 'boolean')
    problems.push('reprise.declares.processes is neither true nor false');
  return {
    network: list('network'),
    files: list('files'),
    processes: typeof processes === 'boolean' ? processes : undefined,
  };
}

const recordOf = (value: unknown): Fields | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
