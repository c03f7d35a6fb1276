import { expect } from 'chai';
import fc from 'fast-check';
import { isBefore, TurnQueue } from '../../src/orchestration/workflow/turn-queue.ts';

const place = fc.array(fc.nat(3), { minLength: 1, maxLength: 3 });

/** Few places and priorities, so that many are equal; tickets never are. */
const entries = fc
  .array(fc.record({ place, priority: fc.nat(2) }), { maxLength: 30 })
  .map((all) => all.map((entry, ticket) => ({ ...entry, ticket, taskId: `t${ticket}` })));

function orderOf(all: readonly Parameters<TurnQueue['add']>[0][]): string[] {
  const queue = new TurnQueue();
  for (const entry of all) queue.add(entry);
  const had = new Set<string>();
  const order: string[] = [];
  for (;;) {
    const next = queue.first((taskId) => !had.has(taskId));
    if (next === undefined) return order;
    had.add(next);
    order.push(next);
  }
}

describe('the queue of those who wait for their turn', () => {
  it('has one order, whatever the order in which it was filled', () => {
    const filled = entries.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length })),
    );
    fc.assert(
      fc.property(filled, ([all, shuffled]) => {
        expect(orderOf(shuffled)).to.deep.equal(orderOf(all));
      }),
    );
  });

  it('goes by priority, then by place, then by who was ready first', () => {
    const of = (taskId: string, priority: number, at: number[], ticket: number) => ({
      taskId,
      priority,
      place: at,
      ticket,
    });
    const all = [of('d', 0, [1, 2], 4), of('b', 0, [1], 3), of('c', 0, [1, 2], 2), of('a', 1, [7], 9)];
    expect(orderOf(all)).to.deep.equal(['a', 'b', 'c', 'd']);
  });

  it('never puts both of two before each other, and one of them always', () => {
    fc.assert(
      fc.property(place, place, (one, other) => {
        const [first, second] = [
          { place: one, ticket: 1 },
          { place: other, ticket: 2 },
        ];
        expect(isBefore(first, second)).to.not.equal(isBefore(second, first));
      }),
    );
  });
});
