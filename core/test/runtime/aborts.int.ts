import { cel, defineAgent, isRepriseError, workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { eventsOf, eventually, gate, manualTime, only, orchestrators } from './support.ts';

const reasonOf = (signal: AbortSignal | undefined): string | undefined =>
  isRepriseError(signal?.reason) ? signal.reason.code : undefined;

describe('An attempt that is ended by the orchestrator', () => {
  const { start } = orchestrators();

  it('for its timeout: its signal says so, and another attempt is made', async () => {
    const { clock, time, parts, pass } = manualTime();
    const work = gate('work', { obeys: true });
    const definition = workflow('attempt-timeout')
      .task('a', work.agent, { timeout: '1m', retry: { maxAttempts: 2, initialDelay: 0 } })
      .build();
    const reprise = await start({ ...parts(), workflows: [definition] });
    const run = await reprise.startRun(definition, 1);
    await time.until(() => work.waiting === 1, 0);
    await pass(59_999);
    expect(work.contexts[0]?.signal.aborted).to.equal(false);
    clock.advance(1);
    await time.until(() => work.calls.length === 2, 1000);
    expect(reasonOf(work.contexts[0]?.signal)).to.equal('REPRISE_ATTEMPT_TIMEOUT');
    expect(work.calls[1]?.attempt).to.equal(2);
    work.answer('second');
    expect(await run.result()).to.equal('second');
    const failed = only(await eventsOf(reprise, run.id), 'TaskAttemptFailed');
    expect(failed.map(({ error }) => error.code)).to.deep.equal(['REPRISE_ATTEMPT_TIMEOUT']);
  });

  it('for silence: the heartbeat timeout fails it at once; heartbeats keep it', async () => {
    const { clock, time, parts } = manualTime();
    const work = gate('work');
    const definition = workflow('heartbeat')
      .task('a', work.agent, { timeout: { heartbeat: '10s' }, retry: { maxAttempts: 2, initialDelay: 0 } })
      .build();
    const reprise = await start({ ...parts(), workflows: [definition] });
    const run = await reprise.startRun(definition, 1);
    await time.until(() => work.waiting === 1, 0);
    for (const beat of ['heartbeat', 'emit'] as const) {
      clock.advance(9000);
      await time.quiet();
      if (beat === 'heartbeat') work.contexts[0]?.heartbeat();
      else work.contexts[0]?.emit({ done: 0.5 });
    }
    clock.advance(9999);
    await time.quiet();
    expect(work.contexts[0]?.signal.aborted).to.equal(false);
    clock.advance(1);
    await time.until(() => work.calls.length === 2, 1000);
    expect(reasonOf(work.contexts[0]?.signal)).to.equal('REPRISE_HEARTBEAT_TIMEOUT');
    work.answer('too late');
    work.answer('second');
    expect(await run.result()).to.equal('second');
    const failed = only(await eventsOf(reprise, run.id), 'TaskAttemptFailed');
    expect(failed.map(({ error }) => error.code)).to.deep.equal(['REPRISE_HEARTBEAT_TIMEOUT']);
  });

  it('in a block that something stood in for, and that begins anew: its place is free for the next round', async () => {
    const { time, parts, pass } = manualTime();
    const work = gate('work', { obeys: true, concurrency: 1 });
    const definition = workflow('block-timeout')
      .scope('t', (block) => block.task('a', work.agent, { retry: 1 }), {
        timeout: '1m',
        fallback: { value: 'too long' },
        repeat: { until: cel('output != "too long"'), max: 2, onExhausted: 'accept' },
      })
      .build();
    const reprise = await start({ ...parts(), workflows: [definition] });
    const run = await reprise.startRun(definition, 1);
    await time.until(() => work.waiting === 1, 0);
    await pass(60_000);
    await time.until(() => work.calls.length === 2, 1000);
    expect(reasonOf(work.contexts[0]?.signal)).to.equal('REPRISE_RUN_CLOSED');
    work.answer('in time');
    expect(await run.result()).to.equal('in time');
  });

  it('leaves no timer behind when its agent goes on saying that it is alive', async () => {
    const { clock, time, parts } = manualTime();
    const work = gate('work');
    const definition = workflow('lively')
      .task('a', work.agent, { timeout: { heartbeat: '10s' } })
      .build();
    const reprise = await start({ ...parts(), workflows: [definition] });
    const run = await reprise.startRun(definition, 1);
    await time.until(() => work.waiting === 1, 0);
    work.answer('done');
    await run.result();
    await time.quiet();
    const pending = clock.pending;
    work.contexts[0]?.heartbeat();
    expect(clock.pending).to.equal(pending);
    expect(work.contexts[0]?.signal.aborted).to.equal(false);
  });

  it('for the cancellation of its run; one that ignores it does not hold the run', async () => {
    const [obedient, stubborn] = [gate('obedient', { obeys: true }), gate('stubborn')];
    const definition = workflow('cancelled').task('a', obedient.agent).task('b', stubborn.agent).build();
    const reprise = await start({ workflows: [definition] });
    const run = await reprise.startRun(definition, 1);
    await eventually(() => obedient.waiting + stubborn.waiting === 2);
    await run.cancel('enough');
    expect(await run.outcome()).to.deep.equal({ status: 'cancelled', reason: 'enough' });
    await eventually(
      () => stubborn.contexts[0]?.signal.aborted === true && obedient.contexts[0]?.signal.aborted === true,
    );
    expect(reasonOf(obedient.contexts[0]?.signal)).to.equal('REPRISE_RUN_CLOSED');
    expect(reasonOf(stubborn.contexts[0]?.signal)).to.equal('REPRISE_RUN_CLOSED');
    const before = (await eventsOf(reprise, run.id)).length;
    stubborn.answer('late');
    await eventually(() => reprise.running === 0);
    expect(await eventsOf(reprise, run.id)).to.have.length(before);
  });

  it('for the failure of another task of its run', async () => {
    const [failing, other] = [gate('failing'), gate('other', { obeys: true })];
    const definition = workflow('failed').task('a', failing.agent, { retry: 1 }).task('b', other.agent).build();
    const reprise = await start({ workflows: [definition] });
    const run = await reprise.startRun(definition, 1);
    await eventually(() => failing.waiting + other.waiting === 2);
    failing.refuse(new Error('no'));
    expect((await run.outcome()).status).to.equal('failed');
    await eventually(() => other.contexts[0]?.signal.aborted === true);
  });

  it('before it began: no agent is called for it any more', async () => {
    const work = gate('work', { concurrency: 1, obeys: true });
    const definition = workflow('queued')
      .task('a', work.agent, { forEach: () => [1, 2, 3, 4, 5] })
      .build();
    const reprise = await start({ workflows: [definition] });
    const run = await reprise.startRun(definition, 1);
    await eventually(() => work.waiting === 1);
    await run.cancel();
    await eventually(() => work.contexts[0]?.signal.aborted === true && reprise.running === 0);
    const next = await reprise.startRun(definition, 1);
    await eventually(() => work.calls.length > 1);
    expect(work.calls.map(({ runId }) => runId)).to.deep.equal([run.id, next.id]);
  });

  it('and ignored: its agent is not kept busy by it for ever', async () => {
    const { time, parts } = manualTime();
    const work = gate('work', { concurrency: 1 });
    const definition = workflow('ignored')
      .task('a', work.agent, { timeout: '1m', retry: { maxAttempts: 2, initialDelay: 0 } })
      .build();
    const reprise = await start({ ...parts(), workflows: [definition] });
    const run = await reprise.startRun(definition, 1);
    const called = await time.until(() => work.calls.length === 2, 10 * 60_000);
    expect(called).to.equal(true);
    work.answer('the first, which nobody asks for any more');
    work.answer('second');
    expect(await run.result()).to.equal('second');
  });
});

describe('The concurrency of an agent', () => {
  const { start } = orchestrators();

  for (const delivery of ['at-least-once', 'at-most-once'] as const) {
    it(`holds for ${delivery} tasks`, async () => {
      let now = 0;
      let most = 0;
      const busy = defineAgent({
        name: 'busy',
        concurrency: 2,
        handle: async () => {
          now += 1;
          most = Math.max(most, now);
          for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
          now -= 1;
        },
      });
      const definition = workflow('bounded')
        .task('a', busy, { delivery, forEach: () => Array.from({ length: 10 }, (_, index) => index) })
        .build();
      const reprise = await start({ workflows: [definition] });
      await (await reprise.startRun(definition, 1)).result();
      expect(most).to.equal(2);
    });
  }
});
