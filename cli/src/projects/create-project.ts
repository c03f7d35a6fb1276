import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Terminal } from '../output/terminal.ts';
import { count } from '../output/text.ts';
import { install } from './install.ts';
import { projectNamed } from './names.ts';
import { type ProjectFiles, templateFiles, templateNamed } from './templates.ts';
import { writeFolder } from './write-files.ts';

export interface CreateFlags {
  readonly template: string;
  readonly install?: boolean;
}

/** Makes a project in a new folder of the current one. Needs no network, but with `install`. */
export async function createProject(typed: string, flags: CreateFlags, { out, err, json }: Terminal): Promise<void> {
  const template = templateNamed(flags.template);
  const { name, folder } = projectNamed(typed, dependenciesOf(templateFiles(template, 'any')));
  const files = templateFiles(template, name);
  const path = join(process.cwd(), folder);
  writeFolder(path, files);
  const installed = flags.install === true;
  if (installed) await install(path, err);
  const there = installed || areThere(path, dependenciesOf(files));
  const next = [`cd ${folder}`, ...(there ? [] : ['npm install']), 'npm start', 'npm test'];
  if (json) {
    await out.json({ name, template, folder: path, files: [...files.keys()], installed, next });
    return;
  }
  await out.line(folder);
  await err.line(`Made ${folder} from the template ${template} (${count(files.size, 'file')}). Next:`);
  await err.line();
  for (const command of next) await err.line(`  ${command}`);
  await err.line();
  await err.line(err.style('dim', 'README.md says what is where.'));
}

/** Names of the packages that package.json asks for. */
function dependenciesOf(files: ProjectFiles): ReadonlySet<string> {
  const manifest = JSON.parse(files.get('package.json') ?? '{}') as Readonly<Record<string, object | undefined>>;
  const groups = ['dependencies', 'devDependencies', 'peerDependencies'];
  return new Set(groups.flatMap((group) => Object.keys(manifest[group] ?? {})));
}

/** Whether a project finds all packages as it is: in a folder above it, as in a clone of Reprise. */
function areThere(folder: string, packages: ReadonlySet<string>): boolean {
  return [...packages].every((name) => {
    for (let at = folder; ; at = dirname(at)) {
      if (existsSync(join(at, 'node_modules', name, 'package.json'))) return true;
      if (at === dirname(at)) return false;
    }
  });
}
