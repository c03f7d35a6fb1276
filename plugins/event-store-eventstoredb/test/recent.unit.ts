import { BEGINNING } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { toPosition } from '../src/position.ts';
import { Recent } from '../src/recent.ts';
import type { Answer } from '../src/requests.ts';

const place = (at: number) => ({ commit: String(at), prepare: String(at) });
const at = (where: number): string => toPosition(place(where));

const answer = (where: number, bytes = 1): Answer => ({
  kept: { id: '', type: 'X', stream: 's', revision: 0, data: new Uint8Array(bytes), metadata: new Uint8Array(0) },
  position: place(where),
  created: 0,
});

function recent(from: string | undefined, ...places: readonly number[]): Recent {
  const made = new Recent();
  made.begin(from);
  for (const one of places) made.add(answer(one));
  return made;
}

const read = (of: Recent, after: string, limit = 100) => {
  const found = of.after(after, limit);
  return found && [found.answers.map(({ position }) => Number(position?.commit)), found.complete];
};

describe('what a feed has brought last', () => {
  it('is handed to who is not far behind, and says whether that is all', () => {
    const made = recent(at(10), 12, 15, 20);
    expect(read(made, at(10))).to.deep.equal([[12, 15, 20], true]);
    expect(read(made, at(12))).to.deep.equal([[15, 20], true]);
    expect(read(made, at(13))).to.deep.equal([[15, 20], true]);
    expect(read(made, at(10), 2)).to.deep.equal([[12, 15], false]);
    expect(read(made, at(20))).to.deep.equal([[], true]);
    expect(read(recent(BEGINNING, 1), BEGINNING)).to.deep.equal([[1], true]);
  });

  it('is nothing to who is further behind, or while nothing is heard', () => {
    expect(read(recent(at(10), 12), at(9))).to.equal(undefined);
    expect(read(recent(at(10), 12), BEGINNING)).to.equal(undefined);
    expect(read(recent(undefined, 12), at(12))).to.equal(undefined);
  });

  it('has each once, however often it came, and in its order', () => {
    expect(read(recent(at(10), 12, 12, 15, 11, 15, 16), at(10))).to.deep.equal([[12, 15, 16], true]);
    expect(read(recent(at(10), 9, 10, 11), at(10))).to.deep.equal([[11], true]);
  });

  it('begins anew where there may be a gap', () => {
    const made = recent(at(10), 12, 15);
    made.begin(at(15));
    made.add(answer(17));
    expect(read(made, at(12))).to.equal(undefined);
    expect(read(made, at(15))).to.deep.equal([[17], true]);
  });

  it('holds a few thousand events, and a few megabytes, and says so to who needs older ones', () => {
    const many = recent(at(0), ...Array.from({ length: 5000 }, (_, index) => index + 1));
    expect(read(many, at(0))).to.equal(undefined);
    expect(read(many, at(4998))).to.deep.equal([[4999, 5000], true]);
    const large = recent(at(0));
    for (let one = 1; one <= 20; one += 1) large.add(answer(one, 1024 * 1024));
    expect(read(large, at(0))).to.equal(undefined);
    expect(read(large, at(19))).to.deep.equal([[20], true]);
  });
});
