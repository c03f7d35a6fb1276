import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { fromFunction } from '../../src/definition/expression.ts';
import { cel, type Expression, evaluate, isRepriseError, type Json, type Scope, template } from '../../src/index.ts';

const scopeOf = (input: Json, outputs: Record<string, Json> = {}): Scope => ({ input, outputs, runId: 'r1', round: 1 });
const value = (source: string, input: Json = null, outputs: Record<string, Json> = {}): Json =>
  evaluate(cel(source), scopeOf(input, outputs));

function failure(
  expression: Expression,
  scope: Scope = scopeOf(null),
): { readonly code: string; readonly message: string } {
  try {
    evaluate(expression, scope);
  } catch (error) {
    if (isRepriseError(error)) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

describe('evaluate: CEL', () => {
  it('reads the scope', () => {
    expect(value('input.name', { name: 'x' })).to.equal('x');
    expect(value('outputs.audit.unknown.size() > 0', null, { audit: { unknown: ['a'] } })).to.equal(true);
    expect(value('outputs["a-b"]', null, { 'a-b': [1] })).to.deep.equal([1]);
    expect(value('outputs.legal == null', null, { legal: null })).to.equal(true);
    expect(value('runId + "/" + string(round)')).to.equal('r1/1');
    expect(evaluate(cel('item.name + string(index)'), { ...scopeOf(null), item: { name: 'a' }, index: 2 })).to.equal(
      'a2',
    );
  });

  it('gives plain JSON: integers as numbers, null in members', () => {
    expect(value('{"n": 1, "list": [1u, 2.5, null, "x"], "deep": {"ok": true}}')).to.deep.equal({
      n: 1,
      list: [1, 2.5, null, 'x'],
      deep: { ok: true },
    });
  });

  it('mixes the two kinds of numbers, since JSON has one', () => {
    const cases: readonly [string, Json][] = [
      ['input.n + 1', 4],
      ['1 - input.n', -2],
      ['input.n * 2', 6],
      ['input.n / 2', 1.5],
      ['7 / 2', 3],
      ['input.n % 2 == 1', true],
      ['input.n == 3', true],
      ['size(input.list) > input.n', false],
      ['input.list[input.n - 1]', 'c'],
    ];
    for (const [source, expected] of cases)
      expect(value(source, { n: 3, list: ['a', 'b', 'c'] }), source).to.equal(expected);
  });

  it('chooses between values of two types', () => {
    expect(value('input.n == 3 ? "three" : null', { n: 4 })).to.equal(null);
    expect(value('input.n == 3 ? [1] : {"a": 1}', { n: 3 })).to.deep.equal([1]);
  });

  it('maps, filters and asks about lists', () => {
    const input = {
      packages: [
        { name: 'a', size: 1 },
        { name: 'b', size: 9 },
      ],
    };
    expect(value('input.packages.filter(p, p.size > 5).map(p, p.name)', input)).to.deep.equal(['b']);
    expect(value('input.packages.exists(p, p.name == "a") && input.packages.all(p, p.size > 0)', input)).to.equal(true);
    expect(value('input.packages.map(p, p.name).join(", ")', input)).to.equal('a, b');
    expect(value('has(input.packages) && !has(input.missing)', input)).to.equal(true);
  });

  it('says what went wrong, with the expression', () => {
    const cases: readonly [string, RegExp][] = [
      ['input.zz', /input\.zz: No such key: zz/],
      ['inptu.name', /no name 'inptu' here; did you mean 'input'\?/],
      ['sise(input)', /no function 'sise' here; did you mean 'size'\?/],
      ['input.list.mapp(x, x)', /no method 'mapp' here; did you mean 'map'\?/],
      ['input.list.map(x, y)', /no name 'y'/],
      ['1 +', /Unexpected token/],
      ['item', /item/],
      ['"a" + 1', /no such overload/],
      ['1.0 / 0.0', /Infinity has no JSON form/],
      ['9223372036854775807', /larger than JSON numbers can hold/],
      ['timestamp("2020-01-01T00:00:00Z")', /no function 'timestamp'/],
      ['b"bytes"', /bytes are not available/],
    ];
    for (const [source, message] of cases) {
      const error = failure(cel(source), scopeOf({ list: [] }));
      expect(error.code, source).to.equal('REPRISE_EXPRESSION_FAILED');
      expect(error.message, source).to.match(message);
    }
  });

  it('cannot reach what is not data', () => {
    for (const source of [
      'input.constructor',
      'input.__proto__',
      'input.toString',
      'input.list.length',
      '"a".constructor',
    ]) {
      expect(failure(cel(source), scopeOf({ list: [] })).code, source).to.equal('REPRISE_EXPRESSION_FAILED');
    }
  });

  it('matches with a linear engine: no pattern hangs', () => {
    const input = { text: `${'a'.repeat(50_000)}!` };
    expect(value('input.text.matches("^(a+)+$")', input)).to.equal(false);
    expect(value('"reprise-1.2".matches("^[a-z]+-\\\\d")')).to.equal(true);
    expect(failure(cel('"a".matches("(")')).code).to.equal('REPRISE_EXPRESSION_FAILED');
    expect(failure(cel('"a".matches(1)')).code).to.equal('REPRISE_EXPRESSION_FAILED');
  });
});

describe('evaluate: budgets', () => {
  const big = Array.from({ length: 10_000 }, (_, index) => ({ id: index }));
  const mebibyte = '1'.repeat(1 << 20);
  const input = { big, mebibyte };

  it('a large list is well within them', () => {
    expect(value('input.big.filter(x, x.id % 2 == 0).map(x, x.id).size()', input)).to.equal(5000);
  });

  const tooMuch: readonly [string, string][] = [
    ['nested comprehensions', 'input.big.exists(a, input.big.exists(b, input.big.exists(c, a.id + b.id + c.id < 0)))'],
    ['an error that is swallowed', 'input.big.exists(a, input.big.exists(b, a.id + b.id < 0)) || true'],
    ['lists made on the way', '[input.big.map(x, 1)].map(a, a.exists(i, a.exists(j, a.exists(k, k == 0))))'],
    ['searching in a loop', 'input.big.filter(x, x in input.big).size()'],
    ['comparing in a loop', 'input.big.filter(x, input.big == input.big).size()'],
    ['a text that doubles', '[input.mebibyte].map(a, a + a)'],
    ['joining large texts', 'input.big.map(x, input.mebibyte).join("").size()'],
    ['converting a large text', 'int(input.mebibyte)'],
    ['a pattern over a large text', 'input.mebibyte.matches("(1{1000}){1000}")'],
    ['source', 'x'.repeat(5000)],
    ['nesting', `${'['.repeat(100)}${']'.repeat(100)}`],
    ['nodes', `1${'+1'.repeat(700)}`],
  ];
  for (const [name, source] of tooMuch) {
    it(`refuses ${name}`, () => {
      expect(failure(cel(source), scopeOf(input)).code).to.equal('REPRISE_EXPRESSION_BUDGET');
    });
  }

  it('one exhausted evaluation does not spoil the next', () => {
    const source = 'input.list.exists(a, input.list.exists(b, input.list.exists(c, a + b + c < 0)))';
    const list = Array.from({ length: 1000 }, (_, index) => index);
    expect(failure(cel(source), scopeOf({ list })).code).to.equal('REPRISE_EXPRESSION_BUDGET');
    expect(value(source, { list: [1, 2] })).to.equal(false);
  });
});

describe('evaluate: anything at all', () => {
  const piece = fc.constantFrom(
    ...[
      'input',
      'outputs',
      '.a',
      '["a"]',
      '[0]',
      '(',
      ')',
      '[',
      ']',
      '{',
      '}',
      ',',
      ':',
      '?',
      '+',
      '-',
      '*',
      '/',
      '%',
      '!',
      '&&',
      '||',
    ],
    ...[
      '==',
      '<',
      ' in ',
      '1',
      '2.5',
      '"t"',
      'null',
      'true',
      'x',
      '.map(x, ',
      '.filter(x, ',
      '.exists(x, ',
      '.size()',
      'size(',
      'has(',
    ],
    ...['.matches("a+")', '.split(",")', '.join()', 'string(', 'int(', 'dyn('],
  );
  const scope = scopeOf({ a: [{ a: 1 }, 'x', null], b: 'text' }, { a: { a: [1, 2, 3] } });

  it('random CEL gives plain JSON or a RepriseError, never anything else', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 25 }).map((parts) => parts.join('')),
        ),
        (source) => {
          try {
            const result = evaluate(cel(source), scope);
            expect(JSON.parse(JSON.stringify(result))).to.deep.equal(result);
          } catch (error) {
            if (!isRepriseError(error)) throw error;
            expect(error.code).to.be.oneOf(['REPRISE_EXPRESSION_FAILED', 'REPRISE_EXPRESSION_BUDGET']);
          }
        },
      ),
      { numRuns: 1500 },
    );
  });

  it('leaves the scope as it was', () => {
    const before = JSON.stringify(scope);
    for (const source of ['input.a + [1]', 'input.a.map(x, x)', 'outputs.a.a.filter(x, x > 1)'])
      value(source, scope.input, { ...scope.outputs });
    expect(JSON.stringify(scope)).to.equal(before);
  });
});

