import { isRepriseError, parseWorkflow, type Workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { eventsOf, gate, lastingStore, manualTime, only, orchestrators } from './support.ts';

const HOUR = 3_600_000;

const isRefused = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => false,
    (error) => isRepriseError(error, 'REPRISE_COMMAND_INVALID'),
  );

describe('A paused run', () => {
  const { start } = orchestrators();

  it('is tried again when the time that was left has passed since the resume, whatever process does it', async () => {
    for (const restarted of [false, true]) {
      const { clock, time, parts } = manualTime();
      const work = gate('work', { obeys: true });
      const definition = parseWorkflow(
        'name: w\ntimeout: 1m\ntasks:\n  a: { agent: work, retry: { initialDelay: 10s, jitter: 0 } }\n',
      );
      const open = () => start({ ...parts(), workflows: [definition], agents: [work.agent] });
      const first = await open();
      const { id } = await first.startRun(definition, 1);
      await time.until(() => work.waiting === 1, 0);
      work.refuse(new Error('busy'));
      await time.quiet();
      clock.advance(4000);
      await first.run(id).pause();
      const next = restarted ? await first.stop().then(open) : first;
      await time.quiet();
      clock.advance(HOUR);
      await time.quiet();
      expect(await next.run(id).state()).to.include({ status: 'paused' });
      await next.run(id).resume();
      await time.quiet();
      clock.advance(5999);
      await time.quiet();
      expect(work.calls).to.have.length(1);
      clock.advance(1);
      await time.until(() => work.waiting === 1, 0);
      expect(work.calls).to.have.length(2);
      clock.advance(49_999);
      await time.quiet();
      expect((await next.run(id).state()).status, 'the limit of the run').to.equal('running');
      clock.advance(1);
      expect(await next.run(id).outcome()).to.have.nested.property('error.code', 'REPRISE_RUN_TIMEOUT');
      expect((await next.runs.replay(id)).matches).to.equal(true);
    }
  });

  it('leaves no timer behind that its clock would move', async () => {
    const { clock, time, parts } = manualTime();
    const definition = parseWorkflow('name: w\ntimeout: 1h\ntasks:\n  a: { sleep: 10s }\n');
    const reprise = await start({ ...parts(), workflows: [definition] });
    await time.quiet();
    const before = clock.pending;
    const run = await reprise.startRun(definition, 1);
    await time.quiet();
    expect(clock.pending).to.equal(before + 2);
    await run.pause();
    expect(clock.pending).to.equal(before);
    await run.resume();
    expect(clock.pending).to.equal(before + 2);
  });
});

