#!/usr/bin/env node
// Packs every publishable package, installs the tarballs into an empty project, and runs a workflow there through the
// public API and through the command line: what a user gets from the registry.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, posix } from 'node:path';
import { run } from './lib/child.mjs';
import { npmCommand } from './lib/npm.mjs';
import { SetupError, say, step } from './lib/progress.mjs';
import { builtPackages, inRoot, readJson, repositoryNode } from './lib/repository.mjs';

const scratch = mkdtempSync(join(tmpdir(), 'reprise-pack-'));
const project = join(scratch, 'project');
const tarballs = join(scratch, 'tarballs');

// Not the repository's node_modules/.bin: nothing of the repository may be found from the project, but its Node.
const env = { PATH: [dirname(repositoryNode()), process.env.PATH].join(delimiter), NODE_OPTIONS: '' };

async function must(command, args, cwd = project) {
  const { code, output } = await run(command, args, { cwd, env, capture: true });
  if (code !== 0)
    throw new SetupError(`${output.trimEnd()}\n${[command, ...args].join(' ')} failed (exit code ${code}).`);
  return output;
}

async function npm(args, cwd) {
  const { command, args: prefix } = npmCommand();
  return must(command, [...prefix, ...args, '--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts'], cwd);
}

/** What a tarball must and must not have. */
function checkContents(name, files, schema) {
  const paths = files.map((file) => file.path);
  const needed = ['package.json', 'README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts'];
  if (schema !== undefined) needed.push(schema.replace('./', ''));
  const missing = needed.filter((path) => !paths.includes(path));
  if (missing.length > 0) throw new SetupError(`The tarball of ${name} lacks ${missing.join(', ')}.`);
  const odd = paths.filter((path) => /(^|\/)(test|node_modules|fixtures)\/|tsbuildinfo/.test(path));
  if (odd.length > 0) throw new SetupError(`The tarball of ${name} has ${odd.join(', ')}, which nobody needs.`);
  const folder = builtPackages().find((one) => readJson(inRoot(one, 'package.json')).name === name);
  const readme = readFileSync(inRoot(folder, 'README.md'), 'utf8').replace(/```[\s\S]*?```|`[^`\n]*`/g, '');
  const out = [...readme.matchAll(/\]\(<?([^)>\s]+)/g)]
    .map(([, target]) => target)
    .filter((target) => !/^[a-z]+:|^#/.test(target))
    .filter((target) => {
      const path = posix.normalize(target.split('#')[0]).replace(/\/$/, '');
      return !paths.some((packed) => packed === path || packed.startsWith(`${path}/`));
    });
  if (out.length > 0)
    throw new SetupError(`The README of ${name} links to ${out.join(', ')}, which the tarball does not have.`);
}

async function pack() {
  mkdirSync(tarballs);
  const folders = builtPackages().filter((folder) => readJson(inRoot(folder, 'package.json')).private !== true);
  for (const folder of folders) {
    const output = await npm(['pack', '--json', '--pack-destination', tarballs], inRoot(folder));
    const report = JSON.parse(output.slice(output.search(/^[[{]/m)));
    const [{ name, files }] = Array.isArray(report) ? report : Object.values(report);
    checkContents(name, files, readJson(inRoot(folder, 'package.json')).reprise?.options);
    say(`  ${name}: ${files.length} files`);
  }
}

async function installTarballs() {
  cpSync(inRoot('scripts', 'pack-check'), project, { recursive: true });
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'stranger', private: true, type: 'module' }));
  await npm(['install', ...readdirSync(tarballs).map((file) => join(tarballs, file))]);
}

try {
  await step('Packing every package', pack);
  await step('Installing the tarballs into an empty project', installTarballs);
  await step('Running a workflow there through the public API', () => must(repositoryNode(), ['through-api.ts']));
  await step('Running it there through the command line', async () => {
    const reprise = join(project, 'node_modules', '@reprise', 'cli', 'bin', 'run.js');
    const output = await must(repositoryNode(), [
      reprise,
      'run',
      'start',
      'greeting',
      '--input',
      '{"name":"Ada"}',
      '--wait',
      '--json',
    ]);
    if (!output.includes('Hello, Ada!')) throw new SetupError(`The run did not greet:\n${output}`);
  });
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  process.exitCode = error.exitCode;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