describe('evaluate: templates', () => {
  const fill = (json: Json, input: Json = { name: 'x', n: 2 }): Json => evaluate(template(json), scopeOf(input));

  it('replaces whole strings by values, of any type', () => {
    expect(
      fill({ a: `\${ input.n + 1 }`, b: [`\${input.name}`, 7, null, true], c: { d: `\${ input }` } }),
    ).to.deep.equal({
      a: 3,
      b: ['x', 7, null, true],
      c: { d: { name: 'x', n: 2 } },
    });
    expect(fill(`\${ input.n }`)).to.equal(2);
  });

  it(`leaves every other text alone; $\${ is \${`, () => {
    expect(fill([`Hello \${input.name}`, '$5', `$\${ input.name }`, `\${`, 'a}', ''])).to.deep.equal([
      `Hello \${input.name}`,
      '$5',
      `\${ input.name }`,
      `\${`,
      'a}',
      '',
    ]);
  });
});

describe('evaluate: functions', () => {
  const run = (fn: (scope: Scope) => unknown): Json => evaluate(fromFunction(fn), scopeOf({ n: 1 }, { a: [1] }));

  it('are called with the scope; undefined is null', () => {
    expect(run(({ input, outputs }) => ({ input, a: outputs['a'] }))).to.deep.equal({ input: { n: 1 }, a: [1] });
    expect(run(() => undefined)).to.equal(null);
    expect(run(() => ({ kept: 1, gone: undefined }))).to.have.all.keys('kept');
  });

  it('fail in words', () => {
    const message = (fn: (scope: Scope) => unknown): string => failure(fromFunction(fn)).message;
    expect(
      message(() => {
        throw new Error('no luck');
      }),
    ).to.include('no luck');
    expect(message(async () => 1)).to.include('synchronous');
    expect(message(() => new Map())).to.include('an instance of Map');
    expect(message(() => [Number.NaN])).to.include('NaN');
    expect(failure({ kind: 'function', digest: 'x' }).message).to.include('not registered');
  });

  it('that go round in circles are refused', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    expect(failure(fromFunction(() => circle)).message).to.include('nested deeper');
  });
});
