import { type Json, schemaFlaws } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { checkSchema } from '../../src/definition/schema/schema-problems.ts';

const problemsOf = (schema: Json): readonly string[] => {
  const found: string[] = [];
  checkSchema(schema, [], (path, problem) => found.push(`${path.join('.')}: ${problem}`));
  return found;
};

/** A schema, values that fit it, and values that do not. */
type Row = readonly [schema: Json, fits: readonly Json[], others: readonly Json[]];

const ROWS: readonly Row[] = [
  [true, [null, 1, {}], []],
  [false, [], [null, 1, {}]],
  [{ type: 'integer' }, [1, 1.0, -3], [1.5, '1', null, true]],
  [{ type: ['string', 'null'] }, ['', null], [0, [], {}]],
  [{ type: 'object' }, [{}], [[], null, 'x']],
  [{ type: 'array' }, [[]], [{}, 'x']],
  [{ enum: ['a', 1, { x: [1] }] }, ['a', 1, { x: [1] }], ['b', '1', { x: [2] }, { x: [1], y: 1 }]],
  [{ const: { a: 1, b: 2 } }, [{ b: 2, a: 1 }], [{ a: 1 }, null]],
  [{ const: null }, [null], [0, false, '']],
  [{ minLength: 2, maxLength: 3 }, ['ab', '😀😀', 'abc', 5], ['a', '😀', 'abcd']],
  [{ pattern: '^[a-z]+[0-9]$' }, ['abc1', 1], ['1abc', '']],
  [{ minimum: 1, maximum: 3 }, [1, 3, 'x'], [0, 4]],
  [{ exclusiveMinimum: 1, exclusiveMaximum: 3 }, [2], [1, 3]],
  [{ multipleOf: 0.1 }, [0.3, 1, -0.7], [0.35]],
  [{ minItems: 1, maxItems: 2 }, [[1], [1, 2], 'x'], [[], [1, 2, 3]]],
  [
    { uniqueItems: true },
    [
      [1, 2],
      [{ a: 1 }, { a: 2 }],
    ],
    [
      [1, 1],
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
    ],
  ],
  [{ prefixItems: [{ type: 'string' }], items: { type: 'number' } }, [['a', 1, 2], []], [[1], ['a', 'b']]],
  [{ prefixItems: [true], items: false }, [[1]], [[1, 2]]],
  [{ contains: { const: 1 }, maxContains: 2 }, [[1], [1, 2, 1]], [[], [2], [1, 1, 1]]],
  [{ contains: { const: 1 }, minContains: 0 }, [[], [2]], []],
  [{ required: ['a'] }, [{ a: null }, 5], [{}, { b: 1 }]],
  [
    {
      properties: { a: { type: 'number' } },
      patternProperties: { '^x': { type: 'string' } },
      additionalProperties: false,
    },
    [{ a: 1, x1: '' }],
    [{ a: '' }, { x1: 1 }, { b: 1 }],
  ],
  [{ additionalProperties: { type: 'number' } }, [{ a: 1 }], [{ a: 'x' }]],
  [{ propertyNames: { maxLength: 1 } }, [{ a: 1 }], [{ ab: 1 }]],
  [{ minProperties: 1, maxProperties: 2 }, [{ a: 1 }], [{}, { a: 1, b: 1, c: 1 }]],
  [{ dependentRequired: { a: ['b'] } }, [{ b: 1 }, { a: 1, b: 1 }], [{ a: 1 }]],
  [{ dependentSchemas: { a: { maxProperties: 1 } } }, [{ a: 1 }, { b: 1, c: 1 }], [{ a: 1, b: 1 }]],
  [{ allOf: [{ minimum: 1 }, { maximum: 3 }] }, [2], [0, 4]],
  [{ anyOf: [{ type: 'string' }, { minimum: 3 }] }, ['x', 3], [2]],
  [{ oneOf: [{ minimum: 1 }, { maximum: 3 }] }, [0, 4], [2]],
  [{ not: { type: 'null' } }, [1], [null]],
  [{ if: { type: 'string' }, then: { minLength: 1 }, else: { minimum: 1 } }, ['a', 1], ['', 0]],
  [
    {
      $defs: { tree: { type: 'object', properties: { of: { type: 'array', items: { $ref: '#/$defs/tree' } } } } },
      $ref: '#/$defs/tree',
    },
    [{}, { of: [{ of: [] }] }],
    [{ of: [{ of: [1] }] }, 1],
  ],
  [{ $defs: { 'a/b~c': { const: 1 } }, $ref: '#/$defs/a~1b~0c' }, [1], [2]],
  [{ format: 'date' }, ['2024-02-29', 1], ['2023-02-29', '2024-2-1', 'x']],
  [
    { format: 'date-time' },
    ['2024-02-29T10:00:00Z', '2024-01-01T10:00:00.5+02:00'],
    ['2024-01-01', '2023-02-29T10:00:00Z'],
  ],
  [{ format: 'email' }, ['kim@example.com'], ['kim', '@example.com', 'a b@example.com']],
  [{ format: 'uri' }, ['https://example.com/a?b#c', 'urn:x:y'], ['/a', 'not one']],
  [{ format: 'uuid' }, ['0f183519-d5a1-89ca-a2ac-000000000009'], ['0f183519']],
  [{ format: 'of-our-own' }, ['anything'], []],
  [{ properties: { constructor: { type: 'number' } } }, [{}, { constructor: 1 }], [{ constructor: 'x' }]],
  [{ required: ['toString'] }, [{ toString: 1 }], [{}]],
];

