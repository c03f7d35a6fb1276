import { createReprise, defineAgent, workflow } from '@reprise/core';
import {
  given,
  ManualClock,
  recordingMonitor,
  seededRandom,
  sequentialIds,
  simulate,
  started,
  VirtualTime,
} from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { reminder } from '../reminder.ts';

describe('the reminder', () => {
  // #region simulate
  it('is sent after a day, in no time', async () => {
    const { outcome, calls, duration } = await simulate(reminder, {
      input: { to: 'ada@example.org' },
      agents: {
        // Of each task, the first call fails, and the next gives this.
        mailer: [{ fail: { code: 'BUSY' } }, { delay: '2s', output: 'sent' }],
      },
      // While the run waits: here, half a day after the reminder.
      steer: async (run, time) => {
        await time.sleep('36h');
        await run.signal('approval', { by: 'Ada' });
      },
    });
    expect(outcome).to.deep.equal({ status: 'completed', output: { approval: { by: 'Ada' } } });
    expect(calls.map(({ taskId, attempt }) => `${taskId} ${attempt}`)).to.deep.equal([
      'ask 1',
      'ask 2',
      'remind 1',
      'remind 2',
    ]);
    expect(duration).to.equal(36 * 3_600_000);
  });
  // #endregion

  // #region functions
  it('goes to whoever the run is for', async () => {
    const { calls } = await simulate(reminder, {
      input: { to: 'ada@example.org' },
      agents: {
        mailer: async (_task, { sleep }) => {
          await sleep('5m');
          return 'sent';
        },
      },
    });
    expect(calls[0]?.input).to.deep.equal({ to: 'ada@example.org', text: 'Please approve' });
    expect(calls.map(({ at }) => at)).to.deep.equal([0, 24 * 3_600_000 + 5 * 60_000]);
  });
  // #endregion

  // #region given
  it('is not sent to whoever has approved', () => {
    given(
      started(reminder, { to: 'ada@example.org' }),
      { type: 'TaskScheduled', taskId: 'ask', attempt: 1, agent: 'mailer', input: null },
      { type: 'TaskCompleted', taskId: 'ask', attempt: 1, via: 'agent', output: 'sent' },
      { type: 'TaskEntered', taskId: 'first', attempt: 1, signal: 'approval' },
    )
      .when({ type: 'SendSignal', signal: 'approval', data: true })
      .thenEvents(
        { type: 'SignalReceived', signal: 'approval', data: true },
        { type: 'TaskCompleted', taskId: 'first', via: 'signal' },
        { type: 'TaskSkipped', taskId: 'remind', reason: 'condition' },
        { type: 'TaskSkipped', taskId: 'second', reason: 'dependencies' },
        { type: 'RunCompleted', output: { approval: true } },
      );
  });
  // #endregion
});

describe('an engine whose time stands still', () => {
  // #region clock
  it('tries again when the clock is moved, and not before', async () => {
    const clock = new ManualClock();
    const time = new VirtualTime(clock);
    const monitor = recordingMonitor();
    const flaky = defineAgent({
      name: 'flaky',
      handle: ({ attempt }) => {
        if (attempt === 1) throw new Error('not yet');
        return attempt;
      },
    });
    const patient = workflow('patient')
      .task('try', flaky, { retry: { initialDelay: '1h', jitter: 0 } })
      .build();
    const reprise = await createReprise({
      workflows: [patient],
      plugins: [monitor.plugin],
      clock,
      ids: sequentialIds('run'),
      random: seededRandom(1),
    });
    await reprise.start();
    const run = await reprise.startRun(patient, null);
    await time.quiet();
    expect((await run.state()).tasks.get('try')?.status).to.equal('waiting');
    clock.advance(3_600_000);
    expect(await run.result()).to.equal(2);
    expect(monitor.events.filter(({ event }) => event.type === 'TaskAttemptFailed')).to.have.length(1);
    await reprise.stop();
  });
  // #endregion
});
