import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { fromFunction } from '../../src/definition/expression.ts';
import { cel, evaluate, isRepriseError, type Json, loadDefinition, type Scope, template } from '../../src/index.ts';

const scopeOf = (input: Json, outputs: Record<string, Json> = {}): Scope => ({ input, outputs, runId: 'r1', round: 1 });
const value = (source: string, input: Json = null, outputs: Record<string, Json> = {}): Json =>
  evaluate(cel(source), scopeOf(input, outputs));

function failure(source: string, input: Json = null): string {
  try {
    evaluate(cel(source), scopeOf(input));
  } catch (error) {
    if (isRepriseError(error)) return `${error.code} ${error.message}`;
    throw error;
  }
  throw new Error(`it did not fail: ${source}`);
}

const NAMES = ['constructor', 'toString', 'valueOf', 'hasOwnProperty', 'prototype', '__proto__', 'then', 'length'];
/** As JSON.parse makes it, so that `__proto__` is a member. */
const withMember = (name: string, member: Json): Json =>
  JSON.parse(`{"other":1,"${name}":${JSON.stringify(member)}}`) as Json;

describe('CEL reads members of any name', () => {
  for (const name of NAMES) {
    it(`${name}: when it is there`, () => {
      for (const member of ['text', 7, { a: 1 }, [1, 2], true, null] satisfies Json[]) {
        const input = withMember(name, member);
        for (const source of [
          `input.${name}`,
          `input["${name}"]`,
          `input[input.${name} == null ? "${name}" : "${name}"]`,
        ])
          expect(value(source, input), source).to.deep.equal(member);
        expect(value('input.other', input)).to.equal(1);
        expect(value(`has(input.${name}) && "${name}" in input && !has(input.missing)`, input)).to.equal(true);
        expect(value('size(input) + input.size()', input)).to.equal(4);
        expect(value('input.map(key, key)', input)).to.deep.equal(['other', name]);
        expect(value('input == input && [input] == [input] && input in [1, input]', input)).to.equal(true);
        expect(value('input != {"other": 1}', input)).to.equal(true);
        expect(value(`[input, input].filter(x, x.other == 1).map(x, x.${name})`, input)).to.deep.equal([
          member,
          member,
        ]);
        expect(value(`has(input.a.${name}.${name})`, { a: withMember(name, withMember(name, member)) })).to.equal(true);
        expect(value(`outputs.a.${name}`, null, { a: input })).to.deep.equal(member);
      }
    });

    it(`${name}: when it is not`, () => {
      for (const input of [{}, { other: 1 }, { constructors: {} }] satisfies Json[]) {
        expect(value(`has(input.${name}) || "${name}" in input`, input)).to.equal(false);
        expect(failure(`input.${name}`, input)).to.include(`No such key: ${name}`);
        expect(failure(`input["${name}"]`, input)).to.include(`No such key: ${name}`);
      }
      expect(failure(`input.${name}`, [])).to.match(/^REPRISE_EXPRESSION_FAILED/);
      expect(failure(`input.${name}`, 'text')).to.match(/^REPRISE_EXPRESSION_FAILED/);
    });
  }

  it('builds objects with such members, and reads them', () => {
    for (const name of NAMES.filter((one) => one !== '__proto__')) {
      expect(value(`{"${name}": 1, "b": input}`, 2)).to.deep.equal({ [name]: 1, b: 2 });
      expect(value(`{"${name}": "x"}.${name}`)).to.equal('x');
      expect(value(`{input: "x"}[input]`, name)).to.equal('x');
      expect(value(`[{"${name}": 1}].map(x, x.${name})`)).to.deep.equal([1]);
      expect(value(`[1, 2].map(x, {input: x})`, name)).to.deep.equal([{ [name]: 1 }, { [name]: 2 }]);
      expect(value(`{"a": {"${name}": 1}}.a == {"${name}": 1}`)).to.equal(true);
      expect(value(`input == {"${name}": {"${name}": 1}}`, { [name]: { [name]: 1 } })).to.equal(true);
      expect(evaluate(template({ [name]: `\${ {"${name}": 1} }` }), scopeOf(null))).to.deep.equal({
        [name]: { [name]: 1 },
      });
    }
    expect(failure('{"__proto__": 1}')).to.include('the key "__proto__" is refused');
    expect(value('{"__proto__": 1}["__proto__"]')).to.equal(1);
  });

  it('reads the outputs of tasks with such names', () => {
    expect(
      value('outputs.constructor.ok && outputs["toString"] == 1', null, {
        constructor: { ok: true },
        toString: 1,
      } as never),
    ).to.equal(true);
    const { definition } = loadDefinition({
      name: 'x',
      tasks: {
        constructor: { agent: 'q' },
        b: { agent: 'q', after: 'constructor', when: 'outputs.constructor.ok' },
      } as never,
    });
    expect(definition.tasks.map(({ id }) => id)).to.deep.equal(['constructor', 'b']);
  });

  it('any member of any object is what it is', () => {
    const name = fc.oneof(
      fc.constantFrom(...NAMES.filter((one) => one !== '__proto__')),
      fc.stringMatching(/^[a-h]{1,3}$/),
    );
    const json = fc.letrec<{ value: Json }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.integer(),
        fc.string(),
        fc.constant(null),
        fc.array(tie('value')),
        fc.dictionary(name, tie('value')),
      ),
    })).value;
    fc.assert(
      fc.property(fc.dictionary(name, json, { minKeys: 1 }), name, (input, other) => {
        for (const key of Object.keys(input)) expect(value(`input.${key}`, input)).to.deep.equal(input[key]);
        expect(value(`has(input.${other})`, input)).to.equal(Object.hasOwn(input, other));
        expect(value('input == outputs.copy', input, { copy: JSON.parse(JSON.stringify(input)) as Json })).to.equal(
          true,
        );
        expect(value('[input].map(x, x)[0]', input)).to.deep.equal(input);
      }),
      { numRuns: 100 },
    );
  });
});

