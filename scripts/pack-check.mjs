#!/usr/bin/env node
// Packs every publishable package, installs the tarballs into an empty project, and runs a workflow there through the
// public API and through the command line: what a user gets from the registry. Then makes a project from every template with the
// installed command line, installs the tarballs there, and does what its README says: tests, types, runs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, posix } from 'node:path';
import { run } from './lib/child.mjs';
import { npmCommand } from './lib/npm.mjs';
import { SetupError, say, step } from './lib/progress.mjs';
import { builtPackages, inRoot, readJson, repositoryNode } from './lib/repository.mjs';

const scratch = mkdtempSync(join(tmpdir(), 'reprise-pack-'));
const project = join(scratch, 'project');
const tarballs = join(scratch, 'tarballs');
const made = join(scratch, 'made');

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
  if (name === '@reprise/monitor-dashboard') needed.push('page/index.html');
  const missing = needed.filter((path) => !paths.includes(path));
  if (missing.length > 0) throw new SetupError(`The tarball of ${name} lacks ${missing.join(', ')}.`);
  const odd = paths.filter((path) =>
    path.startsWith('templates/')
      ? /(^|\/)(node_modules|dist|\.reprise)\/|\.log$/.test(path)
      : /(^|\/)(test|node_modules|fixtures)\/|tsbuildinfo/.test(path),
  );
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

const allTarballs = () => readdirSync(tarballs).map((file) => join(tarballs, file));

async function installTarballs() {
  cpSync(inRoot('scripts', 'pack-check'), project, { recursive: true });
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'stranger', private: true, type: 'module' }));
  await npm(['install', ...allTarballs()]);
}

/** The installed command line, in a folder. */
const reprise = (args, cwd) =>
  must(repositoryNode(), [join(project, 'node_modules', '@reprise', 'cli', 'bin', 'run.js'), ...args], cwd);

