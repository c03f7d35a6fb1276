import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { readPages } from './support/markdown.ts';
import { ROOT } from './support/tools.ts';

const UI = join(ROOT, 'plugins', 'monitor-dashboard', 'ui');
const FOLDER = join(ROOT, 'docs', 'images', 'dashboard');
const HOW = 'npm run screenshots';

const wordsOf = (text: string, pattern: RegExp): readonly string[] =>
  [...(pattern.exec(text)?.[1] ?? '').matchAll(/'([\w-]+)'/g)].map(([, word = '']) => word);

/** The pictures that there have to be: of every view that has an address, and every tab of a run. */
function expected(): readonly string[] {
  const views = wordsOf(readFileSync(join(UI, 'pure', 'address.ts'), 'utf8'), /readonly view:\s([^;]+);/);
  const tabs = wordsOf(readFileSync(join(UI, 'app', 'Run.svelte'), 'utf8'), /const TABS = \[([^\]]+)\]/);
  expect(views).to.include.members(['overview', 'runs', 'run', 'diff']);
  expect(tabs).to.include.members(['graph', 'state']);
  return [...views.filter((view) => view !== 'run'), ...tabs.map((tab) => `run-${tab}`)];
}

describe('the pictures of the dashboard', () => {
  const there = readdirSync(FOLDER);

  it(`are of every view, and of no other (${HOW})`, () => {
    expect([...there].sort()).to.deep.equal(
      expected()
        .map((name) => `${name}.webp`)
        .sort(),
    );
  });

  it(`are all shown on its page, with what they show in words (${HOW})`, () => {
    const page = readPages().find(({ path }) => path === 'docs/dashboard.md');
    const text = readFileSync(join(ROOT, 'docs', 'dashboard.md'), 'utf8');
    const shown = [...text.matchAll(/!\[([^\]]*)\]\(images\/dashboard\/([\w-]+\.webp)\)/g)];
    expect(page?.path).to.equal('docs/dashboard.md');
    expect(shown.map(([, , file]) => file).sort()).to.deep.equal([...there].sort());
    for (const [, words = '', file] of shown) expect(words.length, file).to.be.greaterThan(15);
  });

  it('are pictures, and small', () => {
    for (const file of there) {
      const bytes = readFileSync(join(FOLDER, file));
      expect(bytes.toString('latin1', 0, 4) + bytes.toString('latin1', 8, 12), file).to.equal('RIFFWEBP');
      expect(statSync(join(FOLDER, file)).size, file)
        .to.be.greaterThan(5000)
        .and.below(150_000);
    }
  });
});
