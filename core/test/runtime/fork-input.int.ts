import { defineAgent, isRepriseError, type Json, runIndex, workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { z } from 'zod';
import { codeOfAsync, eventsOf, lastingStore, only, orchestrators, storePlugin, typesOf } from './support.ts';

describe('A fork with another input', () => {
  const { start } = orchestrators();

  const recording = () => {
    const calls: { readonly task: string; readonly key: string }[] = [];
    const agent = defineAgent({
      name: 'agent',
      handle: ({ taskId, input, idempotencyKey }: { taskId: string; input: unknown; idempotencyKey: string }) => {
        calls.push({ task: taskId, key: idempotencyKey });
        return `${JSON.stringify(input)}>${taskId}`;
      },
    });
    return { agent, calls };
  };

  it('takes nothing over, at any revision, and does all anew with keys of its own', async () => {
    const { agent, calls } = recording();
    const definition = workflow<{ readonly n: number }>('edited')
      .wait('go', { signal: 'go' })
      .scope('block', (block) => block.task('inner', agent, { input: () => 'in the block' }), { after: 'go' })
      .task('plain', agent, { input: () => 'what a function gave' })
      .task('seen', agent, { after: ['block', 'plain'], input: ({ input }) => input.n })
      .output(({ outputs, input }) => [input.n, outputs.seen])
      .build();
    const reprise = await start({ workflows: [definition] });
    const run = await reprise.startRun(definition, { n: 1 }, { id: 'e1', labels: { team: 'eu' }, tenant: 'acme' });
    await run.signal('go');
    expect(await run.result()).to.deep.equal([1, '1>seen']);
    const { length } = await eventsOf(reprise, 'e1');
    const first = calls.splice(0);
    for (const at of [undefined, 0, 3, length - 1]) {
      const options = { input: { n: 2 }, ...(at === undefined ? {} : { at }) };
      const fork = await reprise.forkRun('e1', options);
      await fork.signal('go');
      expect(await fork.result(), String(at)).to.deep.equal([2, '2>seen']);
      const done = calls.splice(0);
      expect(done.map(({ task }) => task)).to.have.members(['plain', 'block/inner', 'seen']);
      for (const { key } of done) expect(key.startsWith(`${fork.id}/`), key).to.equal(true);
      const state = await fork.state();
      expect(state.lineage).to.deep.equal({ runId: 'e1', revision: 0, as: 'fork', edited: true });
      expect([state.input, state.labels, state.tenant]).to.deep.equal([{ n: 2 }, { team: 'eu' }, 'acme']);
      expect((await reprise.runs.replay(fork.id)).matches).to.equal(true);
      // What goes on from that one has its keys.
      const again = await reprise.forkRun(fork.id, { at: 0 });
      await again.signal('go');
      await again.result();
      expect(new Set(calls.splice(0).map(({ key }) => key))).to.deep.equal(new Set(done.map(({ key }) => key)));
    }
    expect(first.every(({ key }) => key.startsWith('e1/'))).to.equal(true);
    expect(await run.result()).to.deep.equal([1, '1>seen']);
  });

  it('is for a run that is about to end, or is undoing, too: nothing of that is in it', async () => {
    const bad = defineAgent({
      name: 'bad',
      handle: ({ input }: { input: unknown }) => {
        if (input !== 'well') throw Object.assign(new Error('no'), { retryable: false });
        return 'done';
      },
    });
    const { agent } = recording();
    const definition = workflow<string>('closing')
      .task('a', agent, { compensate: agent })
      .task('b', bad, { after: 'a', input: ({ input }) => input })
      .build();
    const reprise = await start({ workflows: [definition] });
    await (await reprise.startRun(definition, 'ill', { id: 'c1' })).outcome();
    const types = typesOf(await eventsOf(reprise, 'c1'));
    const at = types.indexOf('CompensationBegan');
    expect(at).to.be.greaterThan(0);
    expect(await codeOfAsync(reprise.forkRun('c1', { at }))).to.equal('REPRISE_COMMAND_INVALID');
    const fork = await reprise.forkRun('c1', { at, input: 'well' });
    expect(await fork.result()).to.equal('done');
    expect(typesOf(await eventsOf(reprise, fork.id)).slice(0, 3)).to.deep.equal([
      'RunStarted',
      'TasksReset',
      'RunForked',
    ]);
    expect(await codeOfAsync(reprise.forkRun('c1', { at: 99, input: 'well' }))).to.equal('REPRISE_COMMAND_INVALID');
  });

  it('takes what it is told that tasks gave, null as an input, and asks about what may be done at most once', async () => {
    const { agent, calls } = recording();
    const definition = workflow<Json>('told')
      .task('pay', agent, { delivery: 'at-most-once' })
      .task('end', agent, { after: 'pay' })
      .output(({ outputs }) => outputs.end)
      .build();
    const reprise = await start({ workflows: [definition] });
    await (await reprise.startRun(definition, 'in', { id: 't1' })).outcome();
    calls.splice(0);
    expect(await codeOfAsync(reprise.forkRun('t1', { input: null }))).to.equal('REPRISE_WOULD_REPEAT');
    const told = await reprise.forkRun('t1', { input: null, outcomes: { pay: 'paid' } });
    expect(await told.result()).to.equal('"paid">end');
    expect((await told.state()).input).to.equal(null);
    expect(calls.splice(0).map(({ task }) => task)).to.deep.equal(['end']);
    const again = await reprise.forkRun('t1', { input: null, again: ['pay'] });
    await again.result();
    expect(calls.map(({ task }) => task)).to.deep.equal(['pay', 'end']);
  });

  it('is checked by the schema of the workflow', async () => {
    const { agent } = recording();
    const input = z.object({ n: z.number().default(7) });
    const definition = workflow('checked', { input })
      .task('a', agent, { input: ({ input }) => input.n })
      .build();
    const reprise = await start({ workflows: [definition] });
    await (await reprise.startRun(definition, { n: 1 }, { id: 's1' })).outcome();
    expect(await codeOfAsync(reprise.forkRun('s1', { input: { n: 'x' } }))).to.equal('REPRISE_INPUT_INVALID');
    expect(await codeOfAsync(reprise.forkRun('s1', { input: { n: 10n } }))).to.equal('REPRISE_INPUT_INVALID');
    const fork = await reprise.forkRun('s1', { input: {} });
    expect(await fork.result()).to.equal('7>a');
    expect((await fork.state()).input).to.deep.equal({ n: 7 });
  });

  it('of a child run leaves its parent alone, and has no input of another stream', async () => {
    const { agent } = recording();
    const child = workflow<string>('kid').task('a', agent).build();
    const parent = workflow<string>('mother').workflow('kid', child).build();
    const reprise = await start({ workflows: [parent, child] });
    await (await reprise.startRun(parent, 'x'.repeat(5000), { id: 'm1' })).outcome();
    const kid = (await eventsOf(reprise, 'm1')).flatMap((event) =>
      event.type === 'TaskEntered' ? [event.child] : [],
    )[0];
    const fork = await reprise.forkRun(kid ?? '', { input: 'y' });
    expect(await fork.result()).to.equal('"y">a');
    const [started] = only(await eventsOf(reprise, fork.id), 'RunStarted');
    expect(started).to.deep.include({ input: 'y' }).and.not.have.any.keys('inputFrom', 'parent');
  });

  it('is found from the run that it goes on from, by the run index and by the catalog of a store', async () => {
    const { agent } = recording();
    const definition = workflow<string>('line').task('a', agent).build();
    const other = workflow<string>('other').task('a', agent).build();
    const { catalog: _catalog, ...rest } = lastingStore();
    for (const store of [lastingStore(), rest]) {
      const reprise = await start({
        plugins: [storePlugin(store)],
        workflows: [definition, other],
        projections: [runIndex],
      });
      await (await reprise.startRun(definition, 'in', { id: 'l1' })).outcome();
      await (await reprise.startRun(other, 'in', { id: 'o1' })).outcome();
      await (await reprise.forkRun('l1', { id: 'l2' })).outcome();
      await (await reprise.forkRun('l1', { id: 'l3', input: 'new' })).outcome();
      await (await reprise.forkRun('l3', { id: 'l4' })).outcome();
      await reprise.views.reachEnd('runs');
      const found = await reprise.runs.successors('l1');
      expect(found.map(({ runId, from, status }) => [runId, from, status])).to.have.deep.members([
        ['l2', { runId: 'l1', as: 'fork' }, 'completed'],
        ['l3', { runId: 'l1', as: 'fork' }, 'completed'],
      ]);
      expect((await reprise.runs.successors('l3')).map(({ runId }) => runId)).to.deep.equal(['l4']);
      expect(await reprise.runs.successors('o1')).to.deep.equal([]);
      expect(await reprise.runs.successors('l1', { limit: 1 })).to.have.length(1);
      const nobody = await reprise.runs.successors('nobody').catch((error: unknown) => error);
      expect(isRepriseError(nobody, 'REPRISE_RUN_NOT_FOUND')).to.equal(true);
      await reprise.stop();
    }
  });
});

describe('The plan of a fork', () => {
  const { start } = orchestrators();
  const agent = defineAgent({ name: 'agent', handle: ({ taskId }: { taskId: string }) => `by ${taskId}` });
  const definition = workflow<number>('planned')
    .task('a', agent)
    .task('b', agent, { after: 'a' })
    .task('c', agent, { after: 'b', delivery: 'at-most-once' })
    .build();

  it('says what is taken over and what is done again, writes nothing, and the fork does just that', async () => {
    const reprise = await start({ workflows: [definition] });
    const run = await reprise.startRun(definition, 1, { id: 'p1' });
    await run.result();
    const history = await eventsOf(reprise, 'p1');
    const whole = await reprise.planFork('p1');
    expect(whole).to.include({ runId: 'p1', edited: false });
    expect([whole.kept, whole.again, whole.repeats]).to.deep.equal([['a', 'b', 'c'], [], []]);
    const outcomes = { b: 'another' };
    const plan = await reprise.planFork('p1', { outcomes });
    expect([plan.kept, plan.given, plan.again, plan.pending]).to.deep.equal([['a'], ['b'], ['c'], []]);
    expect(plan.repeats).to.deep.equal(['c']);
    const edited = await reprise.planFork('p1', { input: 2 });
    expect(edited).to.include({ edited: true, revision: 0 });
    expect([edited.kept, edited.again, edited.repeats]).to.deep.equal([[], ['a', 'b', 'c'], ['c']]);
    expect(await eventsOf(reprise, 'p1')).to.deep.equal(history);
    expect(await codeOfAsync(reprise.forkRun('p1', { outcomes }))).to.equal('REPRISE_WOULD_REPEAT');
    const fork = await reprise.forkRun('p1', { outcomes, again: ['c'] });
    await fork.result();
    const done = await eventsOf(reprise, fork.id);
    const own = done.slice(done.findIndex(({ type }) => type === 'RunForked'));
    expect(only(own, 'TaskScheduled').map(({ taskId }) => taskId)).to.deep.equal(['c']);
  });

  it('is refused as the fork is', async () => {
    const reprise = await start({ workflows: [definition] });
    const run = await reprise.startRun(definition, 1, { id: 'p2' });
    await run.result();
    const codes = await Promise.all([
      codeOfAsync(reprise.planFork('nobody')),
      codeOfAsync(reprise.planFork('p2', { outcomes: { nothing: 1 } })),
      codeOfAsync(reprise.planFork('p2', { at: 999 })),
    ]);
    expect(codes).to.deep.equal(['REPRISE_RUN_NOT_FOUND', 'REPRISE_COMMAND_INVALID', 'REPRISE_COMMAND_INVALID']);
  });
});
