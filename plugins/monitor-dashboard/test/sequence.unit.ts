import { expect } from 'chai';
import { describe, it } from 'mocha';
import { conversationsOf, fateOf, inSight, type Message, sequenceOf } from '../ui/pure/sequence.ts';

const message = (id: string, at: number, from: string, to: string, more: Partial<Message> = {}): Message => ({
  id,
  revision: at,
  sentAt: at,
  from: { task: from },
  mailbox: to,
  performative: 'request',
  size: 10,
  status: 'open',
  since: at,
  deliveries: [],
  edited: 0,
  redriven: 0,
  ...more,
});

describe('the sequence of messages', () => {
  it('is in the order of time, with who takes from a name, gives back, and what died', () => {
    const { lanes, steps } = sequenceOf([
      message('b', 20, 'writer', '#desk', {
        status: 'dead',
        since: 60,
        deliveries: [
          { task: 'clerk', at: 30, outcome: 'returned', endedAt: 40, reason: 'no', code: 'NO' },
          { task: 'clerk', at: 50, outcome: 'returned', endedAt: 60, reason: 'no', code: 'NO' },
        ],
        death: { at: 60, code: 'NO', reason: 'no' },
      }),
      message('a', 10, 'writer', 'critic', {
        status: 'acknowledged',
        since: 35,
        deliveries: [{ task: 'critic', at: 12, outcome: 'acknowledged', endedAt: 35 }],
      }),
      message('c', 70, 'x', 'writer', { from: { client: 'kim' }, status: 'expired', since: 90 }),
    ]);
    expect(lanes).to.deep.equal([
      { name: 'writer', kind: 'task' },
      { name: 'critic', kind: 'task' },
      { name: '#desk', kind: 'name' },
      { name: 'clerk', kind: 'task' },
      { name: 'client:kim', kind: 'client' },
    ]);
    expect(steps.map(({ kind, time, from, to }) => [kind, time, lanes[from]?.name, lanes[to]?.name])).to.deep.equal([
      ['sent', 10, 'writer', 'critic'],
      ['sent', 20, 'writer', '#desk'],
      ['taken', 30, '#desk', 'clerk'],
      ['returned', 40, 'clerk', '#desk'],
      ['taken', 50, '#desk', 'clerk'],
      ['returned', 60, 'clerk', '#desk'],
      ['dead', 60, '#desk', '#desk'],
      ['sent', 70, 'client:kim', 'writer'],
      ['expired', 90, 'writer', 'writer'],
    ]);
    expect(new Set(steps.map(({ key }) => key)).size).to.equal(steps.length);
  });

  it('keeps apart what is of another run, and has items of a list share a lane when there are many', () => {
    const one = sequenceOf([message('a', 1, 'x', 'x', { run: 'r-2' }), message('b', 2, 'x', '@desk', { run: 'box' })]);
    expect(one.lanes).to.deep.equal([
      { name: 'x', kind: 'task' },
      { name: 'x of r-2', kind: 'run' },
      { name: '@desk', kind: 'name' },
    ]);
    const many = Array.from({ length: 30 }, (_, at) => message(`m${at}`, at, `each[${at}]/a`, 'sum'));
    expect(sequenceOf(many).lanes.map(({ name }) => name)).to.deep.equal(['each[…]/a', 'sum']);
    const others = Array.from({ length: 60 }, (_, at) => message(`m${at}`, at, `t${at}`, 'sum'));
    const { lanes, steps } = sequenceOf(others);
    expect(lanes).to.have.length(33);
    expect(lanes.at(-1)).to.deep.equal({ name: '29 others', kind: 'others' });
    expect(Math.max(...steps.flatMap(({ from, to }) => [from, to]))).to.equal(32);
  });

  it('tells how a message was at any time', () => {
    const one = message('a', 10, 'x', 'y', {
      status: 'acknowledged',
      since: 50,
      deliveries: [
        { task: 'y', at: 20, outcome: 'returned', endedAt: 30 },
        { task: 'y', at: 40, outcome: 'acknowledged', endedAt: 50 },
      ],
    });
    expect([10, 25, 35, 45].map((until) => fateOf(one, until).status)).to.deep.equal(['open', 'held', 'open', 'held']);
    expect(fateOf(one, 50)).to.deep.equal({ status: 'acknowledged', after: 40 });
    const dead = message('d', 10, 'x', 'y', { status: 'closed', since: 90, death: { at: 40, code: 'A', reason: 'b' } });
    expect([fateOf(dead, 39).status, fateOf(dead, 40).status, fateOf(dead).status]).to.deep.equal([
      'open',
      'dead',
      'closed',
    ]);
  });

  it('gathers conversations, and says which went wrong', () => {
    const found = conversationsOf([
      message('a', 1, 'x', 'y', { conversation: 'c1' }),
      message('b', 2, 'y', 'x', { conversation: 'c1', performative: 'inform', status: 'dead' }),
      message('c', 3, 'y', 'x'),
      message('d', 4, 'x', 'z', { conversation: 'c2', performative: 'cfp' }),
    ]);
    expect(found).to.deep.equal([
      { id: 'c1', between: ['x', 'y'], messages: 2, performative: 'request', wrong: true },
      { id: 'c2', between: ['x', 'z'], messages: 1, performative: 'cfp', wrong: false },
    ]);
  });

  it('draws the rows that are in sight, however many there are', () => {
    expect(inSight(1_000_000, 40, 4000, 800, 6)).to.deep.equal([94, 126]);
    expect(inSight(3, 40, 0, 800)).to.deep.equal([0, 3]);
    expect(inSight(0, 40, 0, 800)).to.deep.equal([0, 0]);
    expect(inSight(3, 40, 4000, 800)).to.deep.equal([3, 3]);
  });
});
