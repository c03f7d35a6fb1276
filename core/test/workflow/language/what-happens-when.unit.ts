import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Decision } from './decisions/decision.ts';

const PAGE = new URL('../../../../docs/what-happens-when.md', import.meta.url);

const TEXT = readFileSync(PAGE, 'utf8');

const rows = [...TEXT.matchAll(/^\| (.+) \| \[[\w-]+\.ts\]\((.+)\) \|$/gm)].map(([, says = '', file = '']) => ({
  says,
  file,
}));

/** What the file that a line links to shows: each decision with at least one test. */
async function shownBy(file: string): Promise<ReadonlySet<string>> {
  const lists = Object.values((await import(new URL(file, PAGE).href)) as Record<string, readonly Decision[]>);
  const tested = lists.flat().filter(({ shown = {}, elsewhere = [] }) => Object.keys(shown).length + elsewhere.length);
  return new Set(tested.map(({ says }) => says));
}

describe('the page of what happens when', () => {
  it('has lines that link to the tests that show them, word for word', async () => {
    const lines = TEXT.match(/^\|(?! decided \|)(?!---).*$/gm);
    expect(rows)
      .to.have.length.above(40)
      .and.of.length(lines?.length ?? 0);
    const without: string[] = [];
    for (const { says, file } of rows) if (!(await shownBy(file)).has(says)) without.push(`${file}: ${says}`);
    expect(without).to.deep.equal([]);
  });
});