describe('a JSON Schema', () => {
  for (const [schema, fits, others] of ROWS) {
    it(JSON.stringify(schema), () => {
      expect(problemsOf(schema)).to.deep.equal([]);
      for (const value of fits) expect(schemaFlaws(schema, value), `fits: ${JSON.stringify(value)}`).to.deep.equal([]);
      for (const value of others)
        expect(schemaFlaws(schema, value), `does not: ${JSON.stringify(value)}`).to.not.deep.equal([]);
    });
  }

  it('says where what is wrong, all of it, up to twenty', () => {
    const schema = { type: 'object', properties: { list: { items: { required: ['n'] } } }, required: ['name'] };
    expect(schemaFlaws(schema, { list: [{ n: 1 }, {}, {}] })).to.deep.equal([
      { path: '.name', problem: 'is missing' },
      { path: '.list[1].n', problem: 'is missing' },
      { path: '.list[2].n', problem: 'is missing' },
    ]);
    expect(
      schemaFlaws(
        { items: false },
        Array.from({ length: 100 }, () => 1),
      ),
    ).to.have.length(20);
  });

  it('does not keep the process busy, whatever it is', () => {
    const twice = (count: number): Json =>
      Object.fromEntries(
        Array.from({ length: count }, (_, index) => [
          `d${index}`,
          index + 1 === count
            ? true
            : { allOf: [{ $ref: `#/$defs/d${index + 1}` }, { $ref: `#/$defs/d${index + 1}` }] },
        ]),
      );
    const bomb = { $defs: twice(30), $ref: '#/$defs/d0' };
    expect(problemsOf(bomb)).to.deep.equal([]);
    const tooMuch = [{ path: '', problem: 'is too much work to check against its schema' }];
    expect(schemaFlaws(bomb, 1)).to.deep.equal(tooMuch);
    expect(schemaFlaws({ pattern: '^(a+)+$' }, `${'a'.repeat(5000)}!`)).to.have.length(1);
    expect(
      schemaFlaws(
        { uniqueItems: true },
        Array.from({ length: 5000 }, (_, index) => index),
      ),
    ).to.deep.equal(tooMuch);
    const deep = JSON.parse(`${'['.repeat(190)}${']'.repeat(190)}`) as Json;
    expect(schemaFlaws({ items: { $ref: '#' } }, deep)).to.deep.equal(tooMuch);
    expect(schemaFlaws({ $ref: '#' }, 1), 'one that was not looked at before').to.deep.equal(tooMuch);
  });

  it('is refused for what would be passed over, or has no end', () => {
    for (const [schema, problem] of [
      [{ requried: ['a'] }, "is no keyword that forms know; did you mean 'required'?"],
      [{ unevaluatedProperties: false }, 'is no keyword'],
      [{ $id: 'x' }, 'is no keyword'],
      [{ items: [true] }, 'must be a JSON Schema (an object), not a list'],
      [{ properties: { a: 5 } }, 'properties.a: must be a JSON Schema'],
      [{ minLength: -1 }, 'must be a whole number from 0'],
      [{ multipleOf: 0 }, 'must be above 0'],
      [{ required: 'a' }, 'must be a list of texts'],
      [{ pattern: '(?=a)' }, 'is no pattern of RE2'],
      [{ patternProperties: { '(': true } }, 'is no pattern of RE2'],
      [{ pattern: 'a'.repeat(300) }, 'more than 256 characters'],
      [{ anyOf: [{ $ref: '#' }] }, 'goes round in circles'],
      [{ $ref: 'other.json' }, 'leads out of the schema'],
      [{ $ref: '#/properties/none' }, 'leads nowhere'],
      [JSON.parse(`${'{"items":'.repeat(40)}true${'}'.repeat(40)}`), 'nested deeper than 32 levels'],
    ] as const)
      expect(problemsOf(schema as Json).join(' '), JSON.stringify(schema).slice(0, 60)).to.contain(problem);
    expect(problemsOf({ 'x-widget': 'area', title: 'T', examples: [1] })).to.deep.equal([]);
  });
});
