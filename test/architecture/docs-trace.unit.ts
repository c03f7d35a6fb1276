import { existsSync, readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { readPages } from './support/markdown.ts';
import { ROOT } from './support/tools.ts';

// docs/architecture.md says where each step is done: `function()` in [file](link). This keeps it true.

interface Claim {
  readonly name: string;
  readonly file: string;
}

const TOKEN = /`(?:\w+\.)?(#?\w+)\(\)`|\]\(([^)#\s]+\.ts)\)/g;

/** `Class.method()` and `function()`, each with the TypeScript file that is linked next in the paragraph or table row. */
function claimsIn(text: string): readonly Claim[] {
  return text.split(/\n\s*\n|\n(?=\|)/).flatMap((paragraph) => {
    const claims: Claim[] = [];
    let pending: string[] = [];
    for (const [, name, path] of paragraph.matchAll(TOKEN)) {
      if (name !== undefined) pending.push(name);
      if (path === undefined) continue;
      const file = normalize(join('docs', path));
      claims.push(...pending.map((one) => ({ name: one, file })));
      pending = [];
    }
    return claims;
  });
}

/** The file declares it: a function, a constant, or a method at the beginning of a line. */
const holds = ({ name, file }: Claim): boolean => {
  const path = join(ROOT, file);
  const declared = new RegExp(`(function\\*?|const) ${name}\\b|^\\s+(override )?(async )?\\*?${name}[<(]`, 'm');
  return existsSync(path) && declared.test(readFileSync(path, 'utf8'));
};

const show = ({ name, file }: Claim): string => `${name}() is not in ${file}`;

describe('the places that docs/architecture.md names', () => {
  const page = readPages().find(({ path }) => path === 'docs/architecture.md');
  const claims = claimsIn(page?.prose.join('\n') ?? '');

  it('have what it says', () => {
    expect(claims).to.have.length.above(20);
    expect(claims.filter((claim) => !holds(claim)).map(show)).to.deep.equal([]);
  });

  it('are told when they have not', () => {
    const text =
      '`initialState()`, `Other.absent()` in\n[decide.ts](../core/src/orchestration/workflow/state.ts)\n\n`unbound()`';
    expect(claimsIn(text).map(({ name }) => name)).to.deep.equal(['initialState', 'absent']);
    expect(claimsIn(text).map(holds)).to.deep.equal([true, false]);
  });
});
