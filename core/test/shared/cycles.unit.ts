import { expect } from 'chai';
import { describe, it } from 'mocha';
import { jsonProblem } from '../../src/shared/json.ts';
import { takeJson } from '../../src/shared/take-json.ts';

const problems = (value: unknown): readonly (string | undefined)[] => {
  const taken = takeJson(value, 1_000_000);
  return [jsonProblem(value), taken.ok || taken.reason !== 'not-json' ? undefined : taken.problem];
};

const both = (problem: string | undefined): readonly (string | undefined)[] => [problem, problem];

describe('a value that is in itself', () => {
  it('is named once, where it comes again', () => {
    const self: Record<string, unknown> = {};
    self['o'] = self;
    expect(problems(self)).to.deep.equal(both('at .o: a cycle: it is the whole value again'));
    const node: Record<string, unknown> = { children: [{}] };
    (node['children'] as Record<string, unknown>[])[0] = { parent: node };
    expect(problems({ tree: node })).to.deep.equal(
      both('at .tree.children[0].parent: a cycle: it is the object 3 levels above again'),
    );
    const list: unknown[] = [];
    list.push(1, list);
    expect(problems({ list })).to.deep.equal(both('at .list[1]: a cycle: it is the object that it is in again'));
  });

  it('is a cycle, however large it is', () => {
    const self: Record<string, unknown> = { text: 'x'.repeat(900_000) };
    self['o'] = self;
    expect(problems(self)).to.deep.equal(both('at .o: a cycle: it is the whole value again'));
  });

  it('is no cycle when it only stands in two places', () => {
    const shared = { a: 1 };
    expect(problems({ first: shared, second: [shared, shared] })).to.deep.equal(both(undefined));
  });

  it('and one that is nested deep, are told by a path that can be read', () => {
    let deep: unknown = 1;
    for (let level = 0; level < 300; level += 1) deep = { inner: deep };
    for (const problem of problems(deep)) {
      expect(problem).to.match(/^at \.inner\.inner.*…[.a-z]+: nested deeper than 200 levels$/);
      expect(problem?.length).to.be.lessThan(200);
    }
  });
});
