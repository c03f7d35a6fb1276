import { cel, defineAgent, isRepriseError, type Json, parseWorkflow, workflow } from '@reprise/core';
import { recordingMonitor } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { eventually, gate, lastingStore, orchestrators, storePlugin } from './support.ts';

const codeOf = (error: unknown): string => (isRepriseError(error) ? error.code : String(error));

describe('A definition that changed while a run was open', () => {
  const { start } = orchestrators();

  const echo = defineAgent({ name: 'echo', handle: async ({ input }: { input: Json }) => input });

  /** A run that was stopped while its first task was under way; the second has a mapping by a function. */
  const interrupted = async () => {
    const store = lastingStore();
    const work = gate('work', { obeys: true });
    const original = workflow<string>('changing')
      .task('a', work.agent)
      .task('b', echo, { after: 'a', input: ({ outputs }) => ({ original: outputs.a }) })
      .build();
    const first = await start({ plugins: [storePlugin(store)], workflows: [original] });
    const run = await first.startRun(original, 'in');
    await eventually(() => work.waiting === 1);
    await first.stop({ drainMs: 0 });
    return { store, work, runId: run.id };
  };

  it('and lacks functions that the run needs: the run is held, and says so; others go on', async () => {
    const { store, work, runId } = await interrupted();
    const monitor = recordingMonitor();
    const other = workflow<string>('other').task('a', echo).build();
    const reprise = await start({
      plugins: [storePlugin(store), monitor.plugin],
      workflows: [other],
      agents: [work.agent],
    });
    expect(await (await reprise.startRun(other, 'well')).result()).to.equal('well');
    expect((await reprise.run(runId).state()).status).to.equal('running');
    expect(work.calls).to.have.length(1);
    await eventually(() => monitor.notices.some(({ runId: id }) => id === runId));
    const [signal] = monitor.notices.filter(({ runId: id }) => id === runId);
    expect(signal).to.have.nested.property('fields.code', 'REPRISE_DEFINITION_CHANGED');
    expect(signal).to.have.property('message').that.contains("task 'b': input");
  });

  it('holds a run with nothing under way, too, and says so once', async () => {
    const store = lastingStore();
    const work = gate('work');
    const original = workflow<string>('paused')
      .task('a', work.agent)
      .task('b', echo, { after: 'a', input: ({ outputs }) => outputs.a })
      .build();
    const first = await start({ plugins: [storePlugin(store)], workflows: [original] });
    const run = await first.startRun(original, 'in');
    await eventually(() => work.waiting === 1);
    await run.pause();
    work.answer('out');
    await first.stop();
    const monitor = recordingMonitor();
    const reprise = await start({ plugins: [storePlugin(store), monitor.plugin], workflows: [], agents: [echo] });
    await reprise.run(run.id).resume();
    expect((await reprise.run(run.id).state()).tasks.get('b')?.status).to.equal('ready');
    await eventually(() => monitor.notices.length > 0);
    expect(monitor.notices.map((signal) => (signal.kind === 'log' ? signal.fields : undefined))).to.deep.equal([
      { code: 'REPRISE_DEFINITION_CHANGED' },
    ]);
  });

  it('leaves a held run to be paused, resumed and cancelled', async () => {
    const { store, work, runId } = await interrupted();
    const reprise = await start({ plugins: [storePlugin(store)], workflows: [], agents: [work.agent, echo] });
    const run = reprise.run(runId);
    await run.pause();
    await run.resume();
    expect(await reprise.retryRun(runId).then(() => 'no error', codeOf)).to.equal('REPRISE_DEFINITION_CHANGED');
    await run.cancel('no way on');
    expect(await run.outcome()).to.deep.equal({ status: 'cancelled', reason: 'no way on' });
    expect((await reprise.runs.replay(runId)).matches).to.equal(true);
  });

  it('goes on when the definition is back', async () => {
    const { store, work, runId } = await interrupted();
    const without = await start({ plugins: [storePlugin(store)], workflows: [], agents: [work.agent] });
    await without.stop();
    const back = workflow<string>('changing')
      .task('a', work.agent)
      .task('b', echo, { after: 'a', input: ({ outputs }) => ({ original: outputs.a }) })
      .build();
    const reprise = await start({ plugins: [storePlugin(store)], workflows: [back] });
    await eventually(() => work.waiting === 1);
    work.answer('out');
    expect(await reprise.run(runId).result()).to.deep.equal({ original: 'out' });
  });

  it('but has functions at the same places: the run goes on with those, as it was recorded otherwise', async () => {
    const { store, work, runId } = await interrupted();
    const changed = workflow<string>('changing')
      .task('a', work.agent)
      .task('b', echo, { after: 'a', input: ({ outputs }) => ({ changed: outputs.a }) })
      .task('c', echo, { after: 'b', input: () => 'of new runs only' })
      .build();
    const monitor = recordingMonitor();
    const reprise = await start({ plugins: [storePlugin(store), monitor.plugin], workflows: [changed] });
    await eventually(() => work.waiting === 1);
    work.answer('out');
    expect(await reprise.run(runId).result()).to.deep.equal({ changed: 'out' });
    const logs = monitor.notices.filter((signal) => signal.kind === 'log');
    expect(logs.map(({ message }) => message)).to.deep.equal([
      "the run goes on with functions that changed since it started: task 'b': input",
    ]);
    expect((await reprise.runs.replay(runId)).matches).to.equal(true);
    expect((await reprise.runs.definition(runId)).tasks.map(({ id }) => id)).to.deep.equal(['a', 'b']);
  });

  it('needs not be there at all when it is data only', async () => {
    const store = lastingStore();
    const work = gate('work', { obeys: true });
    const data = workflow<string>('data')
      .task('a', work.agent)
      .task('b', 'echo', { after: 'a', when: cel('outputs.a == "go"'), input: cel('{"was": outputs.a}') })
      .build();
    const first = await start({ plugins: [storePlugin(store)], workflows: [data], agents: [echo] });
    const run = await first.startRun(data, 'in');
    await eventually(() => work.waiting === 1);
    await first.stop({ drainMs: 0 });
    const reprise = await start({ plugins: [storePlugin(store)], workflows: [], agents: [work.agent, echo] });
    await eventually(() => work.waiting === 1);
    work.answer('go');
    expect(await reprise.run(run.id).result()).to.deep.equal({ was: 'go' });
  });

  it('is read from YAML as well as from code', async () => {
    const parsed = parseWorkflow(`
name: from-yaml
tasks:
  a: { agent: echo }
  b: { agent: echo, after: a, input: "\${ outputs.a + '!' }" }
`);
    const reprise = await start({ workflows: [parsed], agents: [echo] });
    expect(await (await reprise.startRun('from-yaml', 'hello')).result()).to.equal('hello!');
  });

  it('of data only, whose agent is registered nowhere here: the run stands still, and the log says why, once', async () => {
    const store = lastingStore();
    const text = 'name: data\nversion: "1"\ntasks:\n  a: { agent: work }\n';
    const work = gate('work', { obeys: true });
    const first = await start({
      plugins: [storePlugin(store)],
      workflows: [parseWorkflow(text)],
      agents: [work.agent],
    });
    const run = await first.startRun<unknown>('data', null);
    await eventually(() => work.waiting === 1);
    await first.stop({ drainMs: 0 });

    const monitor = recordingMonitor();
    const second = await start({ plugins: [storePlugin(store), monitor.plugin], agents: [echo] });
    await eventually(() => monitor.notices.some((signal) => signal.kind === 'log'));
    const logs = monitor.notices.filter((signal) => signal.kind === 'log');
    expect(logs.map(({ message }) => message)).to.deep.equal([
      "The run stands still: no worker is there that takes 'a' (agent 'work').",
    ]);
    const stuck = await second.run(run.id).outcome({ orStuck: true });
    expect(stuck).to.deep.include({ status: 'held' });
    expect(stuck)
      .to.have.nested.property('hold.details')
      .that.deep.equals({ wanted: ["agent 'work'"] });
    await second.run(run.id).cancel();
    expect((await second.run(run.id).outcome({ orStuck: true })).status).to.equal('cancelled');
  });
});
