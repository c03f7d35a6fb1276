import {
  type Agent,
  type AnyPlugin,
  createInProcessTransport,
  encodeEvent,
  type Json,
  type Orchestrator,
  type RecordedEvent,
  runStream,
  type Storage,
  uuidv5,
  workflow,
} from '@reprise/core';
import { VirtualTime } from '@reprise/core/testing';
import { sqliteEventStore } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import {
  eventsOf,
  eventually,
  gate,
  lastingStore,
  manualTime,
  only,
  orchestrators,
  temporaryFiles,
  transportPlugin,
} from './support.ts';

/** Puts on record that the run is parked, as a driver does that cannot decide it. */
async function park(store: Storage, runId: string, at: number): Promise<void> {
  const [last] = (await store.events.read(runStream(runId), {
    direction: 'backwards',
    limit: 1,
  })) as readonly RecordedEvent[];
  const error = { code: 'REPRISE_UNDECIDABLE', message: 'a fault', retryable: false };
  const event = encodeEvent({ type: 'RunParked', at, commandId: 'park', error });
  const metadata = { ...event.metadata, causationId: 'park', correlationId: runId };
  const summary = { kind: 'run', name: 'w', status: 'parked', createdAt: at, updatedAt: at };
  await store.events.append(
    runStream(runId),
    [{ ...event, metadata, id: uuidv5('park', runId) }],
    last?.revision ?? -1,
    {
      summary,
    },
  );
}

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

  describe('that ran out while nobody drove the run', () => {
    const value = { value: 'late' };
    const list = { forEach: { items: () => [0, 1, 2, 3], concurrency: 2 } };
    const cases = {
      'of a run, before its fallback stands in': {
        workflow: (agent: Agent<Json, Json>) =>
          workflow('w', { timeout: '1m' }).task('a', agent, { fallback: value, retry: 1 }),
        end: { status: 'failed', code: 'REPRISE_RUN_TIMEOUT' },
      },
      'of a run, before its next task is begun': {
        workflow: (agent: Agent<Json, Json>) =>
          workflow('w', { timeout: '1m' })
            .task('a', agent, { fallback: value, retry: 1 })
            .task('b', agent, { after: 'a' }),
        end: { status: 'failed', code: 'REPRISE_RUN_TIMEOUT' },
      },
      'of a task, before another attempt is made': {
        workflow: (agent: Agent<Json, Json>) =>
          workflow('w').task('a', agent, { timeout: { task: '1m' }, fallback: value }),
        end: { status: 'completed', output: 'late' },
      },
      'of a list, before its other items are begun': {
        workflow: (agent: Agent<Json, Json>) =>
          workflow('w').task('a', agent, { ...list, timeout: { all: '1m' }, fallback: value }),
        end: { status: 'completed', output: ['late', 'late', 'late', 'late'] },
      },
      'of a list of attempts that are made at most once': {
        workflow: (agent: Agent<Json, Json>) =>
          workflow('w').task('a', agent, {
            ...list,
            timeout: { all: '1m' },
            fallback: value,
            delivery: 'at-most-once',
            retry: 1,
          }),
        end: { status: 'completed', output: ['late', 'late', 'late', 'late'] },
      },
    };
    for (const [what, { workflow: define, end }] of Object.entries(cases)) {
      for (const how of [
        'at the start',
        'at the start, slice by slice',
        'at the resume of a run that was parked',
      ] as const) {
        const parked = how === 'at the resume of a run that was parked';
        const limits = how === 'at the start, slice by slice' ? { sliceChars: 1, maxCachedTasks: 1 } : {};
        it(`${what}: ${how}`, async () => {
          const store = lastingStore();
          const { clock, time, parts } = manualTime(store);
          const work = gate('work', { obeys: true });
          const definition = define(work.agent).build();
          const first = await start({ ...parts(), workflows: [definition] });
          const { id } = await first.startRun(definition, 1);
          await time.until(() => work.waiting > 0, 0);
          await first.stop({ drainMs: 0 });
          const called = work.calls.length;
          clock.advance(120_000);
          if (parked) await park(store, id, clock.now());
          clock.advance(60_000);
          const next = await start({ ...parts(), limits, workflows: [definition] });
          const run = next.run(id);
          if (parked) await run.resume();
          const outcome = await run.outcome();
          if ('code' in end) expect(outcome).to.have.nested.property('error.code', end.code);
          else expect(outcome).to.deep.equal(end);
          expect(work.calls.length, 'calls').to.equal(called);
          expect((await next.runs.replay(id)).matches).to.equal(true);
        });
      }
    }
  });

  it('of no attempt are sent again that is lost, however many turns it takes to say so', async () => {
    const store = lastingStore();
    const { time, parts } = manualTime(store);
    const work = gate('work', { obeys: true, concurrency: 10 });
    const definition = workflow('w')
      .task('a', work.agent, { forEach: { items: () => [0, 1, 2, 3, 4, 5], concurrency: 6 } })
      .build();
    const first = await start({ ...parts(), workflows: [definition] });
    const { id } = await first.startRun(definition, 1);
    await time.until(() => work.waiting === 6, 0);
    await first.stop({ drainMs: 0 });
    const next = await start({ ...parts(), limits: { sliceChars: 1 }, workflows: [definition] });
    await time.until(() => work.waiting === 6, 1000);
    const made = work.calls.map(({ taskId, attempt }) => `${taskId}#${attempt}`);
    expect(new Set(made).size, made.join(' ')).to.equal(12);
    for (let item = 0; item < 6; item += 1) work.answer(item);
    expect(await next.run(id).result()).to.have.length(6);
  });

  it('of attempts that a process left behind in a parked run are gone with them: they are lost, and made again', async () => {
    const store = lastingStore();
    const { clock, time, parts } = manualTime(store);
    const work = gate('work', { obeys: true });
    const definition = workflow('w').task('a', work.agent, { timeout: '1m', retry: 1 }).build();
    const first = await start({ ...parts(), workflows: [definition] });
    const { id } = await first.startRun(definition, 1);
    await time.until(() => work.waiting > 0, 0);
    await first.stop({ drainMs: 0 });
    await park(store, id, clock.now());
    clock.advance(120_000);
    const next = await start({ ...parts(), workflows: [definition] });
    await time.quiet();
    expect((await next.run(id).state()).status).to.equal('parked');
    expect(work.calls).to.have.length(1);
    await next.run(id).resume();
    await time.until(() => work.waiting > 0, 0);
    expect(work.calls.map(({ attempt }) => attempt)).to.deep.equal([1, 2]);
    work.answer('well');
    expect(await next.run(id).result()).to.equal('well');
    expect((await eventsOf(next, id)).map(({ type }) => type)).to.include('TaskAttemptFailed');
  });

  it('of a task count its retries, and go on after a restart', async () => {
    const { clock, time, parts, pass } = manualTime();
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
    await pass(1_799_999);
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