describe('texts are counted in characters (code points)', () => {
  // A combining mark is a character of its own; so are the parts of a family.
  const texts = ['abc', 'a😀b', '😀😀', 'e\u0301x', '👨‍👩‍👧', '', '𝒳y𝒵', '日本語'];

  it('substring counts as size does', () => {
    expect(value('input.substring(1)', '😀bc')).to.equal('bc');
    expect(value('input.substring(0, 1)', '😀bc')).to.equal('😀');
    expect(value('input.substring(0, 1) + "|" + input.substring(1)', 'e\u0301x')).to.equal('e|\u0301x');
    for (const text of texts) {
      const chars = [...text];
      expect(value('size(input) == input.size() && input.substring(0, size(input)) == input', text)).to.equal(true);
      for (let start = 0; start <= chars.length; start += 1) {
        expect(value(`input.substring(${start})`, text)).to.equal(chars.slice(start).join(''));
        for (let end = start; end <= chars.length; end += 1)
          expect(value(`input.substring(${start}, ${end})`, text)).to.equal(chars.slice(start, end).join(''));
      }
      expect(failure(`input.substring(0, ${chars.length + 1})`, text)).to.match(/^REPRISE_EXPRESSION_FAILED/);
      expect(failure(`input.substring(${chars.length + 1})`, text)).to.match(/^REPRISE_EXPRESSION_FAILED/);
    }
    for (const source of [
      'input.substring(-1)',
      'input.substring(2, 1)',
      'input.substring("1")',
      'input.substring(1.5)',
    ])
      expect(failure(source, 'abc'), source).to.match(/^REPRISE_EXPRESSION_FAILED/);
    expect(failure('input.substring(1)', [1, 2])).to.include('substring() is a method of texts');
    expect(failure('input.t.substring(input.n)', { t: 'abc', n: 1.5 })).to.include('substring() needs a whole number');
    expect(value('input.t.substring(input.n)', { t: 'a😀c', n: 2 })).to.equal('c');
  });

  it('indexOf, lastIndexOf and split do, too', () => {
    const cases: readonly [string, Json][] = [
      ['input.indexOf("b")', 2],
      ['input.lastIndexOf("b")', 4],
      ['input.indexOf("b", 3)', 4],
      ['input.lastIndexOf("b", 3)', 2],
      ['input.indexOf("😀")', 1],
      ['input.lastIndexOf("😀")', 3],
      ['input.indexOf("z")', -1],
      ['input.lastIndexOf("z")', -1],
      ['input.indexOf("")', 0],
      ['input.lastIndexOf("")', 5],
      ['input.indexOf("", 2)', 2],
      ['input.substring(input.indexOf("b"), input.lastIndexOf("b"))', 'b😀'],
      ['input.split("")', ['a', '😀', 'b', '😀', 'b']],
      ['input.split("", 3)', ['a', '😀', 'b😀b']],
      ['input.split("b", 2)', ['a😀', '😀b']],
      ['input.split("b", 0)', []],
      ['input.split("b", -1)', ['a😀', '😀', '']],
      ['input.split("😀").size()', 3],
    ];
    for (const [source, expected] of cases) expect(value(source, 'a😀b😀b'), source).to.deep.equal(expected);
    for (const source of [
      'input.indexOf("b", 5)',
      'input.indexOf("b", -1)',
      'input.lastIndexOf("b", 5)',
      'input.indexOf(1)',
    ])
      expect(failure(source, 'a😀b😀b'), source).to.match(/^REPRISE_EXPRESSION_FAILED/);
  });

  it('any place that is found is one that substring takes', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '😀', '\u0301', '𝒳'), maxLength: 12 });
    fc.assert(
      fc.property(text, text, (whole, part) => {
        const input = { whole, part };
        const at = value('input.whole.indexOf(input.part)', input) as number;
        expect(at >= 0).to.equal(whole.includes(part));
        if (at < 0) return;
        expect(value('input.whole.substring(input.whole.indexOf(input.part)).startsWith(input.part)', input)).to.equal(
          true,
        );
        expect(
          value('input.whole.substring(input.whole.lastIndexOf(input.part)).startsWith(input.part)', input),
        ).to.equal(true);
      }),
    );
  });

  it('costs steps as before', () => {
    const list = Array.from({ length: 10_000 }, () => 0);
    const input = { list, text: '😀'.repeat(100_000) };
    for (const work of [
      'x.substring(1) == ""',
      'x.indexOf("z") > 0',
      'x.lastIndexOf("z") > 0',
      'size(x.split("")) == 0',
    ])
      expect(failure(`input.list.exists(i, [input.text].exists(x, ${work}))`, input), work).to.match(
        /^REPRISE_EXPRESSION_BUDGET/,
      );
  });
});

