import { workflow } from '@reprise/core';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { ReadyQueue } from '../../src/orchestration/workflow/ready-queue.ts';
import { PureRun } from './pure-run.ts';

const all = () => true;

describe('the queue of ready tasks', () => {
  it('is by priority, then by age', () => {
    const queue = new ReadyQueue();
    for (const [id, priority, ticket] of [
      ['a', 0, 1],
      ['b', 5, 2],
      ['c', 0, 3],
      ['d', -1, 4],
      ['e', 5, 5],
    ] as const) {
      queue.add(id, priority, ticket);
    }
    expect([...queue.entries(all)]).to.deep.equal(['b', 'e', 'a', 'c', 'd']);
  });

  it('passes over what no longer holds, and takes a task that is ready again by its new ticket', () => {
    const queue = new ReadyQueue();
    queue.add('a', 0, 1);
    queue.add('b', 0, 2);
    queue.add('a', 0, 3);
    const tickets = new Map([
      ['a', 3],
      ['b', 2],
    ]);
    const holds = (id: string, ticket: number): boolean => tickets.get(id) === ticket;
    expect([...queue.entries(holds)]).to.deep.equal(['b', 'a']);
    tickets.delete('b');
    expect([...queue.entries(holds)]).to.deep.equal(['a']);
  });

  it('equals a sorted list, whatever comes and goes', () => {
    const step = fc.record({
      add: fc.boolean(),
      first: fc.boolean(),
      priority: fc.integer({ min: -2, max: 2 }),
      pick: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const queue = new ReadyQueue();
        const model: { id: string; priority: number; ticket: number }[] = [];
        for (const [index, { add, first, priority, pick }] of steps.entries()) {
          const ticket = first ? -index - 1 : index;
          if (add) {
            model.push({ id: `t${ticket}`, priority, ticket });
            queue.add(`t${ticket}`, priority, ticket);
          } else model.splice(pick % (model.length || 1), 1);
          const holds = (id: string): boolean => model.some((entry) => entry.id === id);
          const sorted = model.toSorted((a, b) => b.priority - a.priority || a.ticket - b.ticket);
          expect([...queue.entries(holds)]).to.deep.equal(sorted.map(({ id }) => id));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('lets go of thousands that have gone', () => {
    const queue = new ReadyQueue();
    for (let ticket = 0; ticket < 5000; ticket += 1) queue.add(`t${ticket}`, 0, ticket);
    expect([...queue.entries((_, ticket) => ticket >= 4990)]).to.have.length(10);
    expect([...queue.entries((_, ticket) => ticket >= 4998)]).to.deep.equal(['t4998', 't4999']);
  });
});

describe('priority and age in a run', () => {
  it('a higher priority goes first, then what has waited longest', () => {
    const { definition } = workflow('ranked')
      .task('low', 'agent', { priority: -1 })
      .task('first', 'agent')
      .task('second', 'agent')
      .task('high', 'agent', { priority: 9 })
      .build();
    const run = new PureRun({ definition });
    expect(run.ready()).to.deep.equal(['high', 'first', 'second', 'low']);
    run.schedule('first');
    run.fail('first');
    run.retry('first');
    expect(run.ready(), 'a retry waits behind those that waited longer').to.deep.equal([
      'high',
      'second',
      'first',
      'low',
    ]);
  });
});
