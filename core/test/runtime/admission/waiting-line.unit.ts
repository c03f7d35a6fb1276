import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { type Waiting, WaitingLine } from '../../../src/orchestration/runtime/admission/waiting-line.ts';

interface One extends Waiting {
  readonly id: string;
}

let order = 0;
const one = (id: string, tenant: string, key = 0): One => {
  order += 1;
  return { id, tenant, key, order, gone: false };
};

const line = (weights: Readonly<Record<string, number>> = {}) => new WaitingLine<One>((tenant) => weights[tenant] ?? 1);

const all = (waiting: WaitingLine<One>): string[] => {
  const ids: string[] = [];
  for (let next = waiting.shift(true); next !== undefined; next = waiting.shift(true)) ids.push(next.id);
  return ids;
};

describe('the line at a limit', () => {
  it('is by key, then by who came first', () => {
    const waiting = line();
    for (const [id, key] of [
      ['a', 5],
      ['b', 1],
      ['c', 5],
      ['d', 0],
    ] as const)
      waiting.add(one(id, 't', key));
    expect(waiting.peek()?.id).to.equal('d');
    expect(all(waiting)).to.deep.equal(['d', 'b', 'a', 'c']);
    expect(waiting.peek()).to.equal(undefined);
  });

  it('serves tenants in turn, whatever the keys of their own', () => {
    const waiting = line();
    for (const id of ['a1', 'a2', 'a3', 'a4']) waiting.add(one(id, 'a', -1000));
    for (const id of ['b1', 'b2']) waiting.add(one(id, 'b', 9));
    const served = all(waiting);
    expect(served.slice(0, 4).filter((id) => id.startsWith('b'))).to.deep.equal(['b1', 'b2']);
    expect(served.slice(4)).to.deep.equal(['a3', 'a4']);
  });

  it('serves a tenant by its weight', () => {
    const waiting = line({ big: 3 });
    for (let index = 0; index < 40; index += 1) {
      waiting.add(one('big', 'big'));
      waiting.add(one('small', 'small'));
    }
    const first = Array.from({ length: 40 }, () => waiting.shift(true)?.id);
    expect(first.filter((id) => id === 'big')).to.have.length(30);
  });

  it('gives a tenant that was away no claim on what it did not use', () => {
    const waiting = line();
    for (let index = 0; index < 50; index += 1) waiting.add(one('a', 'a'));
    for (let index = 0; index < 30; index += 1) waiting.shift(true);
    for (let index = 0; index < 20; index += 1) waiting.add(one('b', 'b'));
    const next = Array.from({ length: 10 }, () => waiting.shift(true)?.id);
    expect(
      next.filter((id) => id === 'a'),
      'they share from now on',
    ).to.have.length(5);
  });

  it('forgets who has gone, and does not count who was only passed on', () => {
    const waiting = line();
    const gone = one('gone', 'a');
    waiting.add(gone);
    waiting.add(one('a', 'a'));
    waiting.add(one('b', 'b', -1));
    gone.gone = true;
    expect(waiting.peek()?.id).to.not.equal('gone');
    const first = waiting.shift(false)?.id;
    waiting.add(one(first ?? '', first ?? ''));
    expect(new Set(all(waiting))).to.deep.equal(new Set(['a', 'b']));
  });

  it('keeps tenants within one turn of each other while all of them wait (property)', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 200 }), (arrivals) => {
        const waiting = line();
        const names = new Set(arrivals.map((tenant) => `t${tenant}`));
        const left = new Map<string, number>();
        for (const name of names) {
          left.set(name, 0);
        }
        for (const [index, tenant] of arrivals.entries()) {
          const name = `t${tenant}`;
          waiting.add(one(`${index}`, name, index));
          left.set(name, (left.get(name) ?? 0) + 1);
        }
        const served = new Map([...names].map((name) => [name, 0]));
        for (let next = waiting.shift(true); next !== undefined; next = waiting.shift(true)) {
          served.set(next.tenant, (served.get(next.tenant) ?? 0) + 1);
          left.set(next.tenant, (left.get(next.tenant) ?? 0) - 1);
          if ([...left.values()].some((count) => count === 0)) return;
          const counts = [...served.values()];
          expect(Math.max(...counts) - Math.min(...counts)).to.be.at.most(1);
        }
      }),
    );
  });
});
