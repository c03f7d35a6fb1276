import { expect } from 'chai';
import { describe, it } from 'mocha';
import { WaitingLines } from '../../src/orchestration/runtime/waiting-lines.ts';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a line of those who wait', () => {
  const waiting = (lines: WaitingLines, name = 'desk') => {
    const over = new AbortController();
    const one = { over, state: 'waits', leave: (): void => undefined };
    void lines.turn(name, over.signal).then((leave) => {
      one.state = leave === undefined ? 'gave up' : 'has its turn';
      one.leave = leave ?? one.leave;
    });
    return one;
  };

  it('gives each its turn, in the order in which they came; lines are apart', async () => {
    const lines = new WaitingLines();
    const [first, second, other] = [waiting(lines), waiting(lines), waiting(lines, 'other')];
    await settled();
    expect([first.state, second.state, other.state]).to.deep.equal(['has its turn', 'waits', 'has its turn']);
    first.leave();
    first.leave();
    const third = waiting(lines);
    await settled();
    expect([second.state, third.state]).to.deep.equal(['has its turn', 'waits']);
    second.leave();
    await settled();
    expect(third.state).to.equal('has its turn');
  });

  it('is left by who gives up, waiting or not, and holds nobody up', async () => {
    const lines = new WaitingLines();
    const [first, second, third] = [waiting(lines), waiting(lines), waiting(lines)];
    await settled();
    second.over.abort();
    first.over.abort();
    await settled();
    expect([second.state, third.state]).to.deep.equal(['gave up', 'has its turn']);
    first.leave();
    third.leave();
    const late = waiting(lines);
    late.over.abort();
    const next = waiting(lines);
    await settled();
    expect(next.state).to.equal('has its turn');
  });

  it('takes nobody who has given up already', async () => {
    expect(await new WaitingLines().turn('desk', AbortSignal.abort())).to.equal(undefined);
  });
});
