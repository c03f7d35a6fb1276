import { parseWorkflow, workflow } from '@reprise/core';
import { sqliteEventStore } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import {
  eventsOf,
  eventually,
  lastingStore,
  manualTime,
  only,
  orchestrators,
  storePlugin,
  temporaryFiles,
  typesOf,
} from './support.ts';

const APPROVAL = parseWorkflow(`
name: approval
tasks:
  approved: { wait: { signal: "\${ 'approve-' + string(input.order) }", timeout: 2d, default: { ok: false } } }
  route: { after: approved, switch: [{ when: outputs.approved.ok, then: order }, { else: stop }] }
  order: { set: ordered, after: route }
  stop: { end: { output: refused }, after: route }
output: "\${ outputs.order }"
`);

const HOUR_MS = 3_600_000;

const codeOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: { readonly code?: string }) => error.code,
  );

describe('a signal through the engine', () => {
  const { make, start } = orchestrators();
  const file = temporaryFiles();
  const shared = () => {
    const path = file();
    return () => [sqliteEventStore({ path, pollIntervalMs: 5 })];
  };

  async function waiting() {
    const { time, clock, parts } = manualTime();
    const reprise = await start({ ...parts(), workflows: [APPROVAL] });
    const run = await reprise.startRun(APPROVAL, { order: 7 });
    await time.quiet();
    const elapse = async (ms: number): Promise<void> => {
      clock.advance(ms);
      await time.quiet();
    };
    return { elapse, reprise, run };
  }

  it('approves: what it brings is the output of the wait', async () => {
    const { elapse, reprise, run } = await waiting();
    await elapse(47 * HOUR_MS);
    expect((await run.state()).status).to.equal('running');
    await run.signal('approve-7', { ok: true });
    expect(await run.result()).to.equal('ordered');
    expect(only(await eventsOf(reprise, run.id), 'SignalReceived')).to.have.length(1);
  });

  it('that does not come in time leaves the default', async () => {
    const { elapse, run } = await waiting();
    await run.signal('approve-8', { ok: true });
    await elapse(48 * HOUR_MS);
    expect(await run.result()).to.equal('refused');
  });

  it('is kept until it is waited for, the first one first, and is dropped with the end of the run', async () => {
    const queue = parseWorkflow(`
name: queue
tasks:
  open: { wait: { signal: open } }
  one: { wait: { signal: go }, after: open }
  two: { wait: { signal: go }, after: one }
`);
    const reprise = await start({ workflows: [queue] });
    const run = await reprise.startRun(queue, {});
    for (const data of ['first', 'second', 'third']) await run.signal('go', data);
    await run.signal('open');
    expect(await run.result()).to.equal('second');
    expect((await run.state()).tasks.get('one')?.output).to.equal('first');
  });

  it('is taken once for one request, whoever repeats it and whenever', async () => {
    const plugins = shared();
    const reprise = await start({ plugins: plugins(), workflows: [APPROVAL] });
    const run = await reprise.startRun(APPROVAL, { order: 7 });
    const elsewhere = await make({ plugins: plugins() });
    await elsewhere.run(run.id).signal('other', 1, { requestId: 'once' });
    await run.signal('other', 2, { requestId: 'once' });
    await run.signal('approve-7', { ok: true });
    await run.result();
    await run.signal('other', 3, { requestId: 'once' });
    expect(await codeOf(run.signal('other', 4))).to.equal('REPRISE_RUN_CLOSED');
    const received = only(await eventsOf(reprise, run.id), 'SignalReceived');
    expect(received.map(({ data }) => data)).to.deep.equal([1, { ok: true }]);
  });

  it('reaches the run from a process that does not drive, and knows no workflow', async () => {
    const plugins = shared();
    const reprise = await start({ plugins: plugins(), workflows: [APPROVAL] });
    const run = await reprise.startRun(APPROVAL, { order: 7 });
    const elsewhere = await make({ plugins: plugins() });
    await elsewhere.run(run.id).signal('approve-7', { ok: true });
    expect(await run.result()).to.equal('ordered');
  });

  it('is kept by a run that is paused, and moves it when it goes on', async () => {
    const reprise = await start({ workflows: [APPROVAL] });
    const run = await reprise.startRun(APPROVAL, { order: 7 });
    await run.pause();
    await run.signal('approve-7', { ok: true });
    expect((await run.state()).status).to.equal('paused');
    await run.resume();
    expect(await run.result()).to.equal('ordered');
  });

  it('is kept by a run that is held because its functions are gone', async () => {
    const plugins = [storePlugin(lastingStore())];
    const never = { name: 'never', handle: () => new Promise<number>(() => undefined) };
    const definition = workflow('functions')
      .task('a', never, { input: () => 2 })
      .build();
    const before = await start({ plugins, workflows: [definition] });
    const { id } = await before.startRun(definition, {});
    await before.stop({ drainMs: 0 });
    const reprise = await start({ plugins });
    await eventually(() => reprise.holdOf(id)?.reason === 'function');
    await reprise.run(id).signal('go', 1);
    expect(only(await eventsOf(reprise, id), 'SignalReceived')).to.have.length(1);
  });

  it('without a name, to nobody, or with what is no JSON is refused', async () => {
    const { run, reprise } = await waiting();
    expect(await codeOf(run.signal(''))).to.equal('REPRISE_INVALID_ID');
    expect(await codeOf(run.signal('x'.repeat(257)))).to.equal('REPRISE_INVALID_ID');
    expect(await codeOf(run.signal('x', new Map()))).to.equal('REPRISE_INVALID_PAYLOAD');
    expect(await codeOf(reprise.run('nobody').signal('x'))).to.equal('REPRISE_RUN_NOT_FOUND');
    expect(typesOf(await eventsOf(reprise, run.id))).to.deep.equal(['RunStarted', 'TaskEntered']);
  });

  it('wakes as many waits as there are signals, the one that waits longest first', async () => {
    const crowd = parseWorkflow(`
name: crowd
tasks:
  each: { wait: { signal: go }, forEach: "[1, 2, 3]" }
`);
    const reprise = await start({ workflows: [crowd] });
    const run = await reprise.startRun(crowd, {});
    await run.signal('go', 'a');
    await run.signal('go', 'b');
    await eventually(async () => only(await eventsOf(reprise, run.id), 'TaskCompleted').length === 2);
    expect((await run.state()).tasks.get('each[2]')?.status).to.equal('running');
    await run.signal('go', 'c');
    expect(await run.result()).to.deep.equal(['a', 'b', 'c']);
  });
});
