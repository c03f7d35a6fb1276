import {
  createInMemoryStorage,
  createInMemoryViewStore,
  createReprise,
  defineAgent,
  definePlugin,
  parseQuery,
  type Storage,
  sleep,
  throughput,
  workflow,
} from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { orchestrators } from './support.ts';

/** A store that lists nothing by itself, and outlives its orchestrators. */
function lasting(): { readonly storage: Storage; plugin(): ReturnType<typeof definePlugin<'event-store'>> } {
  const { events, snapshots } = createInMemoryStorage();
  const storage: Storage = { events: { ...events, close: async () => undefined }, ...(snapshots && { snapshots }) };
  return { storage, plugin: () => definePlugin({ name: 'plain', kind: 'event-store', create: () => storage }) };
}

const query = (text: string) => ({ where: parseQuery(text, { now: Date.now() }) });

describe('An engine over a store without a catalog', () => {
  const { start } = orchestrators();

  it('finds its open runs by the run index after a restart, and goes on with them', async () => {
    const store = lasting();
    let open = false;
    const gate = Promise.withResolvers<void>();
    const agent = defineAgent({
      name: 'slow',
      handle: async () => {
        if (!open) await gate.promise;
        return 'done';
      },
    });
    const definition = workflow('two-steps').task('a', agent).task('b', agent, { after: 'a' }).build();
    const first = await start({ plugins: [store.plugin()], workflows: [definition] });
    for (let run = 0; run < 30; run += 1)
      await first.startRun(definition, null, { id: `run-${run}`, labels: { half: run < 15 ? 'one' : 'two' } });
    expect(await first.runs.list({ ...query('status:running label.half:two'), limit: 100 })).to.have.length(15);
    await (await first.run('run-3')).pause();
    await first.stop({ drainMs: 0 });

    open = true;
    gate.resolve();
    const second = await start({ plugins: [store.plugin()], workflows: [definition] });
    for (let run = 0; run < 30; run += 1) {
      if (run === 3) continue;
      expect(await second.run(`run-${run}`).outcome()).to.deep.equal({ status: 'completed', output: 'done' });
    }
    const [paused, ...others] = await second.runs.list(query('-status:completed'));
    expect([paused?.runId, paused?.status, others.length]).to.deep.equal(['run-3', 'paused', 0]);
    await second.run('run-3').resume();
    await second.run('run-3').outcome();
    expect(await second.runs.list({ ...query('status:completed'), limit: 100 })).to.have.length(30);
  });

  it('waits with its recovery for a view store that takes its time', async () => {
    const store = lasting();
    const agent = defineAgent({ name: 'agent', handle: () => new Promise<number>(() => undefined) });
    const definition = workflow('w').task('a', agent).build();
    const first = await start({ plugins: [store.plugin()], workflows: [definition] });
    await first.startRun(definition, null, { id: 'open' });
    await (await first.run('open')).pause();
    await first.stop({ drainMs: 0 });
    const gate = Promise.withResolvers<void>();
    const kept = createInMemoryViewStore();
    const slow = definePlugin({
      name: 'slow',
      kind: 'view-store',
      create: () => ({ ...kept, commit: (view, batch) => gate.promise.then(() => kept.commit(view, batch)) }),
    });
    let started = false;
    const starting = start({ plugins: [store.plugin(), slow], workflows: [definition] }).finally(() => {
      started = true;
    });
    // Longer than a list waits.
    await sleep(1300);
    expect(started).to.equal(false);
    gate.resolve();
    const [run] = await (await starting).runs.list(query('status:paused'));
    expect(run?.runId).to.equal('open');
  });

  it('lists what it was just told, as a catalog does', async () => {
    const agent = defineAgent({ name: 'agent', handle: () => 1 });
    const definition = workflow('w').task('a', agent).build();
    for (const plugins of [[], [lasting().plugin()]]) {
      const reprise = await start({ plugins, workflows: [definition], projections: [throughput] });
      for (const id of ['x1', 'x2', 'y1'])
        await (await reprise.startRun(definition, null, { id, tenant: id })).outcome();
      const [run] = await reprise.runs.list(query('id:y*'));
      expect(run).to.deep.include({
        runId: 'y1',
        workflow: 'w',
        version: '1',
        status: 'completed',
        tenant: 'y1',
        revision: 4,
      });
      expect(run?.endedAt).to.be.a('number');
      const page = await reprise.runs.list({ limit: 2 });
      const rest = await reprise.runs.list({ limit: 2, after: page.at(-1)?.cursor ?? '' });
      expect([...page, ...rest].map(({ runId }) => runId).sort()).to.deep.equal(['x1', 'x2', 'y1']);
      expect(await reprise.views.reachEnd('throughput')).to.equal(true);
      const { rows } = await reprise.views.list('throughput');
      const sum = (member: string): number => rows.reduce((all, { row }) => all + Number(row[member]), 0);
      expect([sum('started'), sum('completed'), sum('attempts')]).to.deep.equal([3, 3, 3]);
      expect(() => reprise.views.lag('nothing')).to.throw(/no view 'nothing'/);
    }
  });

  it('are read as new as what a command has added, or it is said that they are not', async () => {
    const definition = workflow('w')
      .task('a', defineAgent({ name: 'agent', handle: () => 1 }))
      .build();
    const reprise = await start({ workflows: [definition], projections: [throughput] });
    const run = await reprise.startRun(definition, null);
    await run.outcome();
    const { position } = (await reprise.runs.last(run.id)).recorded;
    const { rows, isAsNew } = await reprise.views.list('throughput', {}, { asNewAs: position });
    expect(isAsNew).to.equal(true);
    expect(rows[0]?.row['completed']).to.equal(1);
    const beyond = await reprise.views.list('throughput', {}, { asNewAs: `${position}9`, withinMs: 10 });
    expect(beyond.isAsNew).to.equal(false);
    expect(beyond.rows).to.have.length(1);
  });

  it('finds runs by the code that their task failed with, listed by the store or by the view', async () => {
    const agent = defineAgent({
      name: 'agent',
      handle: () => {
        throw Object.assign(new Error('no money'), { code: 'CARD_DECLINED', retryable: false });
      },
    });
    const definition = workflow('w').task('a', agent).build();
    for (const plugins of [[], [lasting().plugin()]]) {
      const reprise = await start({ plugins, workflows: [definition] });
      await (await reprise.startRun(definition, null, { id: 'broke' })).outcome();
      expect((await reprise.runs.list(query('error:CARD*'))).map(({ runId }) => runId)).to.deep.equal(['broke']);
      expect(await reprise.runs.list(query('error:REPRISE*'))).to.deep.equal([]);
    }
  });

  it('refuses two projections of one name, and one that takes the name of the run index', async () => {
    const agent = defineAgent({ name: 'agent', handle: () => 1 });
    const workflows = [workflow('w').task('a', agent).build()];
    const codeOf = (projections: readonly (typeof throughput)[]): Promise<unknown> =>
      createReprise({ workflows, projections }).then(
        () => 'no error',
        ({ code }: { code: string }) => code,
      );
    expect(await codeOf([throughput, throughput])).to.equal('REPRISE_CONFIG_INVALID');
    expect(await codeOf([{ ...throughput, name: 'runs' }])).to.equal('REPRISE_CONFIG_INVALID');
    expect(await codeOf([{ ...throughput, version: 0 }])).to.equal('REPRISE_CONFIG_INVALID');
  });
});
