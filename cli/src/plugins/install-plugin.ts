import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { findPackage, type InstalledPackage } from '../config/installed-package.ts';
import { loadPlugin } from '../config/load-plugin.ts';
import { pluginStandings } from '../config/load-plugins.ts';
import { isCommandsOnly } from '../config/package-says.ts';
import { type Options, parseSchema, schemaOf } from '../config/package-schema.ts';
import { type PinnedPlugin, readPluginFile } from '../config/plugin-file.ts';
import { readConfig } from '../config/read-config.ts';
import { EXIT } from '../errors/exit-codes.ts';
import { usageError } from '../errors/usage-error.ts';
import type { Terminal } from '../output/terminal.ts';
import { plain } from '../output/text.ts';
import { askOptions } from './ask-options.ts';
import { createAsker } from './asker.ts';
import { type Change, changeProject, whileItLoads } from './change-project.ts';
import { coreVersion } from './core-version.ts';
import { packageLines, packageShape } from './describe-package.ts';
import { installedIntegrity } from './installed-integrity.ts';
import { runNpm } from './npm.ts';
import { type OptionFlags, optionsOfFlags } from './option-flags.ts';
import { checkOptions, withDefaults } from './option-schema.ts';
import { addCommand, findPackageHome, type PackageHome } from './package-manager.ts';
import { type PackageSpec, parseSpec } from './package-spec.ts';
import { installFailed, type PackedPackage, packPackage } from './packed-package.ts';
import { type PluginProject, readPluginProject } from './read-project.ts';
import { writePluginFile } from './write-plugin-file.ts';

export interface InstallFlags extends OptionFlags {
  readonly config?: string | undefined;
  readonly export?: string | undefined;
  readonly yes?: boolean | undefined;
  readonly 'no-package'?: boolean | undefined;
}

/** The package that goes in, before and without anything of it having run. */
interface Candidate extends Pick<PackedPackage, 'says'> {
  readonly schema: Options | undefined;
  /** Absent with --no-package. */
  readonly packed?: { readonly spec: PackageSpec; readonly integrity: string; readonly home: PackageHome };
}

/**
 * Installs a plugin: shows what the package says of itself, asks, checks the options, lets npm put the package in without running its scripts, pins it,
 * and loads it as a start would. Nothing of the package runs before the consent. Returns the exit code.
 */
export function installPlugin(text: string, flags: InstallFlags, terminal: Terminal): Promise<number> {
  return changeProject(terminal, `Installing ${text}`, (change) => install(text, flags, terminal, change));
}

async function install(text: string, flags: InstallFlags, terminal: Terminal, change: Change): Promise<number> {
  const { out, err, json } = terminal;
  const from = process.cwd();
  const given = await optionsOfFlags(flags, from);
  const project = await readPluginProject(flags.config, from);
  const candidate =
    flags['no-package'] === true
      ? await presentCandidate(text, project)
      : await packedCandidate(text, project, change.signal);
  const { says, schema } = candidate;
  for (const line of packageLines(says, schema, await coreVersion(project.folder), err)) await err.line(line);
  const options = await agreeOn(candidate, given, flags, terminal, change.signal);
  if (options === undefined) {
    await err.line('Nothing was installed.');
    return EXIT.failed;
  }
  checkOptions(says.name, schema, options);

  await change.begin(project.pluginFile.file, candidate.packed?.home.folder);
  if (candidate.packed !== undefined) await letNpmInstall(candidate, candidate.packed, change.signal);
  const entry = await pinned(candidate, project, options, flags.export);
  const now = await readPluginFile(project.folder);
  await writePluginFile(now, withEntry(now.plugins, entry));
  const plugin = isCommandsOnly(says)
    ? undefined
    : await whileItLoads(change.signal, loadPlugin(entry, project.folder));
  const kind = plugin?.kind;
  if (kind !== undefined && says.kinds.length > 0 && !says.kinds.includes(kind))
    throw installFailed(
      `${says.name} says that it is of kind ${says.kinds.join(', ')}, and its plugin is of kind ${kind}.`,
    );
  const shadowedBy = await whileItLoads(change.signal, standingOf(entry, project));
  change.signal.throwIfAborted();

  if (json) {
    await out.json({
      installed: { ...entry, kind: kind ?? null },
      package: packageShape(says),
      shadowedBy: shadowedBy ?? null,
      file: project.pluginFile.file,
    });
    return EXIT.ok;
  }
  if (kind !== undefined && says.kinds.length === 0)
    await err.line(
      err.style(
        'yellow',
        plain(
          `${says.name} does not say in its package.json that it is a plugin (reprise.kind); it is taken as one of kind ${kind}.`,
        ),
      ),
    );
  if (shadowedBy !== undefined)
    await err.line(err.style('yellow', plain(`It is installed, and not used: ${shadowedBy}.`)));
  await out.line(
    plain(
      `Installed ${says.name} ${says.version}${kind === undefined ? '' : ` (${kind})`}: ${project.pluginFile.file}`,
    ),
  );
  return EXIT.ok;
}

