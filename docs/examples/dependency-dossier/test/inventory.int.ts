import { existsSync, readFileSync } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import { inventory } from '../src/agents/inventory.ts';
import { call, failure, folderWith, REPOSITORY, testContext } from './support.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const remove of cleanups.splice(0)) await remove();
});

async function project(files: Parameters<typeof folderWith>[0]): Promise<string> {
  const { folder, remove } = await folderWith(files);
  cleanups.push(remove);
  return folder;
}

const lock = (packages: object, lockfileVersion = 3): object => ({
  name: 'app',
  version: '1.0.0',
  lockfileVersion,
  packages,
});

describe('inventory of this repository', () => {
  interface LockEntry {
    readonly version?: string;
    readonly name?: string;
    readonly link?: boolean;
    readonly dev?: boolean;
    readonly optional?: boolean;
    readonly deprecated?: string;
  }
  const { packages } = JSON.parse(readFileSync(join(REPOSITORY, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockEntry>;
  };
  const truth = Object.entries(packages).filter(([path, { link }]) => path.includes('node_modules/') && link !== true);

  it('has every package of the lockfile, and nothing else', async () => {
    const result = await call(inventory, { folder: REPOSITORY });
    expect(result.project.name).to.equal('reprise');
    expect(result.source).to.equal('package-lock.json');
    expect(truth.length).to.be.greaterThan(300);
    expect(result.packages.map(({ path }) => path)).to.deep.equal(truth.map(([path]) => path).sort());
    const byPath = new Map(result.packages.map((record) => [record.path, record]));
    for (const [path, entry] of truth) {
      const record = byPath.get(path);
      expect(record?.version, path).to.equal(entry.version);
      expect(record?.name, path).to.equal(entry.name ?? path.slice(path.lastIndexOf('node_modules/') + 13));
      expect(record?.dev, path).to.equal(entry.dev === true ? true : undefined);
      expect(record?.optional, path).to.equal(entry.optional === true ? true : undefined);
      expect(record?.deprecated, path).to.equal(entry.deprecated === undefined ? undefined : true);
      expect(record?.installed, path).to.equal(existsSync(join(REPOSITORY, path)));
    }
  });
});

describe('inventory', () => {
  it('reads scoped, aliased, nested and missing optional packages, and leaves workspaces out', async () => {
    const folder = await project({
      'package.json': {
        name: 'app',
        version: '1.0.0',
        workspaces: ['w'],
        dependencies: { '@s/a': '1', b: 'npm:real-b@2' },
      },
      'w/package.json': { name: 'w', version: '1.0.0', dependencies: { c: '1' } },
      'package-lock.json': lock({
        '': { name: 'app', version: '1.0.0', workspaces: ['w'], dependencies: { '@s/a': '1', b: 'npm:real-b@2' } },
        w: { version: '1.0.0', dependencies: { c: '1' } },
        'node_modules/w': { resolved: 'w', link: true },
        'node_modules/@s/a': { version: '1.0.0', dependencies: { c: '2' }, optionalDependencies: { o: '1' } },
        'node_modules/@s/a/node_modules/c': { version: '2.0.0' },
        'node_modules/b': { name: 'real-b', version: '2.0.0', deprecated: 'use another' },
        'node_modules/c': { version: '1.0.0' },
        'node_modules/o': { version: '1.0.0', optional: true, license: 'LGPL-3.0' },
      }),
      'node_modules/@s/a/package.json': { name: '@s/a', version: '1.0.0' },
    });
    const result = await call(inventory, { folder });
    expect(result.packages).to.deep.equal([
      { path: 'node_modules/@s/a', name: '@s/a', version: '1.0.0', installed: true },
      { path: 'node_modules/@s/a/node_modules/c', name: 'c', version: '2.0.0', installed: false },
      { path: 'node_modules/b', name: 'real-b', version: '2.0.0', installed: false, deprecated: true },
      { path: 'node_modules/c', name: 'c', version: '1.0.0', installed: false },
      { path: 'node_modules/o', name: 'o', version: '1.0.0', installed: false, optional: true, licence: 'LGPL-3.0' },
    ]);
  });

  it('reads a lockfile of version 1', async () => {
    const folder = await project({
      'package.json': { name: 'app', version: '1.0.0', dependencies: { a: '1' } },
      'package-lock.json': {
        name: 'app',
        version: '1.0.0',
        lockfileVersion: 1,
        requires: true,
        dependencies: { a: { version: '1.0.0', requires: { b: '1' }, dependencies: { b: { version: '1.5.0' } } } },
      },
    });
    const { packages } = await call(inventory, { folder });
    expect(packages.map(({ path, version }) => [path, version])).to.deep.equal([
      ['node_modules/a', '1.0.0'],
      ['node_modules/a/node_modules/b', '1.5.0'],
    ]);
  });

  it('reads what is installed when there is no npm lockfile, following no link to a workspace', async () => {
    const folder = await project({
      'package.json': { name: 'app', version: '1.0.0', dependencies: { a: '1' } },
      'yarn.lock': '# yarn lockfile v1\n',
      'node_modules/a/package.json': { name: 'a', version: '1.2.3' },
      'node_modules/@s/b/package.json': { name: '@s/b', version: '0.1.0' },
      'lib/package.json': { name: 'lib', version: '9.0.0' },
    });
    await symlink('../lib', join(folder, 'node_modules/lib'), 'dir');
    const result = await call(inventory, { folder });
    expect(result.source).to.equal('node_modules');
    expect(result.packages.map(({ name, version, installed }) => [name, version, installed])).to.deep.equal([
      ['@s/b', '0.1.0', true],
      ['a', '1.2.3', true],
    ]);
  });

  it('is empty for a project without dependencies', async () => {
    const folder = await project({ 'package.json': {}, 'package-lock.json': lock({ '': {} }) });
    const result = await call(inventory, { folder });
    expect(result.packages).to.deep.equal([]);
    expect(result.project.version).to.equal('');
  });

  it('says what is missing or broken, for good', async () => {
    const manifest = { name: 'app', version: '1.0.0' };
    const cases: readonly (readonly [string, Parameters<typeof folderWith>[0], RegExp])[] = [
      ['NO_MANIFEST', { 'package-lock.json': lock({}) }, /package\.json/],
      ['NO_DEPENDENCY_TREE', { 'package.json': manifest }, /npm install/],
      ['CORRUPT_JSON', { 'package.json': '{ "name": ' }, /package\.json is not JSON/],
      ['CORRUPT_JSON', { 'package.json': '[]' }, /JSON object/],
      [
        'CORRUPT_JSON',
        { 'package.json': manifest, 'package-lock.json': '<<<<<<< ours' },
        /package-lock\.json is not JSON/,
      ],
      ['CORRUPT_JSON', { 'package.json': manifest, 'package-lock.json': '' }, /package-lock\.json/],
    ];
    for (const [code, files, message] of cases) {
      const error = await failure(call(inventory, { folder: await project(files) }));
      expect(error, error.message).to.include({ code, retryable: false });
      expect(error.message).to.match(message);
    }
    const missing = await failure(call(inventory, { folder: join(await project({}), 'nowhere') }));
    expect(missing).to.include({ code: 'NO_FOLDER', retryable: false });
    const file = await failure(call(inventory, { folder: join(await project({ f: 'x' }), 'f') }));
    expect(file).to.include({ code: 'NO_FOLDER', retryable: false });
  });

  it('does not mistake a folder for a lockfile', async () => {
    const folder = await project({ 'package.json': {} });
    await mkdir(join(folder, 'package-lock.json'));
    expect(await failure(call(inventory, { folder }))).to.include({ code: 'NO_DEPENDENCY_TREE' });
  });

  it('stops when it is told to', async () => {
    const reason = new Error('cancelled');
    const error = await failure(
      call(inventory, { folder: REPOSITORY }, { context: testContext(AbortSignal.abort(reason)) }),
    );
    expect(error).to.equal(reason);
  });
});
