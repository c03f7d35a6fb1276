#!/usr/bin/env node
// The main job: a dossier of the dependencies of this repository, or of the project that is named:
// npm start -- /path/to/project
import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { run } from './lib/child.mjs';
import { say } from './lib/progress.mjs';
import { inRoot, repositoryNode } from './lib/repository.mjs';

const EXAMPLE = inRoot('docs', 'examples', 'dependency-dossier');

const [folder = '.', ...surplus] = process.argv.slice(2);
// npm runs scripts in the repository; INIT_CWD is where the user is.
const project = resolve(process.env.INIT_CWD ?? process.cwd(), folder);

const target = folder === '.' ? inRoot() : project;
if (surplus.length > 0 || folder.startsWith('-')) {
  say('Usage: npm start [-- /path/to/project]');
  process.exitCode = 2;
} else if (!existsSync(join(target, 'package.json'))) {
  say(`${target} has no package.json. Name the folder of a Node.js project: npm start -- /path/to/project`);
  process.exitCode = 2;
} else {
  process.exitCode = await makeDossier(target);
}

async function makeDossier(of) {
  const id = `dossier-${new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-')}-${process.pid}`;
  const reprise = (...args) => run(repositoryNode(), [inRoot('cli', 'bin', 'run.js'), ...args], { cwd: EXAMPLE });
  say(`> A dossier of the dependencies of ${of} (run ${id}) ...`);
  const { code } = await reprise(
    'run',
    'start',
    'dossier',
    '--id',
    id,
    '--input',
    JSON.stringify({ folder: of }),
    '--follow',
  );
  if (code !== 0) return code;
  const from = relative(process.env.INIT_CWD ?? process.cwd(), EXAMPLE) || '.';
  say(`
The report:  ${join(of, '.reprise', 'dossier', 'dossier.md')} (and dossier.json beside it)
The run:     ${id}

What to try next, in ${from}:
  npx reprise run history ${id}
  npx reprise run replay ${id}
  npx reprise workflow graph dossier`);
  return code;
}
