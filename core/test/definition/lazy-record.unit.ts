import type { Json } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Expression, Scope } from '../../src/definition/definition.ts';
import { evaluate } from '../../src/definition/evaluate.ts';
import { frozenRecord, lazyRecord } from '../../src/definition/lazy-record.ts';

const PLAIN: Readonly<Record<string, Json>> = {
  b: 1,
  a: null,
  'x.y': { deep: [1] },
  20: 'late',
  constructor: 'a task of that name',
};
const make = (asked: string[] = []) =>
  lazyRecord(
    (name) => {
      asked.push(name);
      return Object.hasOwn(PLAIN, name) ? PLAIN[name] : undefined;
    },
    () => ['b', 'missing', 'a', 'x.y', '20', 'constructor'],
  );
const scope = (outputs: Scope['outputs']): Scope => ({ input: null, outputs, runId: 'r', round: 1 });
const cel = (source: string): Expression => ({ kind: 'cel', source });
const fn = (compute: (scope: Scope) => unknown): Expression => ({ kind: 'function', digest: 'd', fn: compute });

describe('a lazy record', () => {
  it('looks like a plain object', () => {
    const record = make();
    expect(Object.keys(record)).to.deep.equal(['b', 'a', 'x.y', '20', 'constructor']);
    expect({ ...record }).to.deep.equal(PLAIN);
    expect(JSON.parse(JSON.stringify(record))).to.deep.equal(PLAIN);
    expect(['b' in record, 'missing' in record, Object.hasOwn(record, 'a'), Object.hasOwn(record, 'z')]).to.deep.equal([
      true,
      false,
      true,
      false,
    ]);
    expect(record['missing']).to.equal(undefined);
    expect(String(record['toString'])).to.contain('native code');
    expect(structuredClone({ ...record })).to.deep.equal(PLAIN);
  });

  it('asks for what is read, and for nothing else', () => {
    const asked: string[] = [];
    const record = make(asked);
    expect(asked).to.deep.equal([]);
    expect(
      evaluate(
        fn(({ outputs }) => outputs['b']),
        scope(record),
      ),
    ).to.equal(1);
    expect(evaluate(cel('outputs.b + 1'), scope(record))).to.equal(2);
    // CEL tells objects apart by their constructor.
    expect(new Set(asked).difference(new Set(['constructor']))).to.deep.equal(new Set(['b']));
  });

  it('cannot be changed', () => {
    const record = make() as Record<string, Json>;
    for (const change of [
      () => Object.assign(record, { b: 2 }),
      () => delete record['b'],
      () => Object.defineProperty(record, 'b', { value: 2 }),
      () => Object.freeze(record),
      () => Object.setPrototypeOf(record, null),
    ])
      expect(change).to.throw(TypeError);
    expect(record['b']).to.equal(1);
  });

  it('is read by CEL like any object', () => {
    const value = (source: string): Json => evaluate(cel(source), scope(make()));
    expect(value('has(outputs.b) && !has(outputs.missing)')).to.equal(true);
    expect(value('"a" in outputs && !("z" in outputs)')).to.equal(true);
    expect(value('outputs["x.y"].deep[0]')).to.equal(1);
    expect(value('outputs.constructor')).to.equal('a task of that name');
    expect(value('size(outputs)')).to.equal(5);
    expect(value('outputs')).to.deep.equal(PLAIN);
    expect(() => value('outputs.missing')).to.throw(/No such key: missing/);
  });

  it('is copied where it becomes data, as it is then', () => {
    let more: Json | undefined;
    const growing = lazyRecord(
      (name) => (name === 'a' ? 1 : more),
      () => ['a', 'late'],
    );
    const values = [
      evaluate(cel('outputs'), scope(growing)),
      evaluate(cel('{"all": outputs}'), scope(growing)),
      evaluate(
        fn(({ outputs }) => outputs),
        scope(growing),
      ),
      evaluate(
        fn(({ outputs }) => [outputs]),
        scope(growing),
      ),
    ];
    more = 2;
    expect(values).to.deep.equal([{ a: 1 }, { all: { a: 1 } }, { a: 1 }, [{ a: 1 }]]);
  });

  it('has frozen members for functions', () => {
    const list: Json = [3, 1, 2];
    const record = frozenRecord(
      lazyRecord(
        (name) => (name === 'list' ? list : undefined),
        () => ['list'],
      ),
    );
    expect(() => (record['list'] as number[]).sort()).to.throw(TypeError);
    expect(() =>
      evaluate(
        fn(({ outputs }) => (outputs['list'] as number[]).reverse()),
        scope({ list }),
      ),
    ).to.throw(/REPRISE_EXPRESSION_FAILED|read only|object is not extensible/);
    expect(list).to.deep.equal([3, 1, 2]);
  });
});
