import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { type AssignedMember, type Assignment, assignSticky } from '../src/sticky-assignment.ts';

const TOPICS = ['commands', 'heartbeats'];
const family = (count: number): ReadonlyMap<string, number> => new Map(TOPICS.map((topic) => [topic, count]));

function member(id: string, owned: ReadonlyMap<string, readonly number[]> = new Map(), generation = 1): AssignedMember {
  return { id, topics: TOPICS, owned, generation };
}

const again = (assignment: Assignment): AssignedMember[] => [...assignment].map(([id, owned]) => member(id, owned));
const of = (assignment: Assignment, id: string, topic = 'commands'): readonly number[] =>
  assignment.get(id)?.get(topic) ?? [];

/** Partitions that another member has than before. */
const moved = (before: Assignment, after: Assignment): number =>
  [...after.keys()].flatMap((id) => of(after, id).filter((number) => !of(before, id).includes(number))).length;

describe('the sticky assignment', () => {
  it('moves no more than a newcomer needs: 16 of 64 when the fourth comes', () => {
    const three = assignSticky(
      ['a', 'b', 'c'].map((id) => member(id)),
      family(64),
    );
    const four = assignSticky([...again(three), member('d')], family(64));
    expect(of(four, 'd').length).to.equal(16);
    expect(moved(three, four)).to.equal(16);
  });

  it('gives each partition of every topic to one member, the same of all topics, and shares evenly, whoever comes and goes', () => {
    const step = fc.record({ leave: fc.nat(3), join: fc.nat(3) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.array(step, { maxLength: 8 }), (count, steps) => {
        let names = 1;
        let now = assignSticky([member('m0')], family(count));
        for (const { leave, join } of steps) {
          const staying = again(now).slice(leave);
          const coming = Array.from({ length: join }, () => member(`m${names++}`));
          if (staying.length + coming.length === 0) continue;
          const before = now;
          now = assignSticky([...coming, ...staying], family(count));
          const numbers = [...now.keys()].flatMap((id) => of(now, id));
          expect([...numbers].sort((a, b) => a - b)).to.deep.equal(
            Array.from({ length: count }, (_, number) => number),
          );
          const sizes = [...now.keys()].map((id) => of(now, id).length);
          expect(Math.max(...sizes) - Math.min(...sizes)).to.be.at.most(1);
          for (const id of now.keys()) expect(of(now, id, 'heartbeats')).to.deep.equal(of(now, id));
          // What belonged to nobody, and what those who stay have beyond their share.
          const orphans = count - staying.reduce((sum, { id }) => sum + of(before, id).length, 0);
          const beyond = staying.reduce(
            (sum, { id }) => sum + Math.max(0, of(before, id).length - Math.floor(count / now.size)),
            0,
          );
          expect(moved(before, now)).to.be.at.most(orphans + beyond);
          if (join === 0) expect(moved(before, now)).to.equal(orphans);
        }
      }),
    );
  });

  it('believes the newer of two that say they have the same', () => {
    const had = new Map([['commands', [0, 1]]]);
    const assignment = assignSticky([member('a', had, 3), member('b', had, 7)], family(2));
    expect(of(assignment, 'b').length).to.equal(1);
    expect([...of(assignment, 'a'), ...of(assignment, 'b')].sort()).to.deep.equal([0, 1]);
  });

  it('gives a topic to those only that read it', () => {
    const old: AssignedMember = { ...member('a'), topics: ['commands'] };
    const assignment = assignSticky([old, member('b')], family(4));
    expect(of(assignment, 'a', 'heartbeats')).to.deep.equal([]);
    expect(of(assignment, 'b', 'heartbeats')).to.deep.equal([0, 1, 2, 3]);
  });
});