describe('large values go by reference', () => {
  const big = Array.from({ length: 30_000 }, (_, index) => ({ id: index, tags: ['a'] }));
  const list = Array.from({ length: 700 }, (_, index) => index);

  it('a list of 700 times the same one is neither copied nor walked through 700 times', () => {
    let looks = 0;
    const watched = new Proxy(big, {
      get: (target, key, receiver) => {
        if (key === 'length') looks += 1;
        return Reflect.get(target, key, receiver) as unknown;
      },
    });
    const scope = { ...scopeOf({ list }), item: { big: watched } };
    const result = evaluate(cel('input.list.map(i, {"n": i, "a": item.big, "again": [item.big]})'), scope);
    expect(result).to.have.length(700);
    for (const member of result as unknown as { n: number; a: unknown; again: unknown[] }[]) {
      expect(member.a === watched && member.again[0] === watched).to.equal(true);
    }
    expect(looks).to.be.below(30_000 * 40);
  });

  it('nor in templates, nor from functions; what is shared in many ways is looked at once', () => {
    const scope = { ...scopeOf({ list, big }) };
    const filled = evaluate(
      template(Array.from({ length: 500 }, () => `\${ input.big }`)),
      scope,
    ) as readonly unknown[];
    expect(filled.every((member) => member === big)).to.equal(true);
    let shared: unknown = [undefined, 1];
    for (let level = 0; level < 100; level += 1) shared = [shared, shared];
    let result = evaluate(
      fromFunction(() => shared),
      scopeOf(null),
    );
    for (let level = 0; level < 100; level += 1) result = (result as readonly Json[])[0] as Json;
    expect(result).to.deep.equal([null, 1]);
  });

  it('nor are they quoted in messages', () => {
    const text = 'x'.repeat(900_000);
    for (const source of ['bool(input.text)', 'input[input.text]'])
      expect(failure(source, { text }), source).to.have.length.below(500);
  });

  it('what is shared and too deep is refused at its deepest place', () => {
    let deep: unknown = 1;
    for (let level = 0; level < 150; level += 1) deep = [deep];
    let deeper: unknown = deep;
    for (let level = 0; level < 100; level += 1) deeper = [deeper];
    const lots = Array.from({ length: 100_001 }, () => []);
    expect(() =>
      evaluate(
        fromFunction(() => [lots, deep, deeper]),
        scopeOf(null),
      ),
    ).to.throw(/nested deeper than 200 levels/);
  });
});
