import type { Json } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { readEdits } from '../src/input/edit-input.ts';
import { mergePatch } from '../src/input/json-members.ts';
import { jsonPatch } from '../src/input/json-patch.ts';
import { readInput } from '../src/input/read-input.ts';

const failure = (work: Promise<unknown>): Promise<Error & { readonly code?: string }> =>
  work.then(
    () => expect.fail('it should have been refused'),
    (error: Error) => error,
  );

describe('JSON Patch', () => {
  const cases: readonly (readonly [string, Json, readonly Json[], Json])[] = [
    ['adds a member', { a: 1 }, [{ op: 'add', path: '/b', value: 2 }], { a: 1, b: 2 }],
    ['adds to a list', { a: [1, 3] }, [{ op: 'add', path: '/a/1', value: 2 }], { a: [1, 2, 3] }],
    ['adds behind a list', [1], [{ op: 'add', path: '/-', value: [2] }], [1, [2]]],
    ['removes a member', { a: 1, b: 2 }, [{ op: 'remove', path: '/a' }], { b: 2 }],
    ['removes from a list', ['x', 'y'], [{ op: 'remove', path: '/0' }], ['y']],
    ['replaces', { a: { b: 1 } }, [{ op: 'replace', path: '/a/b', value: null }], { a: { b: null } }],
    ['replaces the whole', { a: 1 }, [{ op: 'replace', path: '', value: 5 }], 5],
    ['moves', { a: { b: 1 }, c: {} }, [{ op: 'move', from: '/a/b', path: '/c/d' }], { a: {}, c: { d: 1 } }],
    ['moves in a list', [1, 2, 3], [{ op: 'move', from: '/0', path: '/2' }], [2, 3, 1]],
    ['copies', { a: [1] }, [{ op: 'copy', from: '/a', path: '/b' }], { a: [1], b: [1] }],
    [
      'tests, whatever the order of members',
      { a: { x: 1, y: 2 } },
      [{ op: 'test', path: '/a', value: { y: 2, x: 1 } }],
      { a: { x: 1, y: 2 } },
    ],
    [
      'reads ~0 and ~1',
      { 'a/b': 1, 'm~n': 2 },
      [
        { op: 'remove', path: '/a~1b' },
        { op: 'remove', path: '/m~0n' },
      ],
      {},
    ],
    ['takes an empty key', { '': 1 }, [{ op: 'replace', path: '/', value: 2 }], { '': 2 }],
  ];
  for (const [what, value, patch, expected] of cases)
    it(what, () => {
      const before = JSON.stringify(value);
      expect(jsonPatch(value, patch)).to.deep.equal(expected);
      expect(JSON.stringify(value), 'what it was given').to.equal(before);
    });

  for (const [what, patch, words] of [
    ['what is not there', [{ op: 'remove', path: '/no' }], "operation 1: there is nothing at '/no'"],
    ['a place that a list does not have', [{ op: 'add', path: '/list/3', value: 0 }], "no place '3'"],
    ['a place with a leading zero', [{ op: 'remove', path: '/list/01' }], "no place '01'"],
    ['a test that does not hold', [{ op: 'test', path: '/a', value: 2 }], 'not what it is tested for'],
    ['a move into itself', [{ op: 'move', from: '/deep', path: '/deep/in' }], 'cannot go into itself'],
    ['an op that there is not', [{ op: 'put', path: '/a', value: 1 }], 'there is no op "put"'],
    ['an operation without a value', [{ op: 'add', path: '/a' }], 'has no "value"'],
    ['a path that is none', [{ op: 'add', path: 'a', value: 1 }], 'no JSON Pointer'],
    ['what is no operation', [5], 'it is no object'],
    ['what goes into a number', [{ op: 'add', path: '/a/b', value: 1 }], "'/a' is no object and no list"],
    [
      'the second of two, by its number',
      [
        { op: 'add', path: '/b', value: 1 },
        { op: 'remove', path: '/c' },
      ],
      'operation 2',
    ],
  ] as const)
    it(`refuses ${what}`, () => {
      expect(() => jsonPatch({ a: 1, list: [1, 2], deep: { in: 1 } }, patch as unknown as Json[])).to.throw(words);
    });
});

describe('JSON Merge Patch', () => {
  it('is that of RFC 7396', () => {
    expect(mergePatch({ a: 'b', c: { d: 'e', f: 'g' } }, { a: 'z', c: { f: null } })).to.deep.equal({
      a: 'z',
      c: { d: 'e' },
    });
    expect(mergePatch(['a'], { b: { c: null, d: 1 } })).to.deep.equal({ b: { d: 1 } });
    expect(mergePatch({ a: 1 }, 'x')).to.equal('x');
  });
});

describe('an input by its members', () => {
  it('is JSON where it is JSON, and text where it is not', async () => {
    const input = await readInput({
      input: [
        'name=Ada',
        'age=36',
        'ok=true',
        'none=null',
        'zip="00100"',
        'tags=["a","b"]',
        'where.city=Bern',
        'where.zip=007',
        'eq=a=b',
        'empty=',
      ],
    });
    expect(input).to.deep.equal({
      name: 'Ada',
      age: 36,
      ok: true,
      none: null,
      zip: '00100',
      tags: ['a', 'b'],
      where: { city: 'Bern', zip: '007' },
      eq: 'a=b',
      empty: '',
    });
  });

  it('is put into JSON beside it, in its order', async () => {
    expect(await readInput({ input: ['a=2', '{"a":1,"b":{"c":1}}', 'b.d=2', 'a=3'] })).to.deep.equal({
      a: 3,
      b: { c: 1, d: 2 },
    });
    expect(await readInput({ input: ['"a=b"'] }), 'a text in quotes').to.equal('a=b');
  });

  it('has members of any name, and changes no prototype', async () => {
    const input = (await readInput({ input: ['__proto__.polluted=1'] })) as object;
    expect(Object.hasOwn(input, '__proto__')).to.equal(true);
    expect(Object.getPrototypeOf(input)).to.equal(Object.prototype);
    expect(({} as { polluted?: number }).polluted).to.equal(undefined);
  });

  for (const [what, input, words] of [
    ['JSON twice', ['{}', '[]'], 'given as JSON 2 times'],
    ['a number that would be rounded', ['id=12345678901234567890'], '12345678901234567890'],
    ['a list that is not closed', ['list=[1,2'], 'is not JSON'],
    ['a member of what is no object', ['5', 'a=1'], "'a' can only be a member of an object"],
    ['a member of a text', ['a=x', 'a.b=1'], "'b' can only be a member of an object"],
  ] as const)
    it(`refuses ${what}`, async () => {
      const error = await failure(readInput({ input }));
      expect(error.code).to.equal('REPRISE_USAGE');
      expect(error.message).to.contain(words);
    });
});

describe('--edit-input', () => {
  it('takes a JSON Patch, a merge patch and members, one after the other', async () => {
    const edit = await readEdits(['[{"op":"add","path":"/list/-","value":3}]', '{"drop":null}', 'name=Ada']);
    expect(edit({ list: [1, 2], drop: 1 })).to.deep.equal({ list: [1, 2, 3], name: 'Ada' });
  });

  it('refuses what is none of these, and what does not fit the input', async () => {
    expect((await failure(readEdits(['5']))).message).to.contain('neither a JSON Patch');
    const edit = await readEdits(['[{"op":"remove","path":"/x"}]']);
    expect(() => edit({})).to.throw("operation 1: there is nothing at '/x'");
  });
});
