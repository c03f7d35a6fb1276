import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { parsePage } from './support/markdown.ts';
import { ROOT } from './support/tools.ts';

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly files?: readonly string[];
}

interface Package {
  readonly folder: string;
  readonly manifest: Manifest;
}

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** The packages that go to the registry. */
const published: readonly Package[] = globSync('{core,cli,plugins/*,cli/*,test/conformance}/package.json', {
  cwd: ROOT,
})
  .map((path) => ({ folder: dirname(path), manifest: JSON.parse(read(path)) as Manifest }))
  .filter(({ manifest }) => manifest.private !== true);

/** Relative links of a README that lead to nothing in its tarball. */
function linksOut(text: string, files: readonly string[]): readonly string[] {
  return parsePage('README.md', text)
    .links.map(({ target }) => target)
    .filter((target) => {
      if (/^[a-z]+:|^#/.test(target)) return false;
      const path = posix.normalize(target.split('#')[0] ?? '');
      return !files.some((entry) => path === entry || path.startsWith(`${entry}/`));
    });
}

describe('what is published', () => {
  it('are these packages, and others', () => {
    expect(published.map(({ manifest }) => manifest.name)).to.include.members([
      '@reprise/core',
      '@reprise/cli',
      '@reprise/conformance',
      '@reprise/event-store-sqlite',
    ]);
  });

  for (const { folder, manifest } of published) {
    it(`${manifest.name} has the licence, and a README that leads nowhere outside the tarball`, () => {
      // npm packs LICENSE whatever `files` says.
      expect(existsSync(join(ROOT, folder, 'LICENSE')), `${folder}/LICENSE: copy the one of the root`).to.equal(true);
      expect(read(`${folder}/LICENSE`)).to.equal(read('LICENSE'));
      expect(linksOut(read(`${folder}/README.md`), [...(manifest.files ?? []), 'LICENSE'])).to.deep.equal([]);
    });
  }

  it('links that lead out are told', () => {
    const text = '[1](src) [2](src/a.ts#L1) [3](../docs/a.md) [4](https://x.y) [5](#a) [6](test/a.ts) [7](LICENSE)';
    expect(linksOut(text, ['src', 'LICENSE'])).to.deep.equal(['../docs/a.md', 'test/a.ts']);
  });
});
