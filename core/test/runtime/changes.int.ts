import { type EventMetadata, parseWorkflow, remoteAgent, runStream, workflow } from '@reprise/core';
import { sqliteEventStore } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { eventsOf, eventually, lastingStore, only, orchestrators, storePlugin, temporaryFiles } from './support.ts';

const ORDER = parseWorkflow(`
name: order
tasks:
  pay: { agent: pay, compensate: refund }
  card: { agent: echo, after: pay, input: a card }
  pack: { wait: { signal: packed }, after: pay }
  ship: { agent: echo, after: [pack, card], input: a parcel }
`);

const codeOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: { readonly code?: string }) => error.code,
  );

/** Agents whose attempts end when they are told to, and what became of each. */
function agents() {
  const calls: string[] = [];
  const aborted: unknown[] = [];
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const slow = {
    name: 'slow',
    handle: (_: unknown, { signal }: { readonly signal: AbortSignal }) =>
      new Promise<never>((_resolve, reject) => {
        calls.push('slow');
        signal.addEventListener('abort', () => {
          aborted.push(signal.reason);
          reject(signal.reason as Error);
        });
      }),
  };
  const plain = (name: string) => ({
    name,
    handle: async ({ taskId, input }: { readonly taskId: string; readonly input: unknown }) => {
      calls.push(taskId);
      if (name === 'pay') await gate;
      return (input as string | null) ?? taskId;
    },
  });
  return { all: [slow, plain('pay'), plain('echo'), plain('refund')], calls, aborted, release: () => release() };
}