async function packedCandidate(text: string, { folder }: PluginProject, signal: AbortSignal): Promise<Candidate> {
  const spec = parseSpec(text, process.cwd());
  const home = await findPackageHome(folder);
  if (home === undefined)
    throw usageError(
      `There is no package.json in ${folder} or above it: a package cannot be installed. Make one (npm init -y).`,
    );
  if (home.manager !== 'npm') {
    const name = spec.kind === 'registry' ? spec.name : 'NAME';
    throw usageError(
      `The packages of this project are managed by ${home.manager} (${home.because}). Install it there, and then only the entry here:\n` +
        `  ${addCommand(home.manager, text)}\n  reprise plugins install ${name} --no-package`,
    );
  }
  const { says, integrity, schemaText } = await packPackage(spec, home.folder, signal);
  return { says, schema: parseSchema(schemaText), packed: { spec, integrity, home } };
}

/** With --no-package: it is there already. */
async function presentCandidate(name: string, { folder }: PluginProject): Promise<Candidate> {
  const installed = await findPackage(name, folder);
  if (installed === undefined)
    throw usageError(
      `With --no-package, a package is named that the project has already: there is no ${name} from ${folder}.`,
    );
  return { says: installed.says, schema: await schemaOf(installed) };
}

/** The options that go in; undefined when the person does not want it. Throws REPRISE_USAGE where nobody can be asked. */
async function agreeOn(
  { says, schema }: Candidate,
  given: Options,
  flags: InstallFlags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Options | undefined> {
  const asker = createAsker(terminal, process.stdin, signal);
  try {
    if (flags.yes !== true) {
      if (asker === undefined) throw usageError('Nobody can be asked here whether that is to be installed: say --yes.');
      const answer = await asker.ask(`Install ${says.name} ${says.version}? [y/N]`);
      signal.throwIfAborted();
      if (!/^y(es)?$/i.test(answer ?? '')) return undefined;
    }
    const options = asker === undefined ? given : await askOptions(asker, schema, given, flags.yes === true);
    signal.throwIfAborted();
    return options === undefined ? undefined : withDefaults(schema, options);
  } finally {
    asker?.close();
  }
}

/** Throws REPRISE_PLUGIN_INSTALL_FAILED, also when what npm put in is not what was shown. */
async function letNpmInstall(
  { says }: Candidate,
  { spec, integrity, home }: NonNullable<Candidate['packed']>,
  signal: AbortSignal,
): Promise<void> {
  const what = spec.kind === 'registry' ? `${says.name}@${says.version}` : resolve(spec.path);
  const { code, problem } = await runNpm(['install', '--save-exact', '--save-prod', '--prefer-offline', what], {
    cwd: home.folder,
    signal,
  });
  signal.throwIfAborted();
  if (code !== 0) throw installFailed(`npm cannot install ${what}: ${problem}`);
  const installed = await findPackage(says.name, home.folder);
  if (installed === undefined || !installed.isOfProject)
    throw installFailed(`npm has installed ${what}, and there is no ${says.name}.`);
  const there = await installedIntegrity(installed);
  // Read once from the tarball, and once from what npm made of it: of two files of one name, they may take different ones.
  const isSame = isDeepStrictEqual(installed.says, says) && (spec.kind === 'folder' || there === integrity);
  if (!isSame)
    throw installFailed(`What npm installed is not the package that was shown: ${what} has changed in between.`);
}

async function pinned(
  { says, schema, packed }: Candidate,
  { folder }: PluginProject,
  options: Options,
  named: string | undefined,
): Promise<PinnedPlugin> {
  const installed = await findPackage(says.name, folder);
  const integrity =
    installed === undefined ? undefined : await integrityToPin(installed, packed?.integrity, packed?.spec);
  const hasOptions = Object.keys(options).length > 0 || schema !== undefined;
  return {
    use: `${says.name}${says.entry.slice(1)}`,
    ...(named === undefined ? {} : { export: named }),
    version: says.version,
    ...(integrity === undefined ? {} : { integrity }),
    ...(hasOptions ? { options } : {}),
  };
}

/** A folder is linked: what is in it may change, and is not pinned. */
const integrityToPin = async (
  installed: InstalledPackage,
  shown: string | undefined,
  spec: PackageSpec | undefined,
): Promise<string | undefined> =>
  spec?.kind === 'folder' ? undefined : (shown ?? (await installedIntegrity(installed)));

/** In the place of an entry for the same plugin, or at the end. */
function withEntry(plugins: readonly PinnedPlugin[], entry: PinnedPlugin): readonly PinnedPlugin[] {
  const isSame = (other: PinnedPlugin): boolean => other.use === entry.use && other.export === entry.export;
  return plugins.some(isSame) ? plugins.map((other) => (isSame(other) ? entry : other)) : [...plugins, entry];
}

/** What the configuration has in its place, if anything. Throws when the file now has two of a kind of which there is one. */
async function standingOf(entry: PinnedPlugin, { config }: PluginProject): Promise<string | undefined> {
  const standings = await pluginStandings(await readConfig(config));
  const isEntry = (pinned: PinnedPlugin | undefined): boolean =>
    pinned?.use === entry.use && pinned.export === entry.export;
  const own = standings.find(({ pinned }) => isEntry(pinned));
  // A plugin that was broken before does not keep a good one from going in, but for two that cannot be together.
  const clash = standings.find(
    ({ error, source, plugin }) => source === 'file' && error !== undefined && plugin !== undefined,
  );
  const error = own?.error ?? clash?.error;
  if (error !== undefined) throw error;
  return own?.shadowedBy;
}
