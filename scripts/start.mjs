#!/usr/bin/env node
// The main job: a dossier of the dependencies of this repository, or of the project that is named:
// npm start -- /path/to/project
import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { run } from './lib/child.mjs';
import { say } from './lib/progress.mjs';
import { inRoot, ROOT, repositoryNode } from './lib/repository.mjs';

// npm runs scripts in the repository; INIT_CWD is where the user is.
const here = process.env.INIT_CWD ?? process.cwd();
const [named, ...surplus] = process.argv.slice(2);
const project = named === undefined ? inRoot() : resolve(here, named);

if (surplus.length > 0 || named?.startsWith('-')) {
  say('Usage: npm start [-- /path/to/project]');
  process.exitCode = 2;
} else if (!existsSync(join(project, 'package.json'))) {
  say(`${project} has no package.json. Name the folder of a Node.js project: npm start -- /path/to/project`);
  process.exitCode = 2;
} else {
  process.exitCode = await makeDossier();
}

async function makeDossier() {
  say(`> A dossier of the dependencies of ${project} ...`);
  const input = JSON.stringify({ folder: project });
  const reprise = [inRoot('cli', 'bin', 'run.js'), 'run', 'start', 'dossier', '--input', input, '--follow'];
  const { code } = await run(repositoryNode(), reprise, { cwd: ROOT });
  if (code !== 0) return code;
  say(`
The report is ${join(project, '.reprise', 'dossier', 'dossier.md')}
The commands above work in ${relative(here, ROOT) === '' ? 'this folder' : ROOT}; the word last stands for the newest run: npx reprise run history last
To see the run in the browser: npx reprise dashboard last --open`);
  return 0;
}
