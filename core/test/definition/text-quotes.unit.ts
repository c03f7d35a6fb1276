// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are expressions of CEL.
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { parseText } from '../../src/definition/text/parse-document.ts';
import { parseWorkflow } from '../../src/definition/text/parse-workflow.ts';
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

  const MISSING = 'the closing quote is missing: write';
  const AROUND = 'the quotes inside are those around it, so the text ends there: write';
  const plain: readonly [what: string, text: string, problem: string][] = [
    ['double, in a flow map', 'a: { agent: "x, after: b }', `1:13 ${MISSING} "x"`],
    ['single, in a flow map', "a: { agent: 'x, after: b }", `1:13 ${MISSING} 'x'`],
    ['with words', 'a: { agent: x, input: { q: "it is so, r: 1 } }', `1:28 ${MISSING} "it is so"`],
    ['in a block', 'a:\n  agent: "x\n  after: b', `2:10 ${MISSING} "x"`],
    ['before a comment', 'a:\n  agent: "x # the first\n  after: b', `2:10 ${MISSING} "x"`],
    ['far above what follows', `description: "hello\na: b\n${'- c\n'.repeat(300)}`, `1:14 ${MISSING} "hello"`],
    ['of a key', '"a: { agent: x }', `1:1 ${MISSING} "a"`],
    ['of one in a list', 'a: ["a", "b, "c"]', `1:10 ${MISSING} "b"`],
    ['of one in a list of lines', 'a:\n  - "a"\n  - "b\n  - "c"', `3:5 ${MISSING} "b"`],
    ['with CEL', `a: { when: 'outputs.a == "b" }`, `1:12 ${MISSING} 'outputs.a == "b"'`],
    ['in JSON', '{"name": "w", "tasks": {"a": {"agent": "x, "after": "b"}}}', `1:40 ${MISSING} "x"`],
    ['one too many, in a word', "a: { q: 'it's', r: 1 }", `1:9 ${AROUND} "it's"`],
    ['two too many, round a word', 'a: { q: "say "hi"", r: 1 }', `1:9 ${AROUND} 'say "hi"'`],
  ];
  for (const [what, text, problem] of plain) {
    it(`one quote that is missing is one message that says so: ${what}`, () => {
      const more = text.startsWith('{') ? text : `${text}\nlater: { agent: a, after: "b" }\nlast: [1, 2]\n`;
      expect(problemsOf(more)).to.deep.equal([problem]);
    });
  }

  it('quotes that are well are not blamed for another mistake', () => {
    for (const well of [
      'x: "one\n  two"',
      "x: { q: 'it''s', r: \"a, b\" }",
      'x: don\'t, say "no',
      '# "no',
      'x: |\n  it\'s "so',
    ]) {
      const [problem, ...others] = problemsOf(`${well}\ny: [1, 2\nz: 1\n`);
      expect(problem, well).to.not.match(/quote/);
      expect(
        others.filter((other) => /quote/.test(other)),
        well,
      ).to.deep.equal([]);
    }
  });

  it('a quote without its beginning is told of where a name is needed', () => {
    const told = (task: string): string => {
      try {
        parseWorkflow(`name: w\ntasks:\n  a: ${task}\n`);
      } catch (error) {
        return (error as RepriseError).message;
      }
      return '';
    };
    expect(told('{ agent: x" }').split('\n')).to.have.length(2);
    expect(told('{ agent: x" }')).to.include('tasks.a.agent: a quote stands on one side only: write x or "x"');
    expect(told('{ agent: x, when: input.a == "b }')).to.match(/tasks\.a\.when: CEL expression .*[Uu]nterminated/);
  });
});
