import { expect } from 'chai';
import { describe, it } from 'mocha';
import { RunWaiters } from '../../src/orchestration/runtime/run-waiters.ts';
import { PureRun } from '../workflow/pure-run.ts';
import { chain } from '../workflow/samples.ts';

describe('Those who wait for a run to end', () => {
  const { state } = new PureRun(chain());

  it('are all told, with the state that it ended in', async () => {
    const waiters = new RunWaiters();
    const [first, second, other] = [waiters.wait('r'), waiters.wait('r'), waiters.wait('other')];
    waiters.ended('r', state);
    expect(await first.changed).to.equal(state);
    expect(await second.changed).to.equal(state);
    expect(waiters.size).to.equal(1);
    waiters.ended('other');
    expect(await other.changed).to.equal(undefined);
  });

  it('leave nothing behind when they wait no longer', () => {
    const waiters = new RunWaiters();
    const [first, second] = [waiters.wait('r'), waiters.wait('r')];
    first.cancel();
    first.cancel();
    expect(waiters.size).to.equal(1);
    second.cancel();
    expect(waiters.size).to.equal(0);
  });

  it('are woken by what was appended elsewhere when it may be the end, and by all else only where they ask for it', async () => {
    const waiters = new RunWaiters();
    const told: string[] = [];
    const hear = (name: string, onAny?: boolean): void =>
      void waiters.wait('r', onAny).changed.then(() => told.push(name));
    for (const type of ['RunCompleted', 'RunFailed', 'RunCancelled', undefined]) {
      hear(String(type));
      waiters.appended('r', 'TaskCompleted');
      await undefined;
      expect(told).to.deep.equal([]);
      waiters.appended('other', type);
      waiters.appended('r', type);
      await undefined;
      expect(told.splice(0)).to.deep.equal([String(type)]);
    }
    hear('any', true);
    hear('end');
    waiters.appended('r', 'RunParked');
    await undefined;
    // Whoever waits with it looks, too, and waits again.
    expect(told).to.deep.equal(['any', 'end']);
  });

  it('are woken by the close, and wait no more after it', async () => {
    const waiters = new RunWaiters();
    const waiting = waiters.wait('r');
    waiters.close();
    expect(await waiting.changed).to.equal(undefined);
    expect(await waiters.wait('r').changed).to.equal(undefined);
    expect(waiters.size).to.equal(0);
  });
});
