import { type AnyPlugin, createInProcessTransport, type Orchestrator, workflow } from '@reprise/core';
import { VirtualTime } from '@reprise/core/testing';
import { sqliteEventStore } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import {
  eventsOf,
  eventually,
  gate,
  manualTime,
  only,
  orchestrators,
  temporaryFiles,
  transportPlugin,
} from './support.ts';

describe('Timers', () => {
  const { start } = orchestrators();

  const flaky = () => {
    const work = gate('work', { obeys: true });
    const retry = { maxAttempts: 3, initialDelay: '1h', factor: 1, maxDelay: '1h', jitter: 0 };
    const definition = workflow('flaky', { timeout: '10h' }).task('a', work.agent, { retry }).build();
    return { work, definition };
  };

  /** A run whose first attempt has failed, so that it waits for an hour, in an orchestrator that was stopped then. */
  const stoppedWhileWaiting = async () => {
    const { clock, time, parts } = manualTime();
    const { work, definition } = flaky();
    const reprise = await start({ ...parts(), workflows: [definition] });
    const run = await reprise.startRun(definition, 1);
    await time.until(() => work.waiting === 1, 0);
    work.refuse(new Error('busy'));
    await time.quiet();
    expect((await run.state()).tasks.get('a')?.status).to.equal('waiting');
    await reprise.stop();
    const restart = (): Promise<Orchestrator> => start({ ...parts(), workflows: [definition] });
    return { clock, time, work, runId: run.id, restart };
  };

  it('of a retry fire at their time in the orchestrator that comes next', async () => {
    const { clock, time, work, runId, restart } = await stoppedWhileWaiting();
    clock.advance(1_800_000);
    const reprise = await restart();
    await time.quiet();
    clock.advance(1_799_999);
    await time.quiet();
    expect(work.calls).to.have.length(1);
    clock.advance(1);
    await time.until(() => work.calls.length === 2, 0);
    work.answer('well');
    expect(await reprise.run(runId).result()).to.equal('well');
  });

  it('that came due meanwhile fire at once', async () => {
    const { clock, time, work, runId, restart } = await stoppedWhileWaiting();
    clock.advance(3 * 3_600_000);
    const reprise = await restart();
    await time.until(() => work.calls.length === 2, 0);
    work.answer('well');
    expect(await reprise.run(runId).result()).to.equal('well');
  });

  it('of a run end it at their time, or at once when they came due', async () => {
    for (const slept of [5, 20]) {
      const { clock, time, runId, restart } = await stoppedWhileWaiting();
      clock.advance(slept * 3_600_000);
      const reprise = await restart();
      const outcome = reprise.run(runId).outcome();
      await time.quiet();
      clock.advance(0);
      await time.quiet();
      expect((await reprise.run(runId).state()).status).to.equal(slept < 10 ? 'running' : 'failed');
      clock.advance(Math.max(0, 10 - slept) * 3_600_000);
      expect(await outcome).to.have.nested.property('error.code', 'REPRISE_RUN_TIMEOUT');
    }
  });

  it('of a task count its retries, and go on after a restart', async () => {
    const { clock, time, parts } = manualTime();
    const work = gate('work', { obeys: true });
    const definition = workflow('task-timeout')
      .task('a', work.agent, {
        timeout: { task: '90m' },
        retry: { maxAttempts: 9, initialDelay: '1h', factor: 1, maxDelay: '1h', jitter: 0 },
      })
      .build();
    const reprise = await start({ ...parts(), workflows: [definition] });
    const run = await reprise.startRun(definition, 1);
    await time.until(() => work.waiting === 1, 0);
    work.refuse(new Error('busy'));
    await time.quiet();
    await reprise.stop();
    const next = await start({ ...parts(), workflows: [definition] });
    await time.quiet();
    clock.advance(3_600_000);
    await time.until(() => work.calls.length === 2, 0);
    clock.advance(1_799_999);
    await time.quiet();
    expect(work.contexts[1]?.signal.aborted).to.equal(false);
    clock.advance(1);
    expect(await next.run(run.id).outcome()).to.have.nested.property('error.details.code', 'REPRISE_TASK_TIMEOUT');
    expect(work.contexts[1]?.signal.aborted).to.equal(true);
  });

  it('of a run that ended are gone', async () => {
    const { clock, time, parts } = manualTime();
    const { work, definition } = flaky();
    const reprise = await start({ ...parts(), workflows: [definition] });
    await time.quiet();
    const before = clock.pending;
    const run = await reprise.startRun(definition, 1);
    await time.until(() => work.waiting === 1, 0);
    work.answer();
    await run.result();
    await time.until(() => clock.pending === before, 120_000);
    expect(clock.pending).to.equal(before);
  });
});

describe('Timers of a run in a file', () => {
  const { start } = orchestrators();
  const file = temporaryFiles();

  it('outlive the orchestrator that set them', async () => {
    const time = new VirtualTime();
    const work = gate('work', { obeys: true });
    const definition = workflow('in-a-file')
      .task('a', work.agent, { retry: { maxAttempts: 2, initialDelay: '1d', maxDelay: '1d', jitter: 0 } })
      .build();
    const path = file();
    const open = (): Promise<Orchestrator> => {
      const plugins: AnyPlugin[] = [sqliteEventStore({ path }), transportPlugin(createInProcessTransport(time.clock))];
      return start({ plugins, clock: time.clock, workflows: [definition] });
    };
    const first = await open();
    const run = await first.startRun(definition, 1);
    await eventually(() => work.waiting === 1);
    work.refuse(new Error('busy'));
    await eventually(async () => (await run.state()).tasks.get('a')?.status === 'waiting');
    await first.stop();
    const second = await open();
    await time.quiet();
    expect(work.calls).to.have.length(1);
    time.clock.advance(86_400_000);
    await eventually(() => work.waiting === 1);
    work.answer('tomorrow');
    expect(await second.run(run.id).result()).to.equal('tomorrow');
    const failed = only(await eventsOf(second, run.id), 'TaskAttemptFailed');
    expect(failed.map(({ at, retryAt }) => (retryAt ?? 0) - at)).to.deep.equal([86_400_000]);
  });
});