describe('A child of a run that is paused', () => {
  const { make, start } = orchestrators();

  const parse = (text: string): Workflow => parseWorkflow(text);
  const parent = parse('name: parent\ntasks:\n  t: { workflow: middle }\n');
  const middle = parse('name: middle\ntasks:\n  t: { workflow: child }\n');
  const child = parse('name: child\ntasks:\n  nap: { sleep: 10s }\n');

  /** A run, its child and that one's child, which sleeps for 10 s. */
  const family = async () => {
    const { clock, time, parts } = manualTime(lastingStore());
    const open = () => start({ ...parts(), workflows: [parent, middle, child] });
    let reprise = await open();
    const ids = [(await reprise.startRun('parent', 1)).id];
    await time.quiet();
    for (const id of ids) {
      const [entered] = only(await eventsOf(reprise, id), 'TaskEntered');
      if (entered?.child !== undefined) ids.push(entered.child);
    }
    expect(ids).to.have.length(3);
    const run = (level: number) => reprise.run(ids[level] ?? '');
    const statuses = () => Promise.all(ids.map(async (id) => (await reprise.run(id).state()).status));
    /** `meanwhile`: what another process adds that carries nothing out. */
    const restart = async (meanwhile: 'pause' | 'resume' | undefined) => {
      await reprise.stop({ drainMs: 0 });
      if (meanwhile !== undefined) {
        const client = await make({ ...parts(), workflows: [] });
        await client.start({ drive: false });
        await client.run(ids[0] ?? '')[meanwhile]();
        await client.stop();
      }
      reprise = await open();
      await time.quiet();
    };
    return { clock, time, run, statuses, restart, replay: (level: number) => reprise.runs.replay(ids[level] ?? '') };
  };

  it('stands still with it, however far down, and goes on with it', async () => {
    const { clock, time, run, statuses, replay } = await family();
    clock.advance(4000);
    await run(0).pause('lunch');
    await time.quiet();
    expect(await statuses()).to.deep.equal(['paused', 'paused', 'paused']);
    clock.advance(HOUR);
    await time.quiet();
    await run(0).resume();
    await time.quiet();
    expect(await statuses()).to.deep.equal(['running', 'running', 'running']);
    clock.advance(5999);
    await time.quiet();
    expect(await statuses()).to.deep.equal(['running', 'running', 'running']);
    clock.advance(1);
    expect((await run(0).outcome()).status).to.equal('completed');
    for (const level of [0, 1, 2]) expect((await replay(level)).matches).to.equal(true);
  });

  it('stays paused when somebody else paused it, too', async () => {
    const { time, run, statuses } = await family();
    await run(1).pause();
    await run(0).pause();
    await time.quiet();
    expect(await isRefused(run(2).resume())).to.equal(true);
    await run(0).resume();
    await time.quiet();
    expect(await statuses()).to.deep.equal(['running', 'paused', 'paused']);
    await run(1).resume();
    await time.quiet();
    expect(await statuses()).to.deep.equal(['running', 'running', 'running']);
    expect(await time.until(() => false, 10_000)).to.equal(false);
    expect((await run(0).outcome()).status).to.equal('completed');
  });

  it('stands still and goes on with it over restarts, and when that was put on record while nobody drove it', async () => {
    for (const meanwhile of [false, true]) {
      const { time, run, statuses, restart } = await family();
      for (const [what, status] of [
        ['pause', 'paused'],
        ['resume', 'running'],
        ['pause', 'paused'],
        ['resume', 'running'],
      ] as const) {
        if (!meanwhile) await run(0)[what]();
        await restart(meanwhile ? what : undefined);
        expect(await statuses(), what).to.deep.equal([status, status, status]);
      }
      await time.until(() => false, 10_000);
      expect((await run(0).outcome()).status).to.equal('completed');
    }
  });

  it('stands still when its start had to wait for a check of its input', async () => {
    const { time, parts } = manualTime();
    const checked = Promise.withResolvers<{ readonly value: unknown }>();
    const inputSchema = { '~standard': { version: 1, vendor: 'test', validate: () => checked.promise } } as const;
    const work = gate('work');
    const slow: Workflow = { ...parse('name: child\ntasks:\n  a: { agent: work }\n'), inputSchema };
    const workflows = [parse('name: parent\ntasks:\n  t: { workflow: child }\n'), slow];
    const reprise = await start({ ...parts(), workflows, agents: [work.agent] });
    const run = await reprise.startRun('parent', 1);
    await time.quiet();
    const id = only(await eventsOf(reprise, run.id), 'TaskEntered')[0]?.child ?? '';
    await run.pause();
    checked.resolve({ value: 2 });
    await time.until(() => false, 60_000);
    expect((await reprise.run(id).state()).status).to.equal('paused');
    await run.resume();
    await time.until(() => work.waiting === 1, 60_000);
    work.answer(3);
    expect(await run.result()).to.equal(3);
  });

  it('ends when it is cancelled', async () => {
    const { time, run, statuses } = await family();
    await run(0).pause();
    await time.quiet();
    await run(0).cancel();
    await time.quiet();
    expect(await statuses()).to.deep.equal(['cancelled', 'cancelled', 'cancelled']);
  });
});
