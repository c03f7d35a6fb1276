import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import { inspector } from '../src/agents/inspector.ts';
import type { Inspection } from '../src/records.ts';
import { call, failure, folderWith, testContext } from './support.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const remove of cleanups.splice(0)) await remove();
});

type Files = Parameters<typeof folderWith>[0];

/** A project with one package `a`, whose files these are; paths that start with "/" lie in the project. */
async function project(files: Files): Promise<string> {
  const placed = Object.entries(files).map(([path, content]) => [
    path.startsWith('/') ? path.slice(1) : `node_modules/a/${path}`,
    content,
  ]);
  const { folder, remove } = await folderWith(Object.fromEntries(placed) as Files);
  cleanups.push(remove);
  return folder;
}

const task = (folder: string): object => ({
  folder,
  path: 'node_modules/a',
  name: 'a',
  version: '1.0.0',
  installed: true,
});
const inspect = async (files: Files): Promise<Inspection> => call(inspector, task(await project(files)));
const manifest = (more: object = {}): object => ({ name: 'a', version: '1.0.0', ...more });

describe('inspector', () => {
  it('reports the facts of a package, compactly', async () => {
    const files = {
      'package.json': manifest({
        license: 'MIT',
        main: 'index.js',
        types: 'index.d.ts',
        engines: { node: '>=18', npm: '*' },
        scripts: { test: 'x', postinstall: 'node x.js' },
      }),
      'index.js': 'x'.repeat(100),
      'lib/b.js': 'x'.repeat(50),
    };
    const bytes = 150 + JSON.stringify(files['package.json']).length;
    expect(await inspect(files)).to.deep.equal({
      path: 'node_modules/a',
      name: 'a',
      version: '1.0.0',
      installed: true,
      licence: 'MIT',
      bytes,
      files: 3,
      types: 'own',
      module: 'cjs',
      engines: '>=18',
      scripts: ['postinstall'],
    });
  });

  it('leaves nested node_modules out of the size, and counts links without following them', async () => {
    const folder = await project({
      'package.json': '{}',
      'node_modules/b/index.js': 'x'.repeat(5000),
      'lib/node_modules/c/index.js': 'x'.repeat(5000),
      '/outside.txt': 'x'.repeat(9000),
    });
    await symlink('../../outside.txt', join(folder, 'node_modules/a/link'));
    await symlink('.', join(folder, 'node_modules/a/loop'), 'dir');
    const { bytes, files } = await call(inspector, task(folder));
    expect(files).to.equal(3);
    expect(bytes).to.be.lessThan(100);
  });

  it('finds native code and the scripts that npm runs by itself', async () => {
    expect(await inspect({ 'package.json': manifest(), 'binding.gyp': '' })).to.deep.include({
      native: 'gyp',
      scripts: ['node-gyp'],
    });
    const declared = await inspect({ 'package.json': manifest({ scripts: { install: 'x' } }), 'binding.gyp': '' });
    expect(declared.scripts).to.deep.equal(['install']);
    expect(await inspect({ 'package.json': manifest({ gypfile: false }), 'binding.gyp': '' })).to.not.have.property(
      'scripts',
    );
    expect(await inspect({ 'package.json': manifest(), 'build/x.node': 'ELF' })).to.include({ native: 'binary' });
    expect(await inspect({ 'package.json': manifest(), 'x.node/readme': '' })).to.not.have.property('native');
  });

  it('tells where types come from', async () => {
    expect(await inspect({ 'package.json': manifest({ typings: 'x.d.ts' }) })).to.include({ types: 'own' });
    expect(await inspect({ 'package.json': manifest({ exports: { '.': { types: './x.d.ts' } } }) })).to.include({
      types: 'own',
    });
    expect(await inspect({ 'package.json': manifest(), 'index.d.ts': '' })).to.include({ types: 'own' });
    expect(await inspect({ 'package.json': manifest({ main: 'lib/x.js' }), 'lib/x.d.ts': '' })).to.include({
      types: 'own',
    });
    expect(await inspect({ 'package.json': manifest() })).to.include({ types: 'none' });
    const types = { 'package.json': manifest(), '/node_modules/@types/a/package.json': '{}' };
    expect(await inspect(types)).to.include({ types: '@types' });
    const scoped = await project({
      '/node_modules/x/node_modules/@s/n/package.json': { name: '@s/n', version: '1.0.0' },
      '/node_modules/x/node_modules/@types/s__n/package.json': '{}',
    });
    const nested = {
      folder: scoped,
      path: 'node_modules/x/node_modules/@s/n',
      name: '@s/n',
      version: '1.0.0',
      installed: true,
    };
    expect(await call(inspector, nested)).to.include({ types: '@types' });
  });

  it('tells how the package is loaded', async () => {
    const cases: readonly (readonly [object, string | undefined])[] = [
      [{ main: 'x.js' }, 'cjs'],
      [{ type: 'module', main: 'x.js' }, 'esm'],
      [{ type: 'module', exports: { import: './x.js', require: './x.cjs' } }, 'dual'],
      [{ main: 'x.js', module: 'x.mjs' }, 'dual'],
      [{ exports: { '.': { import: './x.mjs', default: './x.js' } } }, 'dual'],
      [{ types: 'x.d.ts' }, undefined],
      [{ bin: 'x.js' }, undefined],
    ];
    for (const [more, kind] of cases) {
      const { module } = await inspect({ 'package.json': manifest(more) });
      expect(module, JSON.stringify(more)).to.equal(kind);
    }
  });

  it('recognises a licence file when the manifest says nothing or points to one', async () => {
    const isc =
      'Permission to use, copy, modify, and/or distribute this software for any purpose … above copyright notice and this permission notice';
    const expected = { licence: 'ISC', licenceFrom: 'file' };
    expect(await inspect({ 'package.json': manifest(), LICENSE: isc })).to.include(expected);
    expect(await inspect({ 'package.json': manifest({ license: {} }), 'licence.md': isc })).to.include(expected);
    const pointing = manifest({ license: 'SEE LICENSE IN terms.txt' });
    expect(await inspect({ 'package.json': pointing, 'terms.txt': isc })).to.include(expected);
    expect(await inspect({ 'package.json': pointing })).to.include({ licence: 'SEE LICENSE IN terms.txt' });
    const outside = manifest({ license: 'SEE LICENSE IN ../../secret' });
    expect(await inspect({ 'package.json': outside, '/secret': isc })).to.include({
      licence: 'SEE LICENSE IN ../../secret',
    });
  });

  it('does without a licence that cannot be read: a folder, a link out, binary data', async () => {
    const folder = await project({
      'package.json': manifest(),
      'COPYING/x': 'Apache License Version 2.0',
      'LICENSE.bin': Buffer.from([0, 1, 2, 0]),
      '/secret': 'Apache License Version 2.0',
    });
    await symlink('../../secret', join(folder, 'node_modules/a/LICENSE'));
    expect(await call(inspector, task(folder))).to.not.have.property('licence');
  });

  it('takes weird manifests as they are', async () => {
    const weird = { license: 3, engines: 'node', scripts: [], exports: null, main: {}, version: 7, deprecated: '' };
    const result = await inspect({ 'package.json': weird });
    expect(result)
      .to.include({ types: 'none' })
      .and.to.not.have.any.keys('licence', 'engines', 'scripts', 'found', 'module');
    expect(await inspect({ 'package.json': '{"a":' })).to.include({ problem: 'package.json is not a JSON object' });
    expect(await inspect({ 'package.json': '[]' })).to.include({ problem: 'package.json is not a JSON object' });
    expect(await inspect({ 'index.js': '' })).to.include({ problem: 'package.json cannot be read' });
    expect(await inspect({ 'package.json': '\uFEFF{"license":"MIT"}' })).to.include({ licence: 'MIT' });
  });

  it('notes deprecation and an installed version that is not the locked one', async () => {
    const result = await inspect({ 'package.json': manifest({ version: '2.0.0', deprecated: 'old' }) });
    expect(result).to.include({ version: '1.0.0', found: '2.0.0', deprecated: true });
  });

  it('does not fail over a package that is not installed', async () => {
    const input = {
      folder: '/nowhere',
      path: 'node_modules/a',
      name: 'a',
      version: '1.0.0',
      installed: false,
      optional: true,
    };
    expect(await call(inspector, input)).to.deep.equal({
      path: 'node_modules/a',
      name: 'a',
      version: '1.0.0',
      installed: false,
      optional: true,
      bytes: 0,
      files: 0,
      types: 'none',
    });
    const vanished = await call(inspector, { ...input, installed: true });
    expect(vanished.problem).to.equal('package.json cannot be read');
  });

  it('refuses a path that leads out of node_modules', async () => {
    const error = await failure(call(inspector, { ...task('/'), path: 'node_modules/../../etc' }));
    expect(error.message).to.match(/node_modules/);
  });

  it('beats during a big walk, and stops in the middle of one', async () => {
    const folder = await project({ 'package.json': '{}' });
    for (let at = 0; at < 600; at += 1) await writeFile(join(folder, 'node_modules/a', `f${at}`), '');
    for (let at = 0; at < 40; at += 1) await mkdir(join(folder, 'node_modules/a', `d${at}`));
    const context = testContext();
    await call(inspector, task(folder), { context });
    expect(context.beats()).to.be.at.least(3);
    const controller = new AbortController();
    const reason = new Error('enough');
    const stopping = { ...testContext(controller.signal), heartbeat: () => controller.abort(reason) };
    expect(await failure(call(inspector, task(folder), { context: stopping }))).to.equal(reason);
  });
});
