import { ManualClock } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { TimerTable } from '../../src/orchestration/runtime/timer-table.ts';

describe('a table of timers', () => {
  const timer = { kind: 'wake', taskId: 'a', attempt: 1 } as const;
  const setUp = () => {
    const clock = new ManualClock(1000);
    const fired: number[] = [];
    const table = new TimerTable(clock, (_runId, _timer, at) => fired.push(at));
    return { clock, fired, table };
  };

  it('fires each once, and says for when it was set', () => {
    const { clock, fired, table } = setUp();
    for (const _ of [1, 2]) table.set('run', timer, 1010);
    clock.advance(15);
    expect(fired).to.deep.equal([1010]);
    expect(clock.pending).to.equal(0);
  });

  it('sets one anew when it is due at another time', () => {
    for (const [first, second] of [
      [1010, 1030],
      [1030, 1010],
    ] as const) {
      const { clock, fired, table } = setUp();
      table.set('run', timer, first);
      table.set('run', timer, second);
      clock.advance(50);
      expect(fired).to.deep.equal([second]);
    }
  });

  it('forgets those of a run', () => {
    const { clock, fired, table } = setUp();
    table.set('run', timer, 1010);
    table.set('other', timer, 1020);
    table.cancelRun('run');
    clock.advance(50);
    expect(fired).to.deep.equal([1020]);
  });
});
