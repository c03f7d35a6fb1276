import { defineAgent, type Orchestrator, parseWorkflow, type Workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { eventsOf, gate, lastingStore, manualTime, orchestrators } from './support.ts';

const of = (tasks: string, name = 'w'): Workflow =>
  parseWorkflow(`name: ${name}\ntasks:\n${tasks.replaceAll(/^/gm, '  ')}\n`) as Workflow;

const CUSTOMER = of(`
book:
  mutex: { key: "\${ input.customer }", across: workflow }
  scope:
    pay: { agent: work }
    approved: { wait: { signal: go }, after: pay }`);

describe('a mutex across runs', () => {
  const { start } = orchestrators();

  const world = (workflows: readonly Workflow[]) => {
    const { time, parts, pass } = manualTime(lastingStore());
    const work = gate('work', { obeys: true });
    const open = () => start({ ...parts(), workflows, agents: [work.agent] });
    return { time, pass, work, open };
  };

  const status = async (reprise: Orchestrator, id: string, task: string) =>
    (await reprise.run(id).state()).tasks.get(task)?.status;

  it('lets one run in at a time, in the order in which they asked, and others meanwhile', async () => {
    const { time, work, open } = world([CUSTOMER]);
    const reprise = await open();
    for (const [id, customer] of [
      ['r1', 'ann'],
      ['r2', 'ann'],
      ['r3', 'bob'],
      ['r4', 'ann'],
    ] as const)
      await reprise.startRun(CUSTOMER, { customer }, { id });
    await time.quiet();
    expect(work.calls.map(({ runId }) => runId)).to.deep.equal(['r1', 'r3']);
    const [waiting] = (await reprise.run('r2').explain()).tasks.filter(({ taskId }) => taskId === 'book');
    expect(waiting?.waits).to.include("waits for the mutex 'ann', which a task of another run has");
    for (const [index, id] of ['r1', 'r2', 'r4'].entries()) {
      work.answer();
      if (index === 0) work.answer();
      await time.quiet();
      await reprise.run(id).signal('go');
      await time.quiet();
    }
    expect(work.calls.map(({ runId }) => runId)).to.deep.equal(['r1', 'r3', 'r2', 'r4']);
    expect((await reprise.run('r4').outcome()).status).to.equal('completed');
    for (const id of ['r1', 'r2', 'r4']) expect((await reprise.runs.replay(id)).matches).to.equal(true);
  });

  it('is had again by each round of what is done at once', async () => {
    const rounds = of(`
count:
  set: { round: "\${ round }" }
  mutex: { key: one, across: workflow }
  repeat: { until: round == 3, max: 5 }`);
    const { time, open } = world([rounds]);
    const reprise = await open();
    for (const id of ['r1', 'r2']) await reprise.startRun(rounds, null, { id });
    await time.quiet();
    for (const id of ['r1', 'r2']) {
      expect((await reprise.run(id).state()).status).to.equal('completed');
      expect((await eventsOf(reprise, id)).filter(({ type }) => type === 'MutexGranted')).to.have.lengthOf(3);
    }
  });

  it('is kept over a restart, and granted to nobody before all runs were read', async () => {
    const { time, pass, work, open } = world([CUSTOMER]);
    const first = await open();
    for (const id of ['r1', 'r2', 'r3']) {
      await first.startRun(CUSTOMER, { customer: 'ann' }, { id });
      await pass(10);
    }
    await time.quiet();
    work.answer();
    await time.quiet();
    await first.stop({ drainMs: 0 });
    const next = await open();
    await time.quiet();
    expect(await status(next, 'r1', 'book/approved')).to.equal('running');
    expect(await status(next, 'r2', 'book')).to.equal('pending');
    await next.run('r1').signal('go');
    await time.quiet();
    expect(work.calls.map(({ runId }) => runId)).to.deep.equal(['r1', 'r2']);
  });

  it('goes on to the next when its run is cancelled, fails or gives its task up', async () => {
    const { time, work, open } = world([CUSTOMER]);
    const reprise = await open();
    for (const id of ['r1', 'r2', 'r3', 'r4']) await reprise.startRun(CUSTOMER, { customer: 'ann' }, { id });
    await time.quiet();
    await reprise.run('r2').cancel();
    await reprise.run('r1').cancel('no longer wanted');
    await time.quiet();
    expect(work.calls.map(({ runId }) => runId)).to.deep.equal(['r1', 'r3']);
    work.refuse(Object.assign(new Error('no'), { retryable: false }));
    await time.quiet();
    expect(work.calls.at(-1)?.runId).to.equal('r4');
  });

  it('across a tenant is shared by workflows, and not by tenants', async () => {
    const one = of('a: { agent: work, mutex: { key: k, across: tenant } }', 'one');
    const two = of('a: { agent: work, mutex: { key: k, across: tenant } }', 'two');
    const { time, work, open } = world([one, two]);
    const reprise = await open();
    await reprise.startRun(one, null, { id: 'r1', tenant: 'x' });
    await reprise.startRun(two, null, { id: 'r2', tenant: 'x' });
    await reprise.startRun(two, null, { id: 'r3', tenant: 'y' });
    await time.quiet();
    expect(work.calls.map(({ runId }) => runId)).to.deep.equal(['r1', 'r3']);
  });

  it('that would close a circle fails the task that asks last', async () => {
    const crossed = of(`
outer:
  mutex: { key: "\${ input.first }", across: workflow }
  scope:
    hold: { wait: { signal: go } }
    inner: { agent: work, after: hold, mutex: { key: "\${ input.second }", across: workflow } }`);
    const { time, work, open } = world([crossed]);
    const reprise = await open();
    await reprise.startRun(crossed, { first: 'a', second: 'b' }, { id: 'r1' });
    await reprise.startRun(crossed, { first: 'b', second: 'a' }, { id: 'r2' });
    await time.quiet();
    await reprise.run('r1').signal('go');
    await reprise.run('r2').signal('go');
    await time.quiet();
    const failed = await reprise.run('r2').outcome();
    expect(failed).to.have.nested.property('error.cause.code', 'REPRISE_MUTEX_DEADLOCK');
    expect(
      work.calls.map(({ runId }) => runId),
      'the other has it now',
    ).to.deep.equal(['r1']);
    work.answer();
    expect((await reprise.run('r1').outcome()).status).to.equal('completed');
  });

  it('is on record', async () => {
    const { time, open } = world([CUSTOMER]);
    const reprise = await open();
    await reprise.startRun(CUSTOMER, { customer: 'ann' }, { id: 'r1' });
    await time.quiet();
    const types = (await eventsOf(reprise, 'r1')).map(({ type }) => type);
    expect(types.slice(0, 4)).to.deep.equal(['RunStarted', 'TaskReady', 'MutexGranted', 'TaskEntered']);
  });

  it('goes from one task of a run to the next, also when one ends in the turn in which it was granted', async () => {
    const steps = of(`
each: { forEach: input, set: done, mutex: { key: k, across: workflow } }
a: { agent: work, after: each, mutex: { key: k, across: workflow } }`);
    const { time, work, open } = world([steps]);
    const reprise = await open();
    for (const id of ['r1', 'r2']) await reprise.startRun(steps, [1, 2, 3], { id });
    await time.quiet();
    work.answer();
    await time.quiet();
    work.answer();
    for (const id of ['r1', 'r2']) expect((await reprise.run(id).outcome()).status).to.equal('completed');
  });

  describe('in which a run was forked or retried', () => {
    const SHIP = of(`
book:
  mutex: { key: one, across: workflow }
  scope:
    pay: { agent: work }
    approved: { wait: { signal: go }, after: pay }
    ship: { agent: work, after: approved }`);
    const replays = async (reprise: Orchestrator, ids: readonly string[]) => {
      for (const id of ids) expect((await reprise.runs.replay(id)).matches, id).to.equal(true);
    };

    it('is asked for again by the fork, which begins nothing in the block before it has it', async () => {
      const { time, work, open } = world([SHIP]);
      const first = await open();
      await first.startRun(SHIP, null, { id: 'r1' });
      await time.quiet();
      work.answer();
      await time.quiet();
      await first.forkRun('r1', { id: 'f1' });
      await time.quiet();
      await first.run('f1').signal('go');
      await time.quiet();
      expect(await status(first, 'f1', 'book/ship')).to.equal('ready');
      const [waiting] = (await first.run('f1').explain()).tasks.filter(({ taskId }) => taskId === 'book/ship');
      expect(waiting?.waits).to.include("waits for the mutex 'one', which a task of another run has");
      // Nothing of that is lost with the process.
      await first.stop({ drainMs: 0 });
      const next = await open();
      await time.quiet();
      expect(work.calls.map(({ runId }) => runId)).to.deep.equal(['r1']);
      await next.run('r1').signal('go');
      await time.quiet();
      expect(work.calls.map(({ runId }) => runId)).to.deep.equal(['r1', 'r1']);
      work.answer();
      await time.quiet();
      expect(work.calls.map(({ runId }) => runId)).to.deep.equal(['r1', 'r1', 'f1']);
      work.answer();
      expect((await next.run('f1').outcome()).status).to.equal('completed');
      await replays(next, ['r1', 'f1']);
      // A fork of the fork, from its middle, has what both were granted, and neither.
      const at = (await eventsOf(next, 'f1')).findLastIndex(({ type }) => type === 'TaskScheduled') - 1;
      await next.startRun(SHIP, null, { id: 'r2' });
      await time.quiet();
      await next.forkRun('f1', { id: 'f2', at });
      await time.quiet();
      expect(work.calls.at(-1)?.runId).to.equal('r2');
      await next.run('r2').cancel();
      await time.quiet();
      expect(work.calls.at(-1)?.runId).to.equal('f2');
      work.answer();
      expect((await next.run('f2').outcome()).status).to.equal('completed');
      await replays(next, ['f2']);
    });

    it('is asked for again by a retry, behind whoever has it by then', async () => {
      const { time, work, open } = world([SHIP]);
      const reprise = await open();
      for (const id of ['r1', 'r2']) await reprise.startRun(SHIP, null, { id });
      await time.quiet();
      work.answer();
      await time.quiet();
      await reprise.run('r1').signal('go');
      await time.quiet();
      work.refuse(Object.assign(new Error('no'), { retryable: false }));
      await time.quiet();
      expect(work.calls.at(-1)?.runId).to.equal('r2');
      const retried = await reprise.retryRun('r1', { id: 'r3' });
      await time.quiet();
      expect(work.calls.map(({ runId }) => runId)).to.deep.equal(['r1', 'r1', 'r2']);
      work.answer();
      await reprise.run('r2').signal('go');
      await time.quiet();
      work.answer();
      await time.quiet();
      expect(work.calls.map(({ runId }) => runId)).to.deep.equal(['r1', 'r1', 'r2', 'r2', 'r3']);
      work.answer();
      expect((await retried.outcome()).status).to.equal('completed');
      await replays(reprise, ['r1', 'r2', 'r3']);
    });

    for (const kind of ['strategy: graph', 'strategy: sequential', 'concurrency: 2'])
      it(`holds up child runs, items and blocks in the block (${kind}), and nothing beside it`, async () => {
        const child = of('do: { agent: work }', 'child');
        const mixed = of(`
book:
  ${kind}
  mutex: { key: one, across: workflow }
  scope:
    approved: { wait: { signal: go } }
    each: { forEach: "\${ [1, 2] }", agent: work, after: approved }
    part: { workflow: child, after: approved }
    inner: { scope: { work: { agent: work } }, after: approved }
other: { wait: { signal: other } }
beside: { agent: work, after: other }`);
        const { time, work, open } = world([mixed, child]);
        const reprise = await open();
        await reprise.startRun(mixed, null, { id: 'r1' });
        await time.quiet();
        await reprise.forkRun('r1', { id: 'f1' });
        await time.quiet();
        for (const signal of ['go', 'other']) await reprise.run('f1').signal(signal);
        await time.quiet();
        expect(work.calls.map(({ runId, taskId }) => `${runId} ${taskId}`)).to.deep.equal(['f1 beside']);
        const said = (await reprise.run('f1').explain()).tasks.filter(({ waits }) => /the mutex 'one'/.test(waits));
        expect(said.map(({ taskId }) => taskId)).to.include.members(['book/each[0]', 'book/each[1]', 'book/part']);
        await reprise.run('r1').cancel();
        await time.quiet();
        for (let left = 10; left > 0 && work.waiting > 0; left -= 1) {
          work.answer();
          await time.quiet();
        }
        expect((await reprise.run('f1').outcome()).status).to.equal('completed');
        expect(work.calls).to.have.lengthOf(5);
        await replays(reprise, ['f1']);
      });

    it('is refused to a fork where it would close a circle, whose block fails', async () => {
      const crossed = of(`
outer:
  mutex: { key: "\${ input.first }", across: workflow }
  scope:
    hold: { wait: { signal: go } }
    inner:
      mutex: { key: "\${ input.second }", across: workflow }
      after: hold
      scope:
        start: { wait: { signal: start } }
        do: { agent: work, after: start }`);
      const { time, work, open } = world([crossed]);
      const reprise = await open();
      await reprise.startRun(crossed, { first: 'a', second: 'b' }, { id: 'r1' });
      await time.quiet();
      await reprise.run('r1').signal('go');
      await time.quiet();
      // It asks for a, inside of b.
      await reprise.startRun(crossed, { first: 'b', second: 'a' }, { id: 'r2' });
      await time.quiet();
      await reprise.forkRun('r1', { id: 'f1' });
      await time.quiet();
      await reprise.run('r1').cancel();
      await time.quiet();
      await reprise.run('f1').signal('start');
      await reprise.run('r2').signal('go');
      await time.quiet();
      for (const [id, other] of [
        ['f1', 'r2'],
        ['r2', 'f1'],
      ] as const) {
        const { status } = await reprise.run(id).state();
        if (status !== 'failed') continue;
        expect(await reprise.run(id).outcome()).to.have.nested.property('error.cause.code', 'REPRISE_MUTEX_DEADLOCK');
        await reprise.run(other).signal('start');
        await time.quiet();
        work.answer();
        expect((await reprise.run(other).outcome()).status).to.equal('completed');
        await replays(reprise, [id, other]);
        return;
      }
      expect.fail('one of them fails');
    });

    for (const how of ['cancelled', 'forced', 'failed beside'] as const)
      it(`is not waited for by what is undone in a retry that is ${how} before it has it`, async () => {
        const undone = of(`
book:
  mutex: { key: one, across: workflow }
  scope:
    pay: { agent: work, compensate: { agent: undo } }
    ship: { agent: work, after: pay }
beside: { wait: { signal: go } }
fails: { agent: work, after: beside }`);
        const { time, parts } = manualTime(lastingStore());
        const work = gate('work', { obeys: true });
        const undoings: string[] = [];
        const undo = defineAgent({ name: 'undo', handle: (task) => void undoings.push(task.taskId) });
        const reprise = await start({ ...parts(), workflows: [undone], agents: [work.agent, undo] });
        const no = Object.assign(new Error('no'), { retryable: false });
        await reprise.startRun(undone, null, { id: 'r1' });
        await time.quiet();
        work.answer();
        await time.quiet();
        // What it did stays to be undone, by whoever goes on from it.
        await reprise.run('r1').cancel('stop', { force: true });
        await time.quiet();
        await reprise.startRun(undone, null, { id: 'r2' });
        await time.quiet();
        expect(work.calls.at(-1)?.runId).to.equal('r2');
        const retried = await reprise.retryRun('r1', { id: 'r3' });
        await time.quiet();
        expect(await status(reprise, 'r3', 'book/ship')).to.equal('ready');
        if (how === 'failed beside') {
          await retried.signal('go');
          await time.quiet();
          const at = work.calls.findLastIndex(({ runId }) => runId === 'r3');
          expect(work.calls[at]?.taskId).to.equal('fails');
          work.answer();
          work.refuse(no);
        } else await retried.cancel('enough', { force: how === 'forced' });
        await time.quiet();
        expect((await retried.state()).status).to.be.oneOf(['cancelled', 'failed']);
        expect(undoings).to.deep.equal(how === 'forced' ? [] : ['book/pay@1']);
        await replays(reprise, ['r3']);
      });
  });
});
