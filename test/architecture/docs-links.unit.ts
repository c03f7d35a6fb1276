import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type Page, parsePage, readPages } from './support/markdown.ts';
import { ROOT } from './support/tools.ts';

/** What is wrong with the links of a page; empty when nothing is. */
function brokenLinks(page: Page, anchorsOf: (path: string) => ReadonlySet<string>): readonly string[] {
  const broken: string[] = [];
  for (const { target, line } of page.links) {
    if (/^[a-z]+:/.test(target)) continue;
    const [file = '', anchor] = target.split('#');
    const path = file === '' ? page.path : normalize(join(dirname(page.path), file));
    const place = `${page.path}:${line}: ${target}`;
    if (path.startsWith('..') || !existsSync(join(ROOT, path))) broken.push(`${place}: no such file`);
    else if (anchor !== undefined && path.endsWith('.md') && !anchorsOf(path).has(anchor)) {
      broken.push(`${place}: no such heading`);
    }
  }
  return broken;
}

const anchorsOf = (path: string): ReadonlySet<string> =>
  parsePage(path, readFileSync(join(ROOT, path), 'utf8')).anchors;

describe('links in the documents', () => {
  it('lead somewhere', () => {
    const pages = readPages();
    expect(pages.map(({ path }) => path)).to.include.members(['README.md', 'docs/architecture.md', 'core/README.md']);
    expect(pages.flatMap((page) => brokenLinks(page, anchorsOf))).to.deep.equal([]);
  });

  it('are told when they are broken', () => {
    const text = '# A *b*: `c`!\n[1](#a-b-c) [2](#absent) [3](absent.md) [4](https://example.org) `[5](absent.md)`\n';
    const page = parsePage('README.md', text);
    expect(brokenLinks(page, () => page.anchors)).to.deep.equal([
      'README.md:2: #absent: no such heading',
      'README.md:2: absent.md: no such file',
    ]);
  });

  it('are not looked for in blocks', () => {
    const page = parsePage('README.md', '```md\n[1](absent.md)\n# Not a heading\n```\n');
    expect(page.links).to.deep.equal([]);
    expect([...page.anchors]).to.deep.equal([]);
    expect(page.blocks).to.deep.equal([{ language: 'md', text: '[1](absent.md)\n# Not a heading', line: 1 }]);
  });
});