/** Starts the command line, and kills it (SIGKILL) once it has said something. */
async function killed(args, said, cwd) {
  const command = join(project, 'node_modules', '@reprise', 'cli', 'bin', 'run.js');
  const child = spawn(repositoryNode(), [command, ...args], { cwd, env: { ...process.env, ...env } });
  let output = '';
  const hear = (text) => {
    output += text;
    if (output.includes(said)) child.kill('SIGKILL');
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const [, signal] = await once(child, 'exit');
  if (signal !== 'SIGKILL')
    throw new SetupError(`reprise ${args.join(' ')} ended before it could be killed:\n${output}`);
}

/** Fails unless something was said. */
function expectText(text, expected, what) {
  if (!text.includes(expected)) throw new SetupError(`${what} did not say ${JSON.stringify(expected)}:\n${text}`);
}

/** What templates there are, as the command line says it. */
async function templates() {
  mkdirSync(made);
  const names = readdirSync(join(project, 'node_modules', '@reprise', 'cli', 'templates'));
  if (names.length < 5) throw new SetupError(`The command line brings the templates ${names.join(', ')} only.`);
  return names;
}

/** Installs a project as `npm install` would once the packages are published, then runs its tests and the compiler. */
async function proveProject(folder) {
  await npm(['install', '--no-save', ...allTarballs()], folder);
  await npm(['test'], folder);
  await npm(['run', 'types'], folder);
}

/** What each template is made for, beside its tests. */
const PROOFS = {
  hello: async (folder) => {
    expectText(await npm(['start'], folder), 'Hello, world!', 'npm start');
    await reprise(['generate', 'workflow', 'nightly'], folder);
    await reprise(['generate', 'test', 'nightly'], folder);
    await npm(['test'], folder);
    await npm(['run', 'types'], folder);
  },
  approval: async (folder) => {
    await killed(['run', 'start', 'approval', '--id', 'a-1', '--follow'], 'a form for editor', folder);
    expectText(await reprise(['run', 'explain', 'a-1'], folder), 'decision', 'Why the killed run waits');
    expectText(await reprise(['form', 'list'], folder), 'editor', 'The list of open forms');
    const answer = '{"decision":"edit","edited":{"title":"News","text":"as kim decided"}}';
    await reprise(['form', 'answer', 'a-1', 'decision', '--answer', answer, '--by', 'kim'], folder);
    await reprise(['worker', 'start', '--until-idle', '--log', 'silent'], folder);
    expectText(await reprise(['run', 'show', 'a-1'], folder), 'as kim decided', 'The run');
    expectText(await reprise(['run', 'replay', 'a-1'], folder), 'completed', 'The replay');
  },
  team: async (folder) => {
    expectText(await npm(['start'], folder), 'nobody agrees about tea', 'npm start');
    expectText(await reprise(['run', 'history', 'last'], folder), 'reject', 'What the manager decided');
    expectText(await reprise(['run', 'replay', 'last'], folder), 'completed', 'The replay');
  },
  distributed: async (folder) => {
    expectText(await npm(['start'], folder), '3 parcels billed', 'npm start');
    expectText(await reprise(['run', 'replay', 'last'], folder), 'completed', 'The replay');
    await reprise(['run', 'start', 'order', '--id', 'o-1'], folder);
    await reprise(['worker', 'start', '--until-idle', '--log', 'silent'], folder);
    expectText(await reprise(['run', 'show', 'o-1'], folder), '3 parcels billed', 'The run');
    await reprise(['run', 'start', 'order', '--id', 'o-2'], folder);
    await reprise(['orchestrator', 'start', '--until-idle', '--log', 'silent'], folder);
    expectText(await reprise(['run', 'show', 'o-2'], folder), '3 parcels billed', 'The run');
  },
  plugin: async (folder) => {
    expectText(await npm(['start'], folder), 'Hello, world!', 'npm start');
    // Published, and used by its name in another project: from dist, since Node takes no types out of files in node_modules.
    await npm(['run', 'build'], folder);
    await npm(['pack', '--pack-destination', made], folder);
    const user = join(made, 'hello-project');
    expectText(await reprise(['plugins', 'inspect', folder], user), 'runs.log', 'What the plugin says of itself');
    const [packed] = readdirSync(made).filter((file) => file.endsWith('.tgz'));
    await npm(['install', '--no-save', ...allTarballs(), join(made, packed)], user);
    await reprise(['plugins', 'install', 'plugin-project', '--no-package', '--yes'], user);
    await reprise(['run', 'start', 'hello', '--wait'], user);
    expectText(readFileSync(join(user, 'runs.log'), 'utf8'), 'RunCompleted', 'The plugin');
  },
};

async function proveTemplate(template) {
  const name = `${template}-project`;
  await reprise(['create', name, '--template', template], made);
  await proveProject(join(made, name));
  const prove = PROOFS[template];
  if (prove === undefined) throw new SetupError(`Nothing proves the template ${template}: add to PROOFS.`);
  await prove(join(made, name));
}

/** Options of plugins that cannot do without. */
const PLUGIN_OPTIONS = {
  '@reprise/agent-llm': { baseURL: 'http://127.0.0.1:9/v1', model: 'none', agents: { writer: {} } },
  '@reprise/event-store-eventstoredb': { connectionString: 'esdb://127.0.0.1:9?tls=false' },
  '@reprise/transport-kafka': { brokers: '127.0.0.1:9' },
};

/** Plugins without whose server no run begins. */
const NEED_A_SERVER = new Set(['@reprise/event-store-eventstoredb', '@reprise/transport-kafka']);

/** Our own plugins, each from its tarball: installed, used in a run where that takes no server, and removed again. */
async function proveOwnPlugins() {
  const file = join(project, 'reprise.plugins.json');
  for (const folder of builtPackages()) {
    const { name, reprise: manifest } = readJson(inRoot(folder, 'package.json'));
    if (manifest?.kind === undefined) continue;
    const base = name.replace('@', '').replace('/', '-');
    const tarball = allTarballs().find((path) => path.includes(`${base}-`));
    const options = PLUGIN_OPTIONS[name];
    const said = options === undefined ? [] : ['--options', JSON.stringify(options)];
    await reprise(['plugins', 'install', tarball, ...said, '--yes'], project);
    expectText(readFileSync(file, 'utf8'), 'sha512-', 'reprise.plugins.json');
    expectText(await reprise(['plugins', 'list'], project), name, 'The list of plugins');
    if (!NEED_A_SERVER.has(name)) {
      const output = await reprise(
        ['run', 'start', 'greeting', '--input', '{"name":"Bo"}', '--wait', '--json'],
        project,
      );
      expectText(output, 'Hello, Bo!', `The run with ${name}`);
    }
    await reprise(['plugins', 'remove', name], project);
    if (existsSync(file) && readFileSync(file, 'utf8').includes(name))
      throw new SetupError(`${name} was removed, and is still in ${file}.`);
  }
}

/** `npm init -y`, then `reprise init`. */
async function proveInit() {
  const folder = join(made, 'there-already');
  mkdirSync(folder);
  await npm(['init', '-y'], folder);
  await reprise(['init', '--yes'], folder);
  await npm(['install', '--no-save', ...allTarballs()], folder);
  await npm(['test'], folder);
  expectText(await reprise(['run', 'start', 'hello', '--wait'], folder), 'nothing to do', 'The run');
}

try {
  await step('Packing every package', pack);
  await step('Installing the tarballs into an empty project', installTarballs);
  await step('Running a workflow there through the public API', () => must(repositoryNode(), ['through-api.ts']));
  await step('Running it there through the command line', async () => {
    const input = '{"name":"Ada"}';
    const output = await reprise(['run', 'start', 'greeting', '--input', input, '--wait', '--json'], project);
    expectText(output, 'Hello, Ada!', 'The run');
  });
  for (const template of (await templates()).sort((a, b) => Number(a === 'plugin') - Number(b === 'plugin'))) {
    await step(`A project from the template ${template}: made, installed, tested, run`, () => proveTemplate(template));
  }
  await step('A project by create-reprise', async () => {
    await must(repositoryNode(), [join(project, 'node_modules', 'create-reprise', 'bin', 'run.js'), 'created'], made);
    await proveProject(join(made, 'created'));
  });
  await step('A package of npm init with reprise init', proveInit);
  await step('Our own plugins: installed, used, removed', proveOwnPlugins);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  process.exitCode = error.exitCode;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
