import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createReprise, isRepriseError, type RepriseError } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { findConfig } from '../src/config/find-config.ts';
import { factoryName } from '../src/config/load-plugin.ts';
import { loadPlugins } from '../src/config/load-plugins.ts';
import { loadProject } from '../src/config/load-project.ts';
import { partsOf } from '../src/config/project-parts.ts';
import { readConfig } from '../src/config/read-config.ts';
import { secretsOf } from '../src/config/secrets-of.ts';
import { projects, temporaryFolders } from './support.ts';

const folders = temporaryFolders();

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = folders();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

async function refusal(action: () => unknown): Promise<RepriseError> {
  try {
    await action();
  } catch (error) {
    if (isRepriseError(error)) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

const read = (name: string, text: string) => readConfig(join(folderWith({ [name]: text }), name));

describe('finding the configuration', () => {
  it('looks upwards from where it is', () => {
    const folder = folderWith({ 'reprise.config.yaml': '', 'a/b/c.txt': '' });
    expect(findConfig(undefined, join(folder, 'a', 'b'))).to.equal(join(folder, 'reprise.config.yaml'));
  });

  it('takes the one that is named, and says when it is not there', async () => {
    const folder = folderWith({ 'other.yaml': '' });
    expect(findConfig('other.yaml', folder)).to.equal(join(folder, 'other.yaml'));
    const error = await refusal(() => findConfig('none.yaml', folder));
    expect(error.code).to.equal('REPRISE_CONFIG_NOT_FOUND');
    expect(error.message).to.contain('none.yaml');
  });

  it('says what to write when there is none', async () => {
    const error = await refusal(() => findConfig(undefined, folders()));
    expect(error.code).to.equal('REPRISE_CONFIG_NOT_FOUND');
    expect(error.message).to.contain('export default defineConfig(').and.to.contain('workflows:');
  });

  it('refuses to choose between two', async () => {
    const folder = folderWith({ 'reprise.config.yaml': '', 'reprise.config.js': '' });
    expect((await refusal(() => findConfig(undefined, folder))).message).to.contain('there is also');
  });
});

describe('reading a configuration', () => {
  it('lists every mistake in YAML with its place', async () => {
    const text =
      'workflow: [a.yaml]\nstore: { file: x.db }\nplugins:\n  - use: 3\n  - name: x\nagents: ./agents.js\nlimits: [1]\n';
    const error = await refusal(() => read('reprise.config.yaml', text));
    expect(error.code).to.equal('REPRISE_CONFIG_INVALID');
    for (const part of [
      "1:1 workflow is not known; did you mean 'workflows'?",
      '2:10 store.file is not known',
      'store.path must be the name of a file',
      '4:5 plugins[0].use must be text',
      'plugins[1] must be a package name',
      '6:1 agents must be a list',
      '7:1 limits must be an object',
    ]) {
      expect(error.message).to.contain(part);
    }
  });

  it('says where text is not YAML', async () => {
    const error = await refusal(() => read('reprise.config.yaml', 'a: [1\nb: &x 2\n'));
    expect(error.code).to.equal('REPRISE_CONFIG_INVALID');
    expect(error.message).to.match(/\d+:\d+ /);
  });

  it('accepts JSON, and an empty file', async () => {
    expect((await read('reprise.config.json', '{"limits":{"leaseMs":5}}')).config).to.deep.equal({
      limits: { leaseMs: 5 },
    });
    expect((await read('reprise.config.yaml', '\n')).config).to.deep.equal({});
  });

  for (const [what, text, said] of [
    ['no default export', 'export const config = {};', 'no default export'],
    ['an unknown key', 'export default { workflow: [] };', "did you mean 'workflows'"],
    ['a throw', 'throw new Error("no luck");', 'no luck'],
    ['a syntax error', 'export default {', 'SyntaxError'],
    ['a missing module', "import './nowhere'; export default {};", 'with its extension'],
    ['a missing package', "import 'no-such-package-here'; export default {};", 'Install the package'],
    ['an enum', 'enum A { B }\nexport default {};', 'no enum'],
  ] as const) {
    it(`explains ${what} in TypeScript`, async () => {
      const error = await refusal(() => read('reprise.config.ts', text));
      expect(error.code).to.equal('REPRISE_CONFIG_INVALID');
      expect(error.message).to.contain(said).and.to.contain('reprise.config.ts');
    });
  }
});

describe('loading plugins', () => {
  const MONITOR = '{ name: "mine", kind: "monitor", create: () => ({}) }';
  const load = (plugins: unknown[], files: Readonly<Record<string, string>> = {}) =>
    loadPlugins({ folder: folderWith(files), config: { plugins: plugins as never } });

  it('takes packages by name, with options, also those that only the command line brings', async () => {
    const options = { level: 'warn' };
    const [log] = await load([{ use: '@reprise/monitor-log', options }]);
    expect(log).to.include({ name: 'log', kind: 'monitor' });
    const error = await refusal(() => load([{ use: '@reprise/monitor-log', options: { level: 'loud' } }]));
    expect(error.message).to.contain('loud');
  });

  it('takes modules by path: a default export, a named one, or the only one', async () => {
    const files = {
      'a.js': `export default () => (${MONITOR}); export const other = 1;`,
      'b.js': `export const x = () => { throw new Error("not this one"); }; export const y = ${MONITOR};`,
      'c.mjs': `export const whatever = (options) => ({ ...${MONITOR}, name: options.name });`,
    };
    const plugins = await load(
      ['./a.js', { use: './b.js', export: 'y' }, { use: './c.mjs', options: { name: 'named' } }],
      files,
    );
    expect(plugins.map(({ name }) => name)).to.deep.equal(['mine', 'mine', 'named']);
  });

  it('takes packages that can only be imported', async () => {
    const files = {
      'node_modules/monitor-odd/package.json': '{"type":"module","exports":{".":{"import":"./main.js"}}}',
      'node_modules/monitor-odd/main.js': `export const oddMonitor = () => (${MONITOR}); export const more = () => 1;`,
    };
    expect((await load(['monitor-odd'], files))[0]?.name).to.equal('mine');
  });

  it('says what is missing', async () => {
    const files = {
      'two.js': 'export const monitor = () => 1; export const other = () => 1;',
      'bad.js': 'export default () => ({ name: "x" });',
    };
    for (const [entry, said] of [
      ['no-such-plugin', 'npm install no-such-plugin'],
      ['./two.js', 'export: …'],
      [{ use: './two.js', export: 'moniter' }, "did you mean 'monitor'"],
      ['./bad.js', 'kind'],
    ] as const) {
      const error = await refusal(() => load([entry], files));
      expect(error.code).to.equal('REPRISE_PLUGIN_INVALID');
      expect(error.message).to.contain(said);
    }
  });

  it('knows the names of factories', () => {
    expect(factoryName('@reprise/event-store-sqlite')).to.equal('sqliteEventStore');
    expect(factoryName('@reprise/monitor-log')).to.equal('logMonitor');
    expect(factoryName('@acme/reprise-transport-rabbit-mq')).to.equal('rabbitMqTransport');
    expect(factoryName('./plugins/clock.ts')).to.equal('clock');
  });
});

describe('loading a project', () => {
  const project = projects();

  it('mixes workflows in code and in YAML, and agents by path', async () => {
    const { workflows, agents } = await loadProject(undefined, project());
    expect(workflows.map(({ workflow }) => workflow.definition.name)).to.deep.equal([
      'greet',
      'hold',
      'stubborn',
      'batch',
      'approval',
      'saga',
    ]);
    expect(agents.map(({ name }) => name)).to.include.members(['doubler', 'adder', 'holder']);
  });

  it('loads the same from YAML alone', async () => {
    const folder = project();
    writeFileSync(join(folder, 'other.yaml'), 'workflows: [./workflows.ts, batch.yaml]\nagents: [./agents.mjs]\n');
    const { workflows } = await loadProject('other.yaml', folder);
    expect(workflows.map(({ workflow }) => workflow.definition.name).sort()).to.deep.equal([
      'batch',
      'greet',
      'hold',
      'stubborn',
    ]);
  });

  for (const [what, yaml, files, said] of [
    ['a workflow file that is not there', 'workflows: [none.yaml]', {}, 'no such file'],
    ['a module without workflows', 'workflows: [a.js]', { 'a.js': 'export const a = 1;' }, 'exports no workflow'],
    ['a module without agents', 'agents: [a.js]', { 'a.js': 'export const a = { name: "x" };' }, 'exports no agent'],
    [
      'two workflows of one name and version',
      'workflows: [a.yaml, b.yaml]',
      { 'a.yaml': 'name: w\ntasks: { a: { agent: x } }', 'b.yaml': 'name: w\ntasks: { b: { agent: x } }' },
      'two workflows w@1',
    ],
    [
      'a workflow with problems',
      'workflows: [a.yaml]',
      { 'a.yaml': 'name: w\ntasks: { a: { agent: x, after: b } }' },
      "no task 'b'",
    ],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const folder = folderWith({ 'reprise.config.yaml': yaml, ...files });
      const error = await refusal(() => loadProject(undefined, folder));
      expect(error.message).to.contain(said);
    });
  }

  it('takes where the secret for tokens stands from YAML, a file beside the configuration, and no secret itself', async () => {
    const yaml = 'dispatchSecret: [{ env: NEW_SECRET }, { file: secrets/old }]';
    const folder = folderWith({ 'reprise.config.yaml': yaml, 'secrets/old': `${'o'.repeat(40)}\n` });
    const read = await loadProject(undefined, folder);
    expect(secretsOf(read)).to.deep.equal([{ env: 'NEW_SECRET' }, { file: join(folder, 'secrets', 'old') }]);
    const wrong = folderWith({ 'reprise.config.yaml': `dispatchSecret: ${'s'.repeat(40)}` });
    const error = await refusal(async () => createReprise(partsOf(await loadProject(undefined, wrong))));
    expect(error.message).to.contain('does not belong in the configuration').and.not.contain('ssss');
  });

  it('recognises a builder that was not built', async () => {
    const folder = project();
    writeFileSync(
      join(folder, 'reprise.config.ts'),
      "import { workflow } from '@reprise/core';\nexport default { workflows: [workflow('x').task('a', 'b')] };\n",
    );
    expect((await refusal(() => loadProject(undefined, folder))).message).to.contain('.build()');
  });
});
