import { expect } from 'chai';
import { describe, it } from 'mocha';
import { circleOf, loopsOf, type Told } from '../ui/pure/talk.ts';

const told = (from: string, to: string, sent = 1, workflow = 'w'): Told => ({ workflow, from, to, sent, dead: 0 });

describe('who talks to whom', () => {
  it('finds those that tell each other in a circle, by workflow, with the shortest way around', () => {
    const rows = [
      told('a', 'b', 5),
      told('b', 'c', 5),
      told('c', 'a', 5),
      told('b', 'a', 1),
      told('c', 'out', 100),
      told('self', 'self', 3),
      told('in', 'a', 9),
      told('x', 'y', 1, 'other'),
      told('y', 'x', 1, 'other'),
      told('x', 'b', 1, 'other'),
    ];
    expect(loopsOf(rows)).to.deep.equal([
      { workflow: 'w', members: ['b', 'a'], sent: 16 },
      { workflow: 'w', members: ['self'], sent: 3 },
      { workflow: 'other', members: ['x', 'y'], sent: 2 },
    ]);
    expect(loopsOf([told('a', 'b'), told('b', 'c'), told('a', 'c')])).to.deep.equal([]);
    const long = Array.from({ length: 20_000 }, (_, at) => told(`t${at}`, `t${(at + 1) % 20_000}`));
    expect(loopsOf(long)[0]?.members).to.have.length(20_000);
  });

  it('puts the busiest on a circle', () => {
    const spots = circleOf([told('a', 'b', 3), told('b', 'c', 1), told('z', 'a', 2)], 10, 2);
    expect(spots.map(({ name, messages }) => [name, messages])).to.deep.equal([
      ['a', 5],
      ['b', 4],
    ]);
    for (const { x, y } of spots) expect(Math.hypot(x, y)).to.be.closeTo(10, 1e-9);
    expect(circleOf([told('a', 'a', 3)], 10)[0]?.messages).to.equal(3);
    expect(circleOf([], 10)).to.deep.equal([]);
  });
});
