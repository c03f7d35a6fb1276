import { defineAgent, type HistoryEntry, isRepriseError, type Json, workflow } from '@reprise/core';
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
  storePlugin,
  typesOf,
} from './support.ts';

const codeOf = (error: unknown): string => (isRepriseError(error) ? error.code : String(error));
const codeFrom = (work: Promise<unknown>): Promise<string> => work.then(() => 'no error', codeOf);

describe('A run, from start to end', () => {
  const { make, start } = orchestrators();

  const double = defineAgent({ name: 'double', handle: async ({ input }: { input: number }) => input * 2 });
  const doubling = () => workflow<number>('doubling').task('a', double).task('b', double, { after: 'a' }).build();

  it('goes well for many at once, each with its own history', async () => {
    const reprise = await start({ workflows: [doubling()] });
    const runs = await Promise.all(Array.from({ length: 200 }, (_, n) => reprise.startRun(doubling(), n)));
    expect(await Promise.all(runs.map((run) => run.result()))).to.deep.equal(runs.map((_, n) => n * 4));
    expect(new Set(runs.map(({ id }) => id)).size).to.equal(200);
    for (const { id } of runs.slice(0, 20)) {
      const replay = await reprise.runs.replay(id);
      expect(replay.matches).to.equal(true);
      expect(only(await eventsOf(reprise, id), 'TaskCompleted')).to.have.length(2);
    }
  });

  it('refuses an id that is taken, and takes the same request for the same start', async () => {
    const slow = gate('slow');
    const definition = workflow('slow').task('a', slow.agent).build();
    const reprise = await start({ workflows: [definition] });
    const first = await reprise.startRun(definition, 1, { id: 'r1', requestId: 'q1' });
    const again = await reprise.startRun(definition, 1, { id: 'r1', requestId: 'q1' });
    expect(again.id).to.equal(first.id);
    expect(await codeFrom(reprise.startRun(definition, 1, { id: 'r1' }))).to.equal('REPRISE_RUN_EXISTS');
    expect(await codeFrom(reprise.startRun(definition, 1, { id: 'r1', requestId: 'q2' }))).to.equal(
      'REPRISE_RUN_EXISTS',
    );
    await eventually(() => slow.waiting === 1);
    slow.answer();
    await first.result();
    expect(slow.calls).to.have.length(1);
    await reprise.startRun(definition, 1, { id: 'r1', requestId: 'q1' });
    expect(await codeFrom(reprise.startRun(definition, 1, { id: 'r1' }))).to.equal('REPRISE_RUN_EXISTS');
    expect(only(await eventsOf(reprise, 'r1'), 'RunStarted')).to.have.length(1);
  });

  it('starts one run of the many that ask for the same id at once', async () => {
    const reprise = await start({ workflows: [doubling()] });
    const codes = await Promise.all(
      Array.from({ length: 20 }, () => codeFrom(reprise.startRun(doubling(), 1, { id: 'r1' }))),
    );
    expect(codes.filter((code) => code === 'no error')).to.have.length(1);
    expect(codes.filter((code) => code === 'REPRISE_RUN_EXISTS')).to.have.length(19);
    expect(await reprise.run('r1').result()).to.equal(4);
  });

  it('is the same start for the same request without an id, too', async () => {
    const reprise = await start({ workflows: [doubling()] });
    const [first, second] = [
      await reprise.startRun(doubling(), 1, { requestId: 'order-17' }),
      await reprise.startRun(doubling(), 1, { requestId: 'order-17' }),
    ];
    expect(second.id).to.equal(first.id);
    expect((await reprise.startRun(doubling(), 1, { requestId: 'order-18' })).id).to.not.equal(first.id);
  });

  it('tells each kind of end to whoever waits, before and after it', async () => {
    const { clock, time, parts } = manualTime();
    const work = gate('work', { obeys: true });
    const definition = workflow('ends', { timeout: '1h' }).task('a', work.agent, { retry: 1 }).build();
    const reprise = await start({ ...parts(), workflows: [definition] });
    const [completed, failed, cancelled, late] = [
      await reprise.startRun(definition, 1, { id: 'completed' }),
      await reprise.startRun(definition, 1, { id: 'failed' }),
      await reprise.startRun(definition, 1, { id: 'cancelled' }),
      await reprise.startRun(definition, 1, { id: 'late' }),
    ];
    const runs = [completed, failed, cancelled, late];
    const before = runs.map((run) => run.outcome());
    await eventually(() => work.waiting === 4);
    work.answer({ done: true });
    work.refuse(Object.assign(new Error('the disk is gone'), { code: 'EIO' }));
    await cancelled.cancel('not needed');
    await time.quiet();
    clock.advance(3_600_000);
    const outcomes = await Promise.all(before);
    expect(outcomes[0]).to.deep.equal({ status: 'completed', output: { done: true } });
    expect(outcomes[1]).to.deep.include({ status: 'failed' });
    expect(outcomes[1]).to.have.nested.property('error.message').that.contains('the disk is gone');
    expect(outcomes[2]).to.deep.equal({ status: 'cancelled', reason: 'not needed' });
    expect(outcomes[3]).to.have.nested.property('error.code', 'REPRISE_RUN_TIMEOUT');
    expect(await Promise.all(runs.map((run) => run.outcome()))).to.deep.equal(outcomes);
    expect(await completed.result()).to.deep.equal({ done: true });
    expect(await codeFrom(failed.result())).to.equal('REPRISE_TASK_FAILED');
    expect(await codeFrom(cancelled.result())).to.equal('REPRISE_RUN_CLOSED');
    expect(await codeFrom(late.result())).to.equal('REPRISE_RUN_TIMEOUT');
  });

  it('answers what does not fit with a code', async () => {
    const work = gate('work', { obeys: true });
    const definition = workflow('steered').task('a', work.agent).build();
    const reprise = await start({ workflows: [definition] });
    expect(await codeFrom(reprise.run('nobody').outcome())).to.equal('REPRISE_RUN_NOT_FOUND');
    expect(await codeFrom(reprise.run('nobody').cancel())).to.equal('REPRISE_RUN_NOT_FOUND');
    expect(await codeFrom(reprise.run('nobody').follow().next())).to.equal('REPRISE_RUN_NOT_FOUND');
    expect(await codeFrom(reprise.startRun('nobody', 1))).to.equal('REPRISE_WORKFLOW_UNKNOWN');
    expect(await codeFrom(reprise.startRun(definition, 1, { id: '../etc' }))).to.equal('REPRISE_INVALID_ID');
    const run = await reprise.startRun(definition, 1);
    await run.pause();
    expect(await codeFrom(run.pause())).to.equal('REPRISE_COMMAND_INVALID');
    await run.resume();
    expect(await codeFrom(run.resume())).to.equal('REPRISE_COMMAND_INVALID');
    await run.cancel();
    await run.cancel();
    expect(await codeFrom(run.pause())).to.equal('REPRISE_RUN_CLOSED');
    expect((await run.state()).status).to.equal('cancelled');
  });

  it('refuses a workflow that is not registered, instead of a run that can never be carried out', async () => {
    const reprise = await start({ workflows: [] });
    expect(await codeFrom(reprise.startRun(doubling(), 1))).to.equal('REPRISE_WORKFLOW_UNKNOWN');
  });

  it('schedules nothing while paused; what is under way goes on', async () => {
    const work = gate('work');
    const definition = workflow('paused').task('a', work.agent).task('b', work.agent, { after: 'a' }).build();
    const reprise = await start({ workflows: [definition] });
    const run = await reprise.startRun(definition, 1);
    await eventually(() => work.waiting === 1);
    await run.pause('lunch');
    work.answer(1);
    await eventually(async () => (await run.state()).tasks.get('a')?.status === 'completed');
    expect((await run.state()).tasks.get('b')?.status).to.equal('ready');
    expect(work.calls).to.have.length(1);
    await run.resume();
    await eventually(() => work.waiting === 1);
    work.answer(2);
    expect(await run.result()).to.equal(2);
  });

  it('cannot be started before the orchestrator is: nothing would carry it out', async () => {
    const reprise = await make({ workflows: [doubling()] });
    expect(await codeFrom(reprise.startRun(doubling(), 3))).to.equal('REPRISE_NOT_STARTED');
    await reprise.start();
    expect(await (await reprise.startRun(doubling(), 3)).result()).to.equal(12);
  });

  it('is not waited for before the orchestrator is started, unless it has ended', async () => {
    const work = gate('work');
    const definition = workflow('waited').task('a', work.agent).build();
    const plugins = [storePlugin(lastingStore())];
    const reprise = await start({ plugins, workflows: [definition] });
    const { id } = await reprise.startRun(definition, 1);
    await eventually(() => work.waiting === 1);
    const run = (await make({ plugins })).run(id);
    expect(await codeFrom(run.result())).to.equal('REPRISE_NOT_STARTED');
    expect(await codeFrom(run.outcome({ orStuck: true }))).to.equal('REPRISE_NOT_STARTED');
    work.answer('done');
    await reprise.run(id).result();
    expect(await run.result()).to.equal('done');
  });

  it('is stopped waiting for when the orchestrator stops', async () => {
    const work = gate('work');
    const definition = workflow('stopped').task('a', work.agent).build();
    const reprise = await start({ plugins: [storePlugin(lastingStore())], workflows: [definition] });
    const run = await reprise.startRun(definition, 1);
    const waiting = codeFrom(run.outcome());
    await eventually(() => work.waiting === 1);
    await reprise.stop({ drainMs: 0 });
    expect(await waiting).to.equal('REPRISE_STOPPED');
    expect(await codeFrom(run.outcome())).to.equal('REPRISE_STOPPED');
    expect(await codeFrom(reprise.startRun(definition, 1))).to.equal('REPRISE_STOPPED');
    expect(await codeFrom(run.cancel())).to.equal('REPRISE_STOPPED');
  });
});

