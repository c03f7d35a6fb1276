import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isRepriseError } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { findConfig } from '../src/config/find-config.ts';
import { loadProject, type Project } from '../src/config/load-project.ts';
import { jsonLines, reprise, temporaryFolders } from './support.ts';

const folders = temporaryFolders();

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = folders();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  symlinkSync(resolve(import.meta.dirname, '..', '..', 'node_modules'), join(folder, 'node_modules'), 'dir');
  return folder;
}

const load = (files: Readonly<Record<string, string>>): Promise<Project> => loadProject(undefined, folderWith(files));

async function refusal(files: Readonly<Record<string, string>>): Promise<string> {
  try {
    await load(files);
  } catch (error) {
    if (isRepriseError(error, 'REPRISE_CONFIG_INVALID')) return error.message;
    throw error;
  }
  throw new Error('it was accepted');
}

const workflowText = (name: string): string =>
  `import { workflow } from '@reprise/core';\nexport const it = workflow('${name}').set('a', 1).build();\n`;
const agentText = (name: string): string => `export const it = { name: '${name}', handle: () => 1 };\n`;
const MODULE = '{"type":"module"}';

describe('folders in the configuration', () => {
  const CONFIG = 'workflows: [./workflows]\nagents: [./agents]\n';

  it('stand for what is in them, in the order of the names, tests and declarations aside', async () => {
    const { workflows, agents } = await load({
      'package.json': MODULE,
      'reprise.config.yaml': CONFIG,
      'workflows/b.ts': workflowText('b'),
      'workflows/a.mts': workflowText('a'),
      'workflows/c.yaml': 'name: c\ntasks: { t: { set: 1 } }\n',
      'workflows/d.json': '{"name":"d","tasks":{"t":{"set":1}}}',
      'workflows/b.test.ts': 'throw new Error("a test is not loaded");',
      'workflows/b.unit.ts': 'throw new Error("a test is not loaded");',
      'workflows/b.d.ts': 'export declare const a: 1;',
      'workflows/notes.md': '# Notes',
      'workflows/.hidden.ts': 'throw new Error("hidden");',
      'workflows/lib/helper.ts': 'throw new Error("not looked into");',
      'agents/one.ts': agentText('one'),
      'agents/two.js': agentText('two'),
      'agents/data.json': '{}',
    });
    expect(workflows.map(({ workflow }) => workflow.definition.name)).to.deep.equal(['a', 'b', 'c', 'd']);
    expect(agents.map(({ name }) => name)).to.deep.equal(['one', 'two']);
  });

  it('may be empty, and may overlap with files', async () => {
    const { workflows, agents } = await load({
      'reprise.config.yaml': 'workflows: [./workflows/c.yaml, ./workflows, workflows/]\nagents: [./agents]\n',
      'workflows/c.yaml': 'name: c\ntasks: { t: { set: 1 } }\n',
      'agents/README.md': '',
    });
    expect(workflows).to.have.lengthOf(1);
    expect(agents).to.deep.equal([]);
  });

  it('say which file brings nothing, and what is not there', async () => {
    const helper = { 'workflows/helper.ts': 'export const a = 1;\n', 'package.json': MODULE };
    expect(await refusal({ 'reprise.config.yaml': 'workflows: [./workflows]', ...helper })).to.match(
      /helper\.ts: it exports no workflow/,
    );
    expect(await refusal({ 'reprise.config.yaml': 'agents: [./workflows]', ...helper })).to.match(
      /helper\.ts: it exports no agent/,
    );
    expect(await refusal({ 'reprise.config.yaml': 'workflows: [./none]' })).to.match(/none: there is no such/);
    expect(await refusal({ 'reprise.config.yaml': 'agents: [./none]' })).to.match(/none: there is no such/);
  });

  it('are validated file by file', async () => {
    const cwd = folderWith({
      'reprise.config.yaml': 'workflows: [./workflows]',
      'workflows/bad.yaml': 'name: bad\ntasks: { t: { set: 1, retries: 3 } }\n',
      'workflows/good.yaml': 'name: good\ntasks: { t: { set: 1 } }\n',
    });
    const { code, stdout } = await reprise(['workflow', 'validate', '--json'], { cwd });
    expect(code).to.equal(4);
    const { workflows } = jsonLines(stdout)[0] as { workflows: { source: string; valid: boolean }[] };
    expect(workflows.map(({ source, valid }) => [source, valid])).to.deep.equal([
      [join('workflows', 'bad.yaml'), false],
      [join('workflows', 'good.yaml'), true],
    ]);
  });
});

describe('modules in a package of CommonJS', () => {
  const COMMONJS = '{"name":"x","type":"commonjs"}';
  const config = (from: string): string => `import { it } from '${from}';\nexport default { workflows: [it] };\n`;

  it('are loaded when they end in .mts', async () => {
    const folder = folderWith({
      'package.json': COMMONJS,
      'reprise.config.mts': config('./w.mts'),
      'w.mts': workflowText('w'),
    });
    expect(findConfig(undefined, folder)).to.equal(join(folder, 'reprise.config.mts'));
    expect((await loadProject(undefined, folder)).workflows).to.have.lengthOf(1);
    const { code, stdout, stderr } = await reprise(['workflow', 'list'], { cwd: folder });
    expect([code, stderr]).to.deep.equal([0, '']);
    expect(stdout).to.match(/^w /m);
  });

  it('say the remedy when they end otherwise', async () => {
    const folder = folderWith({ 'package.json': COMMONJS, 'reprise.config.ts': 'export default {};\n' });
    const { code, stderr } = await reprise(['workflow', 'list'], { cwd: folder });
    expect(code).to.equal(4);
    expect(stderr).to.contain('npm pkg set type=module').and.to.contain('reprise.config.mts');
    expect(stderr).to.not.contain('Warning');
  });

  for (const [what, files, renamed] of [
    ['a configuration that imports', { 'reprise.config.ts': config('./w.mts') }, 'reprise.config.mts'],
    ['a configuration in JavaScript', { 'reprise.config.js': 'export default {};\n' }, 'reprise.config.mjs'],
    [
      'what a configuration imports',
      { 'reprise.config.mts': config('./w.ts'), 'w.ts': workflowText('w') },
      'the file w.mts',
    ],
    ['what it names', { 'reprise.config.yaml': 'workflows: [./w.ts]', 'w.ts': workflowText('w') }, 'the file w.mts'],
  ] as const) {
    it(`name the file: ${what}`, async () => {
      const said = await refusal({ 'package.json': COMMONJS, ...files });
      expect(said).to.contain(renamed).and.to.contain('"type": "commonjs"');
    });
  }

  it('are not blamed for other mistakes', async () => {
    expect(await refusal({ 'package.json': COMMONJS, 'reprise.config.mts': 'export default {;' })).to.not.contain(
      'type=module',
    );
    expect(
      await refusal({ 'package.json': MODULE, 'reprise.config.ts': config('./w.ts'), 'w.ts': 'export const a = 1;' }),
    ).to.not.contain('type=module');
  });
});
