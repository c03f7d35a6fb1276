import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { cel, isRepriseError, loadDefinition, parseWorkflow, template, workflow } from '../../src/index.ts';

const withInput = (input: string): string => `name: x\ntasks:\n  a:\n    agent: q\n    input: ${input}\n`;

function problems(parse: () => unknown): readonly { readonly line?: number; readonly message: string }[] {
  try {
    parse();
  } catch (error) {
    if (isRepriseError(error, 'REPRISE_DEFINITION_INVALID')) return error.details['problems'] as never;
    throw error;
  }
  return [];
}

const BEYOND = /the whole number .* is beyond 9007199254740991 \(2\^53 - 1\) and would be rounded; write it as text/;

describe('whole numbers beyond 2^53 - 1', () => {
  const refused = [
    ...['9007199254740992', '9007199254740993', '-9007199254740993', '+9007199254740993', '12345678901234567890'],
    ...['0x20000000000001', '0o1000000000000000000001', '9'.repeat(400)],
  ];
  for (const number of refused) {
    it(`${number.slice(0, 30)} is refused in YAML and JSON, with its place`, () => {
      const places = [
        withInput(number),
        withInput(`{ n: [1, ${number}] }`),
        withInput(`\n      n:\n        - ${number}`),
        `name: x\ntasks: { a: { agent: q, priority: ${number} } }`,
      ];
      if (/^-?\d+$/.test(number))
        places.push(`{"name":"x","tasks":{"a":{"agent":"q","fallback":{"value":${number}}}}}`);
      for (const text of places) {
        const [problem, ...others] = problems(() => parseWorkflow(text));
        expect(others).to.deep.equal([]);
        expect(problem?.message).to.match(number.length > 300 ? /has no JSON form/ : BEYOND);
        expect(problem?.line).to.equal(text.slice(0, text.indexOf(number)).split('\n').length);
      }
    });
  }

  it('are taken as texts, as keys, and as doubles', () => {
    const text = withInput(
      '{ a: "9007199254740993", b: 9007199254740991, c: 1e20, d: 9007199254740993.0, 9007199254740993: x }',
    );
    expect(parseWorkflow(text).definition.tasks[0]?.input).to.deep.equal({
      kind: 'template',
      template: {
        a: '9007199254740993',
        b: 9007199254740991,
        c: 1e20,
        d: 9007199254740992,
        '9007199254740993': 'x',
      },
    });
  });

  it('nor is anything taken that no number is', () => {
    for (const number of ['1e400', '-1e400', '.inf', '-.inf', '.nan']) {
      const [problem] = problems(() => parseWorkflow(withInput(`[${number}]`)));
      expect(problem?.message, number).to.match(/has no JSON form; write it as text/);
      expect(problem?.line, number).to.equal(5);
    }
  });

  it('are refused in CEL, templates included', () => {
    const sources = ['input.id == 9007199254740993', '-9007199254740993 < input.id', 'input.id in [0x20000000000001]'];
    for (const source of [...sources, 'input.id == 9007199254740992u', 'input.list.exists(x, x > 9007199254740993)']) {
      const inText = problems(() => parseWorkflow(`name: x\ntasks: { a: { agent: q, when: "${source}" } }`));
      const inTemplate = problems(() =>
        loadDefinition({ name: 'x', tasks: { a: { agent: 'q', input: [`\${ ${source} }`] } } }),
      );
      const built = workflow('x').task('a', 'q', { input: template({ n: [`\${${source}}`] }) });
      const conditional = workflow<{ id: number }>('x').task('a', 'q', { when: cel(source) });
      for (const found of [inText, inTemplate, problems(() => built.build()), problems(() => conditional.build())]) {
        expect(found.map(({ message }) => message).join(), source).to.match(BEYOND);
      }
    }
    for (const source of ['input.id == 9007199254740991', 'input.id == "9007199254740993"', 'input.id == 1e20'])
      expect(problems(() => loadDefinition({ name: 'x', tasks: { a: { agent: 'q', when: source } } }))).to.deep.equal(
        [],
      );
  });

  it('any whole number is read as written, or refused', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), (whole) => {
        const found = problems(() => {
          const { definition } = parseWorkflow(withInput(`{ n: ${whole} }`));
          expect(definition.tasks[0]?.input).to.deep.equal({ kind: 'template', template: { n: Number(whole) } });
          expect(BigInt(Number(whole))).to.equal(whole);
        });
        expect(found.length > 0).to.equal(whole > 2n ** 53n - 1n || whole < -(2n ** 53n - 1n));
      }),
    );
  });
});
