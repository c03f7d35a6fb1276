import { seededRandom } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { Ancestry } from '../../src/definition/ancestry.ts';
import { leadsTo } from '../../src/definition/graph.ts';

type Edges = ReadonlyMap<string, readonly string[]>;

const asked = (edges: Edges): Ancestry => new Ancestry(edges.keys(), (id) => edges.get(id) ?? []);

/** `n` tasks, declared in any order, each after up to `most` others: of those before it, or of all (then there are cycles). */
function random(n: number, most: number, span: number, seed: number, hasCycles = false): Edges {
  const dice = seededRandom(seed);
  const pick = (below: number): number => Math.floor(dice() * below);
  const all = Array.from({ length: n }, (_, place): readonly [string, readonly string[]] => {
    const from = hasCycles ? n : place;
    const near = () => (hasCycles ? pick(n) : from - 1 - pick(Math.min(from, span)));
    return [`t${place}`, from === 0 ? [] : Array.from({ length: 1 + pick(most) }, () => `t${near()}`)];
  });
  return new Map(
    all
      .map((one) => [dice(), one] as const)
      .sort(([a], [b]) => a - b)
      .map(([, one]) => one),
  );
}

describe('who comes before whom', () => {
  const graphs: Readonly<Record<string, Edges>> = {
    'a chain': random(200, 1, 1, 1),
    'long strands': random(300, 2, 3, 2),
    'a thicket': random(150, 5, 150, 3),
    'one with cycles': random(120, 2, 120, 4, true),
    'one where all come after all before': new Map(
      Array.from({ length: 90 }, (_, place) => [`t${place}`, Array.from({ length: place }, (_, one) => `t${one}`)]),
    ),
  };
  for (const [what, edges] of Object.entries(graphs)) {
    it(`is what a walk says, of ${what}`, () => {
      const ancestry = asked(edges);
      let before = 0;
      for (const id of edges.keys())
        for (const ancestor of edges.keys()) {
          const walked = leadsTo(id, ancestor, (one) => edges.get(one) ?? []);
          if (ancestry.isBefore(ancestor, id) !== walked)
            expect.fail(`${ancestor} before ${id}: a walk says ${walked}`);
          before += walked ? 1 : 0;
        }
      expect(before).to.be.greaterThan(edges.size);
    });
  }

  it('is nobody who is not there', () => {
    const ancestry = asked(
      new Map([
        ['a', ['gone']],
        ['b', ['a']],
      ]),
    );
    expect(ancestry.isBefore('gone', 'b')).to.equal(false);
    expect(ancestry.isBefore('a', 'gone')).to.equal(false);
    expect(ancestry.isBefore('a', 'b')).to.equal(true);
  });

  it('is known of the ends of a chain of 100,000', () => {
    const n = 100_000;
    const chain = new Map(Array.from({ length: n }, (_, place) => [`t${place}`, place === 0 ? [] : [`t${place - 1}`]]));
    const ancestry = asked(chain);
    // More pages than are kept.
    for (let place = 0; place < n - 1; place += 997) {
      expect(ancestry.isBefore(`t${place}`, `t${n - 1}`)).to.equal(true);
      expect(ancestry.isBefore(`t${n - 1}`, `t${place}`)).to.equal(false);
    }
    expect(ancestry.isBefore('t0', `t${n - 1}`)).to.equal(true);
  });
});
