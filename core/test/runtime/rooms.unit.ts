import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type Returned, Rooms } from '../../src/orchestration/runtime/rooms.ts';

function setUp() {
  const sent: string[] = [];
  const taken: (string | undefined)[] = [];
  const rooms = new Rooms(({ taskId }: Returned) => {
    sent.push(taskId);
    taken.push(rooms.take('a')?.worker);
  });
  const say = (worker: string, free: number, places: readonly number[] = [0], concurrency = 4): void =>
    rooms.heard({ worker, agents: [{ name: 'a', capabilities: [], concurrency, free, places }] });
  const wait = (taskId: string, priority = 0): void => rooms.wait('a', { runId: 'r', taskId, attempt: 1, priority });
  return { sent, taken, rooms, say, wait };
}

describe('the rooms of workers', () => {
  it('are taken where there are most, from one place of the worker after the other, until there is none', () => {
    const { rooms, say } = setUp();
    expect(rooms.take('a')).to.equal(undefined);
    say('w1', 1, [7]);
    say('w2', 3, [1, 2]);
    const taken = Array.from({ length: 5 }, () => rooms.take('a'));
    expect(taken.map((one) => one?.worker)).to.deep.equal(['w2', 'w2', 'w1', 'w2', undefined]);
    expect(new Set(taken.flatMap((one) => (one?.worker === 'w2' ? [one.place] : [])))).to.deep.equal(new Set([1, 2]));
    expect(taken[2]?.place).to.equal(7);
  });

  it('are there again when an attempt has ended, and never more than the worker has', () => {
    const { rooms, say } = setUp();
    say('w1', 1, [0], 1);
    const placed = rooms.take('a');
    if (placed === undefined) throw new Error('there was room');
    rooms.freed(placed);
    rooms.freed(placed);
    expect([rooms.take('a')?.worker, rooms.take('a')]).to.deep.equal(['w1', undefined]);
    rooms.forget('w1');
    rooms.freed(placed);
    expect(rooms.take('a')).to.equal(undefined);
  });

  it('are for what waits, the most urgent first, as soon as there are any, and at nobody who has none', () => {
    const { rooms, sent, taken, say, wait } = setUp();
    for (const [task, priority] of [
      ['low', 1],
      ['high', 9],
      ['also high', 9],
    ] as const)
      wait(task, priority);
    expect(sent).to.deep.equal([]);
    say('w1', 2);
    expect([sent, taken]).to.deep.equal([
      ['high', 'also high'],
      ['w1', 'w1'],
    ]);
    rooms.full('a', 'w1');
    say('w2', 1);
    expect([sent.at(-1), taken.at(-1)]).to.deep.equal(['low', 'w2']);
  });

  it('that a worker does not tell the places of are not taken', () => {
    const { rooms, say } = setUp();
    say('w1', 3, []);
    expect(rooms.take('a')).to.equal(undefined);
  });
});