describe('a change of a run, through the engine', () => {
  const { make, start } = orchestrators();
  const file = temporaryFiles();
  const shared = () => {
    const path = file();
    return () => [sqliteEventStore({ path, pollIntervalMs: 5 })];
  };

  for (const where of ['from the process that drives it', 'from another one that knows no workflow'] as const) {
    it(`is made ${where}, once, and is on record with who and why`, async () => {
      const plugins = shared();
      const { all, calls, release } = agents();
      const reprise = await start({ plugins: plugins(), workflows: [ORDER], agents: all });
      const own = await reprise.startRun(ORDER, null);
      const run = where === 'from the process that drives it' ? own : (await make({ plugins: plugins() })).run(own.id);
      await eventually(() => calls.includes('pay'));
      await run.addTasks(
        {
          audit: { agent: 'echo', after: 'pay', input: `\${ outputs.pay }`, retry: 3 },
          sign: { wait: { signal: 'signed', timeout: '1h' }, after: 'audit' },
        },
        { before: 'ship', by: 'anna', reason: 'a large order', requestId: 'audit' },
      );
      await run.addTasks({ audit: { agent: 'echo' } }, { requestId: 'audit' });
      await run.addTasks((block) => block.set('note', { by: 'anna' }, { after: 'audit' }));
      await run.link('pack', 'card', { by: 'anna' });
      await run.unlink('ship', 'card', { reason: 'the card goes by mail' });
      await run.setPriority('card', 7);
      expect(await codeOf(run.link('card', 'pack', { by: 'bob', requestId: 'no' }))).to.equal('REPRISE_CYCLE');
      expect(await codeOf(run.unlink('ship', 'pay'))).to.equal('REPRISE_DEPENDENCY_UNKNOWN');
      release();
      await eventually(async () => (await run.state()).tasks.get('sign')?.status === 'running');
      await run.override('sign', 'signed by hand', { by: 'anna' });
      await run.skip('pack', { requestId: 'skip' });
      await run.skip('pack', { requestId: 'skip' });
      expect(await codeOf(run.skip('pack'))).to.be.oneOf(['REPRISE_TASK_ENDED', 'REPRISE_RUN_CLOSED']);
      expect(await own.result()).to.equal('a parcel');
      await run.skip('pack', { requestId: 'skip' });
      expect(await codeOf(run.skip('pack'))).to.equal('REPRISE_RUN_CLOSED');
      expect(calls.slice(0, 2)).to.deep.equal(['pay', 'card']);
      const { tasks } = await run.state();
      expect(tasks.get('note')?.output).to.deep.equal({ by: 'anna' });
      expect(tasks.get('audit')).to.include({ output: 'pay', priority: 0 });
      const events = await eventsOf(reprise, run.id);
      expect(only(events, 'TasksAdded')[0]?.before).to.deep.equal([{ taskId: 'ship', dependency: 'sign' }]);
    });
  }

  it('is on record with who and why, beside its own events and its refusal', async () => {
    const storage = lastingStore();
    const reprise = await start({ plugins: [storePlugin(storage)], workflows: [ORDER], agents: agents().all });
    const run = await reprise.startRun(ORDER, null);
    await run.skip('card', { by: 'anna', reason: 'it was forgotten' });
    await codeOf(run.skip('card', { by: 'bob' }));
    await run.pause('lunch', { by: 'anna' });
    await run.resume({ by: 'bob', reason: 'back' });
    await run.signal('packed', null, { by: 'the belt' });
    await run.cancel('enough', { by: 'anna', force: true });
    const events = await storage.events.read(runStream(run.id));
    const said = ({ by, reason }: EventMetadata): string => `${by ?? ''}: ${reason ?? ''}`;
    const rows = events.map(({ type, metadata }) => `${type} ${said(metadata)}`).filter((row) => !row.endsWith(' : '));
    expect(rows).to.deep.equal([
      'TaskSkipped anna: it was forgotten',
      'CommandRejected bob: ',
      'RunPaused anna: ',
      'RunResumed bob: back',
      'SignalReceived the belt: ',
      'RunCancelled anna: ',
    ]);
  });

  it('of a paused run is made, and one that cannot be is refused with its code', async () => {
    const reprise = await start({ workflows: [ORDER], agents: agents().all });
    const run = await reprise.startRun(ORDER, null);
    await run.pause('later', { by: 'anna' });
    await run.skip('card');
    expect(await codeOf(run.skip('nobody'))).to.equal('REPRISE_TASK_UNKNOWN');
    expect(await codeOf(run.skip('card', { by: '' }))).to.equal('REPRISE_COMMAND_INVALID');
    expect(await codeOf(run.skip('card', { reason: 'x'.repeat(5000) }))).to.equal('REPRISE_COMMAND_INVALID');
    expect(await codeOf(run.override('ship', new Map()))).to.equal('REPRISE_INVALID_PAYLOAD');
    expect(await codeOf(run.addTasks({ x: { agent: 'echo', retry: -3 } }))).to.equal('REPRISE_DEFINITION_INVALID');
    expect(await codeOf(run.addTasks((block) => block.task('x', 'echo', { input: () => 1 })))).to.equal(
      'REPRISE_DEFINITION_INVALID',
    );
    expect(await codeOf(reprise.run('nobody').skip('x'))).to.equal('REPRISE_RUN_NOT_FOUND');
    expect(await codeOf(run.retry())).to.equal('REPRISE_COMMAND_INVALID');
    expect((await run.state()).status).to.equal('paused');
    await run.cancel('enough', { by: 'anna', force: true });
  });

  it('adds no task that nobody could do, unless somebody is declared or asked for elsewhere', async () => {
    const plugins = shared();
    const other = workflow('other')
      .task('far', remoteAgent({ name: 'far-away' }), { fallback: { agent: remoteAgent({ name: 'stand-in' }) } })
      .build();
    const reprise = await start({
      plugins: plugins(),
      workflows: [ORDER, other],
      agents: [...agents().all, remoteAgent({ name: 'declared', capabilities: ['far-sight'] })],
    });
    const run = await reprise.startRun(ORDER, null);
    const refused = async (task: object): Promise<unknown> =>
      run.addTasks({ x: task } as never).then(
        () => 'taken',
        ({ code, message }: { readonly code: string; readonly message: string }) => `${code}: ${message}`,
      );
    const called =
      /^REPRISE_AGENT_UNKNOWN: Nobody could do the added task '(x|in)': no agent that is there is called 'ehco'/;
    for (const task of [
      { agent: 'ehco' },
      { agent: 'echo', fallback: { agent: 'ehco' } },
      { agent: 'echo', compensate: 'ehco' },
      { scope: { in: { agent: 'ehco' } } },
    ])
      expect(await refused(task)).to.match(called);
    expect(await refused({ capability: 'sight' })).to.match(/^REPRISE_AGENT_UNKNOWN: .*has the capability 'sight'/);
    expect(only(await eventsOf(reprise, run.id), 'TasksAdded'), 'nothing of it').to.deep.equal([]);
    const known = ['far-away', 'stand-in', 'declared'].map((agent, index) => [`known-${index}`, { agent }] as const);
    await run.addTasks(Object.fromEntries([...known, ['seen', { capability: 'far-sight' }]]));
    const tasks = async () => (await run.state()).tasks;
    expect((await tasks()).get('seen')).to.include({ status: 'ready' });
    // One that only has the store does not know who is there.
    const elsewhere = await make({ plugins: plugins() });
    await elsewhere.run(run.id).addTasks({ x: { agent: 'ehco' } });
    expect((await tasks()).get('x')).to.include({ status: 'ready' });
    await run.cancel('enough', { force: true });
  });

  it('aborts the attempt where it runs, whoever sends it', async () => {
    const plugins = shared();
    const definition = workflow('long').task('long', 'slow').task('next', 'echo', { after: 'long' }).build();
    const { all, calls, aborted } = agents();
    const reprise = await start({ plugins: plugins(), workflows: [definition], agents: all });
    const elsewhere = await make({ plugins: plugins() });
    for (const by of [reprise, elsewhere]) {
      const { id } = await reprise.startRun(definition, null);
      const before = aborted.length;
      await eventually(() => calls.filter((call) => call === 'slow').length > before);
      await by.run(id).override('long', 'said');
      expect(await reprise.run(id).result()).to.equal('said');
      await eventually(() => aborted.length > before);
    }
  });

  it('holds after a restart', async () => {
    const plugins = [storePlugin(lastingStore())];
    const first = agents();
    const before = await start({ plugins, workflows: [ORDER], agents: first.all });
    const { id } = await before.startRun(ORDER, null);
    await eventually(() => first.calls.includes('pay'));
    await before.run(id).link('card', 'pack');
    await before.run(id).unlink('ship', 'pack');
    await before.run(id).skip('pay');
    await before.stop({ drainMs: 0 });
    const second = agents();
    second.release();
    const reprise = await start({ plugins, workflows: [ORDER], agents: second.all });
    const run = reprise.run(id);
    await eventually(async () => (await run.state()).tasks.get('pay')?.status === 'skipped');
    expect(second.calls, 'what the lost attempt may have done is undone').to.deep.equal(['pay@1']);
    expect(await run.result()).to.equal(null);
    expect((await run.state()).tasks.get('card')).to.deep.include({ putBehind: ['pack'], status: 'skipped' });
  });

  it('may mend a run whose functions are gone', async () => {
    const plugins = [storePlugin(lastingStore())];
    const definition = workflow('functions')
      .task('a', 'slow', { input: () => 2 })
      .build();
    const before = await start({ plugins, workflows: [definition], agents: agents().all });
    const { id } = await before.startRun(definition, null);
    await before.stop({ drainMs: 0 });
    const reprise = await start({ plugins, agents: agents().all });
    await eventually(() => reprise.holdOf(id)?.reason === 'function');
    await reprise.run(id).override('a', 5);
    expect(await codeOf(reprise.run(id).addTasks({ b: { set: 1 } }))).to.equal('REPRISE_DEFINITION_CHANGED');
    expect((await reprise.run(id).state()).tasks.get('a')?.output).to.equal(5);
  });

  it('that cancels without undoing does so in child runs, too', async () => {
    const inner = parseWorkflow(
      'name: inner\ntasks:\n  pay: { agent: echo, compensate: refund }\n  wait: { wait: { signal: never }, after: pay }\n',
    );
    const outer = parseWorkflow('name: outer\ntasks:\n  sub: { workflow: inner }\n');
    const { all, calls } = agents();
    const reprise = await start({ workflows: [inner, outer], agents: all });
    const run = await reprise.startRun(outer, null);
    await eventually(() => calls.includes('pay'));
    const child = (await run.state()).tasks.get('sub')?.child ?? '';
    await eventually(async () => (await reprise.run(child).state()).tasks.get('wait')?.status === 'running');
    await run.cancel('stop', { compensate: false });
    expect(await run.outcome()).to.deep.equal({ status: 'cancelled', reason: 'stop' });
    expect((await reprise.run(child).state()).status).to.equal('cancelled');
    expect(calls).to.deep.equal(['pay']);
  });
});
