import { createInProcessTransport, type Transport, workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import {
  changedTransport,
  commandOf,
  eventsOf,
  gate,
  isMessage,
  lastingStore,
  manualTime,
  only,
  orchestrators,
  remoteWorker,
} from './support.ts';

const limits = { leaseMs: 30_000, redispatchMs: 10_000 };

describe('The lease of an attempt', () => {
  const { start } = orchestrators();

  it('runs out when its worker is silent; what it reports late is ignored', async () => {
    const { clock, time, parts } = manualTime();
    const worker = remoteWorker(clock);
    const definition = workflow('silent').task('a', gate('work').agent).build();
    const reprise = await start({ ...parts(worker.transport), limits, workflows: [definition] });
    const run = await reprise.startRun(definition, 1);
    await time.until(() => worker.dispatches.length === 1, 0);
    const [first] = worker.dispatches;
    await worker.begin(run.id, first);
    await time.quiet();
    clock.advance(29_000);
    await time.quiet();
    if (first !== undefined) await worker.beat(run.id, first);
    await time.quiet();
    clock.advance(29_000);
    await time.quiet();
    expect(worker.dispatches).to.have.length(1);
    expect(await time.until(() => worker.dispatches.length === 2, 60_000)).to.equal(true);
    const [, second] = worker.dispatches;
    await worker.complete(run.id, first, 'late');
    await worker.begin(run.id, second);
    await worker.complete(run.id, second, 'in time');
    expect(await run.result()).to.equal('in time');
    const events = await eventsOf(reprise, run.id);
    expect(only(events, 'TaskAttemptFailed')).to.have.length(1);
    expect(only(events, 'TaskAttemptFailed')[0]).to.deep.include({ attempt: 1, lost: true });
    expect(only(events, 'TaskAttemptFailed')[0]?.error.code).to.equal('REPRISE_WORKER_LOST');
    expect(only(events, 'TaskResultIgnored').map(({ attempt, outcome }) => ({ attempt, outcome }))).to.deep.equal([
      { attempt: 1, outcome: 'completed' },
    ]);
    expect(only(events, 'TaskCompleted')[0]).to.deep.include({ attempt: 2, output: 'in time' });
    expect((await reprise.runs.replay(run.id)).matches).to.equal(true);
  });

  it('is kept by a worker that is heard of, however long the attempt takes', async () => {
    const { time, parts } = manualTime();
    const work = gate('work');
    const definition = workflow('long').task('a', work.agent).build();
    const reprise = await start({ ...parts(), limits, workflows: [definition] });
    const run = await reprise.startRun(definition, 1);
    await time.until(() => false, 24 * 3_600_000);
    work.answer('at last');
    expect(await run.result()).to.equal('at last');
    expect(work.calls).to.have.length(1);
    expect(only(await eventsOf(reprise, run.id), 'TaskAttemptFailed')).to.deep.equal([]);
  });

  it('that runs out leaves an at-most-once attempt unknown, not made again', async () => {
    const { clock, time, parts } = manualTime();
    const worker = remoteWorker(clock);
    const definition = workflow('once').task('a', gate('work').agent, { delivery: 'at-most-once' }).build();
    const reprise = await start({ ...parts(worker.transport), limits, workflows: [definition] });
    const run = await reprise.startRun(definition, 1);
    await time.until(() => worker.dispatches.length === 1, 0);
    const [first] = worker.dispatches;
    if (first !== undefined) await worker.beat(run.id, first);
    let status: string | undefined;
    void run.outcome().then((outcome) => {
      status = outcome.status;
    });
    expect(await time.until(() => status !== undefined, 10 * 60_000)).to.equal(true);
    expect(status).to.equal('failed');
    expect(worker.dispatches).to.have.length(1);
    expect(only(await eventsOf(reprise, run.id), 'TaskFailed')[0]?.error.code).to.equal('REPRISE_OUTCOME_UNKNOWN');
  });

  it('does not run out because the process slept', async () => {
    const { clock, time, parts } = manualTime();
    const work = gate('work');
    const definition = workflow('asleep').task('a', work.agent).build();
    const reprise = await start({ ...parts(), limits, workflows: [definition] });
    const run = await reprise.startRun(definition, 1);
    await time.until(() => work.waiting === 1, 0);
    clock.oversleep(3_600_000);
    await time.until(() => false, 3_600_000);
    work.answer('awake');
    expect(await run.result()).to.equal('awake');
    expect(work.calls).to.have.length(1);
  });

  it('is another one after such a sleep, and runs out when the worker has gone', async () => {
    const { clock, time, parts } = manualTime();
    const worker = remoteWorker(clock);
    const definition = workflow('gone').task('a', gate('work').agent).build();
    const reprise = await start({ ...parts(worker.transport), limits, workflows: [definition] });
    const run = await reprise.startRun(definition, 1);
    await time.until(() => worker.dispatches.length === 1, 0);
    await worker.begin(run.id, worker.dispatches[0]);
    await time.quiet();
    clock.oversleep(3_600_000);
    await time.until(() => false, limits.leaseMs - 1000);
    expect(only(await eventsOf(reprise, run.id), 'TaskAttemptFailed')).to.deep.equal([]);
    expect(await time.until(() => worker.dispatches.length === 2, 60_000)).to.equal(true);
    expect(only(await eventsOf(reprise, run.id), 'TaskAttemptFailed')[0]).to.deep.include({ attempt: 1, lost: true });
  });

  it('does not begin before the attempt does: at-most-once attempts may wait for their agent', async () => {
    const { time, parts } = manualTime();
    const work = gate('work', { concurrency: 1 });
    const definition = workflow('queue')
      .task('a', work.agent, { delivery: 'at-most-once', forEach: () => [1, 2, 3] })
      .build();
    const reprise = await start({ ...parts(), limits, workflows: [definition] });
    const run = await reprise.startRun(definition, 1);
    for (const n of [1, 2, 3]) {
      await time.until(() => work.waiting === 1, 0);
      await time.until(() => false, 10 * 60_000);
      expect(work.calls).to.have.length(n);
      work.answer(n);
    }
    expect(await run.result()).to.deep.equal([1, 2, 3]);
  });
});

describe('A message', () => {
  const { start } = orchestrators();

  it('that hands an attempt over and is lost is sent again', async () => {
    let lost = 0;
    const { time, parts } = manualTime(lastingStore(), (message) => {
      if (!isMessage(message, 'dispatch') || lost === 3) return [message];
      lost += 1;
      return [];
    });
    const work = gate('work');
    const definition = workflow('dropped').task('a', work.agent).build();
    const reprise = await start({ ...parts(), limits, workflows: [definition] });
    const run = await reprise.startRun(definition, 1);
    expect(await time.until(() => work.waiting === 1, 3_600_000)).to.equal(true);
    expect(lost).to.equal(3);
    work.answer('done');
    expect(await run.result()).to.equal('done');
    expect(work.calls.map(({ attempt }) => attempt)).to.deep.equal([1]);
  });

  it('that the transport refuses is sent again, too', async () => {
    let refused = 0;
    const { time, parts } = manualTime(lastingStore(), (message) => {
      if (!isMessage(message, 'dispatch') || refused === 1) return [message];
      refused += 1;
      throw new Error('the broker is away');
    });
    const work = gate('work');
    const definition = workflow('refused').task('a', work.agent).build();
    const reprise = await start({ ...parts(), limits, workflows: [definition] });
    const run = await reprise.startRun(definition, 1);
    expect(await time.until(() => work.waiting === 1, 3_600_000)).to.equal(true);
    work.answer('done');
    expect(await run.result()).to.equal('done');
  });

  it('at which the transport throws, instead of rejecting, is no worse', async () => {
    const { clock, time, parts } = manualTime();
    const transport = createInProcessTransport(clock);
    let thrown = 0;
    const rude: Transport = {
      ...changedTransport((message) => [message], transport),
      publish: (messages) => {
        const heartbeats = messages.some((message) => isMessage(message, 'heartbeat'));
        const first = thrown === 0 && messages.some((message) => isMessage(message, 'dispatch'));
        if (!heartbeats && !first) return transport.publish(messages);
        thrown += 1;
        throw new Error('the broker is away');
      },
    };
    const work = gate('work');
    const definition = workflow('rude').task('a', work.agent).build();
    const reprise = await start({ ...parts(rude), limits, workflows: [definition] });
    const run = await reprise.startRun(definition, 1);
    expect(await time.until(() => work.waiting === 1, 3_600_000)).to.equal(true);
    clock.advance(limits.leaseMs / 2);
    await time.quiet();
    expect(thrown).to.be.greaterThan(1);
    work.answer('done');
    expect(await run.result()).to.equal('done');
  });

  it('that hands an at-most-once attempt over and is refused ends the attempt: it is not known whether it went out', async () => {
    const { time, parts } = manualTime(lastingStore(), (message) => {
      if (!isMessage(message, 'dispatch')) return [message];
      throw new Error('the broker is away');
    });
    const work = gate('work');
    const definition = workflow('refused-once').task('a', work.agent, { delivery: 'at-most-once' }).build();
    const reprise = await start({ ...parts(), limits, workflows: [definition] });
    const run = await reprise.startRun(definition, 1);
    let outcome: unknown;
    void run.outcome().then((ended) => {
      outcome = ended;
    });
    expect(await time.until(() => outcome !== undefined, 3_600_000)).to.equal(true);
    expect(outcome).to.have.nested.property('error.details.code', 'REPRISE_OUTCOME_UNKNOWN');
    expect(work.calls).to.deep.equal([]);
  });

  it('of any kind that comes twice changes nothing', async () => {
    const { time, parts } = manualTime(lastingStore(), (message) => [message, message]);
    const [one, two] = [gate('one'), gate('two')];
    const definition = workflow('doubled')
      .task('a', one.agent)
      .task('b', two.agent, { after: 'a', delivery: 'at-most-once' })
      .build();
    const reprise = await start({ ...parts(), limits, workflows: [definition] });
    const run = await reprise.startRun(definition, 1);
    await time.until(() => one.waiting === 1, 0);
    one.answer(1);
    await time.until(() => two.waiting === 1, 0);
    two.answer(2);
    expect(await run.result()).to.equal(2);
    await time.quiet();
    expect(one.calls.length + two.calls.length).to.equal(2);
    const events = await eventsOf(reprise, run.id);
    expect(only(events, 'TaskStarted')).to.have.length(2);
    expect(only(events, 'TaskCompleted')).to.have.length(2);
    expect(only(events, 'TaskResultIgnored')).to.deep.equal([]);
  });

  it('with the outcome that is lost is made good when the lease runs out', async () => {
    let lost = 0;
    const { time, parts } = manualTime(lastingStore(), (message) => {
      if (commandOf(message) !== 'CompleteTask' || lost === 1) return [message];
      lost += 1;
      return [];
    });
    const work = gate('work');
    const definition = workflow('outcome-lost').task('a', work.agent).build();
    const reprise = await start({ ...parts(), limits, workflows: [definition] });
    const run = await reprise.startRun(definition, 1);
    await time.until(() => work.waiting === 1, 0);
    work.answer('lost');
    expect(await time.until(() => work.waiting === 1, 3_600_000)).to.equal(true);
    expect(work.calls[1]?.attempt).to.equal(2);
    work.answer('told');
    expect(await run.result()).to.equal('told');
  });
});
