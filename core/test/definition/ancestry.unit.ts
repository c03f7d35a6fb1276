import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { Ancestry } from '../../src/definition/ancestry.ts';
import { leadsTo } from '../../src/definition/graph.ts';

describe('which tasks come before which', () => {
  it('is what a walk says, for few tasks and for many, also where they wait for each other in a circle', () => {
    const edges = fc.array(fc.tuple(fc.nat(149), fc.nat(149)), { maxLength: 300 });
    fc.assert(
      fc.property(fc.constantFrom(5, 64, 65, 150), edges, fc.boolean(), (size, drawn, circles) => {
        const after: string[][] = Array.from({ length: size }, () => []);
        for (const [one, other] of drawn) {
          const [from, to] = [one % size, other % size];
          if (circles || from > to) after[from]?.push(`t${to}`);
        }
        const next = (id: string): readonly string[] => after[Number(id.slice(1))] ?? [];
        const ids = after.map((_, index) => `t${index}`);
        const ancestry = new Ancestry(ids, next);
        for (const id of ids.slice(0, 40))
          for (const ancestor of ids) expect(ancestry.isBefore(ancestor, id)).to.equal(leadsTo(id, ancestor, next));
        expect(ancestry.isBefore('nobody', 't0')).to.equal(false);
      }),
      { numRuns: 60 },
    );
  });
});
