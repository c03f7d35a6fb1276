import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { RepriseError } from '@reprise/core';
import { findProject } from '../config/find-config.ts';
import type { Terminal } from '../output/terminal.ts';
import { install, installCommand } from './install.ts';
import { type Change, ignoreChanges, packageChanges } from './package-changes.ts';
import { extensionIn } from './place.ts';
import { agentSource, testSource, workflowSource } from './sources.ts';
import type { ProjectFiles } from './templates.ts';
import { writeFiles } from './write-files.ts';

export interface InitFlags {
  readonly yes?: boolean;
  readonly install?: boolean;
}

/**
 * Adds what the project in the current folder lacks. Files that are there stay as they are; those that would have to change
 * (package.json, .gitignore) are changed with `yes` only. Throws REPRISE_PACKAGE_NOT_FOUND.
 */
export async function initProject(flags: InitFlags, terminal: Terminal): Promise<void> {
  const folder = process.cwd();
  const manifest = join(folder, 'package.json');
  if (!existsSync(manifest)) {
    throw new RepriseError('REPRISE_PACKAGE_NOT_FOUND', `There is no package.json in ${folder}.`, {
      details: { folder },
    });
  }
  const gitignore = join(folder, '.gitignore');
  const changes = [...packageChanges(manifest), ...(existsSync(gitignore) ? ignoreChanges(gitignore) : [])];
  const wanted = new Map(wantedFiles(folder));
  const kept = [...wanted.keys()].filter((path) => existsSync(join(folder, path)));
  const made = [...wanted.keys()].filter((path) => !kept.includes(path));
  writeFiles(folder, new Map(made.map((path) => [path, wanted.get(path) ?? ''])));
  const consents = flags.yes === true;
  if (consents) for (const change of changes) change.make();
  const installed = flags.install === true;
  if (installed) await install(folder, terminal.err);
  await report({ folder, made, kept, changes, consents, installed }, terminal);
}

/** A configuration with all that belongs to it; without one that is there already, which names its own. */
function wantedFiles(folder: string): ProjectFiles {
  const ignore: [string, string] = ['.gitignore', 'node_modules/\n.reprise/\n'];
  const configured = findProject(folder, () => true)?.config !== undefined;
  if (configured) return new Map(existsSync(join(folder, '.gitignore')) ? [] : [ignore]);
  const extension = extensionIn(folder);
  // A folder that is there has files that are neither workflows nor agents.
  const base = ['workflows', 'agents'].some((name) => existsSync(join(folder, name))) ? 'reprise/' : '';
  const test = {
    name: 'hello',
    from: `../${base}workflows/hello.${extension}`,
    export: 'hello',
    agents: ['hello-worker'],
  };
  return new Map([
    [`reprise.config.${extension}`, configSource(base)],
    [`${base}workflows/hello.${extension}`, workflowSource('hello').text],
    [`${base}agents/trimmer.${extension}`, agentSource('trimmer').text],
    [`test/hello.test.${extension}`, testSource(test)],
    ...(existsSync(join(folder, '.gitignore')) ? [] : [ignore]),
  ]);
}

const configSource = (base: string): string => `import { defineConfig } from '@reprise/cli';

// Every module in these folders is taken: what \`npx reprise generate\` writes is found by itself.
export default defineConfig({
  workflows: ['./${base}workflows'],
  agents: ['./${base}agents'],
});
`;

interface Done {
  readonly folder: string;
  readonly made: readonly string[];
  readonly kept: readonly string[];
  readonly changes: readonly Change[];
  readonly consents: boolean;
  readonly installed: boolean;
}

async function report(done: Done, { out, err, json }: Terminal): Promise<void> {
  const { folder, made, kept, consents, installed } = done;
  const changes = done.changes.map(({ file, what }) => ({ file: relative(folder, file), what }));
  const packages = consents ? [] : done.changes.flatMap((change) => change.packages ?? []);
  const next = [...(installed ? [] : [await installCommand(folder, packages)]), ...commandsFor(made)];
  if (json) {
    const [changed, wouldChange] = consents ? [changes, []] : [[], changes];
    await out.json({ folder, made, kept, changed, wouldChange, installed, next });
    return;
  }
  for (const path of made) await out.line(path);
  for (const path of kept) await err.line(`${path} is there already, and stays as it is.`);
  if (made.length === 0 && changes.length === 0) {
    await err.line('Nothing is missing.');
    return;
  }
  for (const { file, what } of changes) await err.line(`${consents ? 'Changed' : 'Not changed'}: ${file} (${what})`);
  if (!consents && changes.length > 0) await err.line('`reprise init --yes` changes these, and nothing else.');
  await err.line('Next:');
  for (const command of next) await err.line(`  ${command}`);
}

const commandsFor = (made: readonly string[]): readonly string[] =>
  made.some((path) => path.startsWith('reprise.config.'))
    ? ['npx reprise run start hello --follow', 'node --test']
    : ['npx reprise doctor'];