describe('Following a run', () => {
  const { start } = orchestrators();
  const setUp = async () => {
    const work = gate('work');
    const definition = workflow('followed').task('a', work.agent).task('b', work.agent, { after: 'a' }).build();
    const reprise = await start({ workflows: [definition] });
    const run = await reprise.startRun(definition, 1);
    return { work, reprise, run };
  };
  const collect = async (entries: AsyncIterable<HistoryEntry>): Promise<HistoryEntry[]> => {
    const all: HistoryEntry[] = [];
    for await (const entry of entries) all.push(entry);
    return all;
  };
  const answerBoth = async (work: ReturnType<typeof gate>): Promise<void> => {
    for (const output of [1, 2] as Json[]) {
      await eventually(() => work.waiting === 1);
      work.answer(output);
    }
  };

  it('from the start: all of it, in order, to the end', async () => {
    const { work, reprise, run } = await setUp();
    const followed = collect(run.follow());
    await answerBoth(work);
    const entries = await followed;
    expect(entries.map(({ revision }) => revision)).to.deep.equal(entries.map((_, index) => index));
    expect(typesOf(entries.map(({ event }) => event))).to.deep.equal(typesOf(await eventsOf(reprise, run.id)));
    expect(entries.at(-1)?.event.type).to.equal('RunCompleted');
    expect(await collect(run.follow())).to.deep.equal(entries);
  });

  it('from the middle, and from beyond the end of an ended run', async () => {
    const { work, reprise, run } = await setUp();
    await eventually(() => work.waiting === 1);
    const followed = collect(reprise.runs.follow(run.id, 2));
    await answerBoth(work);
    const entries = await followed;
    expect(entries[0]?.revision).to.equal(2);
    const last = entries.at(-1)?.revision ?? 0;
    expect(await collect(reprise.runs.follow(run.id, last))).to.have.length(1);
    expect(await collect(reprise.runs.follow(run.id, last + 1))).to.deep.equal([]);
  });

  it('ends when the signal aborts, before or while it waits', async () => {
    const { work, run } = await setUp();
    await eventually(() => work.waiting === 1);
    const controller = new AbortController();
    const followed = collect(run.follow(controller.signal));
    await eventually(() => work.waiting === 1);
    controller.abort();
    const entries = await followed;
    expect(entries.at(-1)?.event.type).to.not.equal('RunCompleted');
    expect(await collect(run.follow(AbortSignal.abort()))).to.have.length(entries.length);
  });

  it('ends with REPRISE_STOPPED when the orchestrator stops', async () => {
    const { work, reprise, run } = await setUp();
    await eventually(() => work.waiting === 1);
    const followed = codeFrom(collect(run.follow()));
    await eventually(() => work.waiting === 1);
    await reprise.stop({ drainMs: 0 });
    expect(await followed).to.equal('REPRISE_STOPPED');
  });
});
