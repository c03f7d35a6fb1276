// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are expressions of CEL.
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { parseText } from '../../src/definition/text/parse-document.ts';
import type { RepriseError } from '../../src/shared/errors.ts';

function problemsOf(text: string): readonly string[] {
  try {
    parseText(text, 'x.yaml');
  } catch (error) {
    const [, ...lines] = (error as RepriseError).message.split('\n');
    return lines.map((line) => line.trim());
  }
  return [];
}

const INSIDE = 'the quotes inside ${ … } are those around it, so the text ends there: write';
const BARE = 'an expression needs quotes around it here: write';
const OPEN = 'the closing quote is missing: write';

describe('quotes round an expression in YAML', () => {
  const slips: readonly [string, string, string][] = [
    ['double quotes in double quotes', 'x: "${ input.a == "x" }"', `1:4 ${INSIDE} '\${ input.a == "x" }'`],
    ['in a flow map', 'b: { c: "${ has(a) ? a : "n" }", y: 1 }', `1:9 ${INSIDE} '\${ has(a) ? a : "n" }'`],
    ['single quotes in single quotes', "x: 'Dear ${ a == 'x' }!'", `1:4 ${INSIDE} "Dear \${ a == 'x' }!"`],
    ['both kinds inside', `x: "\${ a == 'x' || a == "y" }"`, `1:4 ${INSIDE} '\${ a == ''x'' || a == "y" }'`],
    ['none, in a flow map', 'b: { c: ${ input.x } }', `1:9 ${BARE} '\${ input.x }'`],
    ['none, with text', 'b: { c: ${ a == "x" } }', `1:9 ${BARE} '\${ a == "x" }'`],
    ['none, with a colon', 'x: ${ has(a) ? 1 : 2 }', `1:4 ${BARE} '\${ has(a) ? 1 : 2 }'`],
    ['one that is not closed', 'a:\n  x: "${ input.a }\n  y: "hello"\nb: 1', `2:6 ${OPEN} '\${ input.a }'`],
  ];
  for (const [what, text, problem] of slips) {
    it(`${what}: one message, with what to write`, () => {
      const more = `${text}\nlater: { agent: a, after: b }\nlast: [1, 2]\n`;
      expect(problemsOf(more)).to.deep.equal([problem]);
    });
  }

  it('what is to be written is read', () => {
    for (const [, text, problem] of slips) {
      const write = problem.slice(problem.indexOf('write ') + 'write '.length);
      const mended = text.split('\n')[0]?.startsWith('b:') ? `b: { c: ${write} }` : `x: ${write}`;
      expect(problemsOf(mended), mended).to.deep.equal([]);
    }
  });

  it('two slips are two messages', () => {
    expect(problemsOf('x: "${ a == "x" }"\ny: "${ b == "y" }"\n')).to.deep.equal([
      `1:4 ${INSIDE} '\${ a == "x" }'`,
      `2:4 ${INSIDE} '\${ b == "y" }'`,
    ]);
  });

  it('other mistakes are told as before, without what only follows from them', () => {
    const problems = problemsOf('a: "one" two\nb: { c: 1 } d\n  - e\nf: 1\n');
    expect(problems[0]).to.match(/^1:10 /);
    expect(problems.join('\n')).to.not.match(/in YAML stream/);
    expect(problemsOf('x: "${ a }"\ny: "one" two')).to.have.length(1);
    expect(problemsOf('x: "${ a }"\n# a "${ "comment" }"\ny: "one" two')[0]).to.match(/^3:10 Unexpected/);
  });
});
