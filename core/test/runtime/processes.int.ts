import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  type AnyPlugin,
  defineAgent,
  isRepriseError,
  type Orchestrator,
  type RepriseConfig,
  RunReader,
  type Storage,
  workflow,
} from '@reprise/core';
import { sqliteEventStore } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { mailboxRun } from '../../src/orchestration/workflow/messaging/elsewhere.ts';
import { slowChain } from './fixtures/slow-chain.ts';
import {
  changedStore,
  eventsOf,
  eventually,
  gate,
  only,
  orchestrators,
  sharedStore,
  storePlugin,
  temporaryFiles,
} from './support.ts';
import { TestOwnership } from './test-ownership.ts';

describe('Two orchestrators on one file', () => {
  const { make, start } = orchestrators();
  const file = temporaryFiles();

  const setUp = async () => {
    const path = file();
    const work = gate('work', { obeys: true });
    const definition = workflow('shared', { timeout: '1h' })
      .task('a', work.agent)
      .task('b', work.agent, { after: 'a' })
      .build();
    const open = (): Promise<Orchestrator> =>
      start({ plugins: [sqliteEventStore({ path, pollIntervalMs: 5 })], workflows: [definition] });
    const driver = await open();
    const client = await open();
    expect([driver.role, client.role]).to.deep.equal(['driver', 'client']);
    return { definition, work, driver, client, open };
  };

  it('steer a run that never rests: the client gets in, and reads no more than it has to', async function () {
    this.timeout(60_000);
    const path = file();
    const quick = defineAgent({ name: 'quick', handle: () => null });
    const busy = workflow<number>('busy')
      .task('each', quick, { forEach: ({ input }) => Array.from({ length: input }, (_, index) => index) })
      .build();
    const workflows = [busy];
    const driver = await start({ plugins: [sqliteEventStore({ path, pollIntervalMs: 5 })], workflows });
    const run = await driver.startRun(busy, 100_000);
    await eventually(async () => (await driver.runs.last(run.id)).revision > 3000);
    let read = 0;
    const store = sqliteEventStore({ path, pollIntervalMs: 5 });
    const watched: AnyPlugin = {
      ...store,
      create: async (context) => {
        const made = await store.create(context);
        return changedStore(made as Storage, {
          read: async (...request) => {
            const page = await (made as Storage).events.read(...request);
            read += page.length;
            return page;
          },
        });
      },
    };
    const client = await make({ plugins: [watched], workflows });
    const steered = client.run(run.id);
    for (const step of ['pause', 'resume', 'cancel'] as const) await steered[step]();
    const types = (await eventsOf(driver, run.id)).map(({ type }) => type);
    expect(types.filter((type) => type.startsWith('Run'))).to.deep.equal([
      'RunStarted',
      'RunPaused',
      'RunResumed',
      'RunCancelled',
    ]);
    expect(read, 'events read by the client').to.be.lessThan(2 * types.length);
    expect((await run.outcome()).status).to.equal('cancelled');
  });

  it('share runs: the client starts one, the driver carries it out, both see the end', async () => {
    const { definition, work, driver, client } = await setUp();
    const run = await client.startRun(definition, 1);
    const outcome = run.outcome();
    for (const output of [1, 2]) {
      await eventually(() => work.waiting === 1);
      work.answer(output);
    }
    expect(await outcome).to.deep.equal({ status: 'completed', output: 2 });
    expect(await driver.run(run.id).result()).to.equal(2);
    expect(client.running).to.equal(0);
  });

  it('steer runs from either side: what the client cancels is aborted by the driver', async () => {
    const { definition, work, driver, client } = await setUp();
    const run = await driver.startRun(definition, 1);
    const outcomes = [run.outcome(), client.run(run.id).outcome()];
    await eventually(() => work.waiting === 1);
    await client.run(run.id).pause('lunch');
    await eventually(async () => (await run.state()).status === 'paused');
    await client.run(run.id).resume();
    await client.run(run.id).cancel('from elsewhere');
    const cancelled = { status: 'cancelled', reason: 'from elsewhere' } as const;
    expect(await Promise.all(outcomes)).to.deep.equal([cancelled, cancelled]);
    await eventually(() => work.contexts[0]?.signal.aborted === true);
    const reason: unknown = work.contexts[0]?.signal.reason;
    expect(isRepriseError(reason, 'REPRISE_RUN_CLOSED')).to.equal(true);
    await eventually(() => driver.running === 0);
  });

  it('hand over when the driver stops: the client goes on with its runs', async () => {
    const { definition, work, driver, client } = await setUp();
    const run = await client.startRun(definition, 1);
    const outcome = run.outcome();
    await eventually(() => work.waiting === 1);
    await driver.stop({ drainMs: 0 });
    await eventually(() => client.role === 'driver');
    await eventually(() => work.calls.length === 2 && work.waiting === 1);
    work.answer(1);
    await eventually(() => work.waiting === 1);
    work.answer(2);
    expect(await outcome).to.deep.equal({ status: 'completed', output: 2 });
    expect(only(await eventsOf(client, run.id), 'TaskAttemptFailed').map(({ lost }) => lost)).to.deep.equal([true]);
  });

  it('hand over in the moment a run ends: whoever waits is told', async () => {
    for (let round = 0; round < 3; round += 1) {
      const { definition, work, driver, client } = await setUp();
      const run = await client.startRun(definition, 1);
      const outcome = run.outcome();
      await eventually(() => work.waiting === 1);
      work.answer(1);
      await eventually(() => work.waiting === 1);
      const stopping = driver.stop();
      work.answer(2);
      await stopping;
      expect(await outcome).to.deep.equal({ status: 'completed', output: 2 });
      await client.stop();
    }
  });

  it('hand over when the process of the driver is killed', async () => {
    const path = file();
    const script = fileURLToPath(new URL('./fixtures/slow-chain-process.ts', import.meta.url));
    const child = spawn(process.execPath, ['--conditions=reprise-source', script, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const gone = once(child, 'close');
    try {
      const lines = createInterface({ input: child.stdout });
      const [started] = (await once(lines, 'line')) as [string];
      expect(started).to.equal('working');
      const definition = slowChain(async () => 'done');
      const client = await start({ plugins: [sqliteEventStore({ path, pollIntervalMs: 5 })], workflows: [definition] });
      expect(client.role).to.equal('client');
      const outcome = client.run('r1').outcome();
      child.kill('SIGKILL');
      await gone;
      expect(await outcome).to.deep.equal({ status: 'completed', output: 'done' });
      expect(client.role).to.equal('driver');
      expect((await client.runs.replay('r1')).matches).to.equal(true);
    } finally {
      child.kill('SIGKILL');
      await gone;
    }
  });
});

describe('The ownership of a store', () => {
  const { make, start } = orchestrators();

  const shared = () => {
    const ownership = new TestOwnership();
    return { ...sharedStore((name) => ownership.of(name)), owner: () => ownership.ownerOf('any'), ownership };
  };
  const quick = defineAgent({ name: 'quick', handle: async () => 'quick' });
  const definition = workflow('owned').task('a', quick).build();
  const on = (view: ReturnType<ReturnType<typeof shared>['viewOf']>, more: RepriseConfig['plugins'] = []) => ({
    plugins: [storePlugin(view), ...more],
    workflows: [definition],
  });

  it('goes from one to the next', async () => {
    const { viewOf, owner } = shared();
    const first = await start(on(viewOf('first')));
    const second = await start(on(viewOf('second')));
    expect(await (await second.startRun(definition, 1)).result()).to.equal('quick');
    expect(owner()).to.equal('first');
    await first.stop();
    await eventually(() => second.role === 'driver');
    expect(owner()).to.equal('second');
    expect(await (await second.startRun(definition, 1)).result()).to.equal('quick');
    await second.stop();
    expect(owner()).to.equal(undefined);
  });

  it('is of no matter to a program: it takes what has come since it looked', async () => {
    const { viewOf } = shared();
    const driver = await start(on(viewOf('first')));
    const client = await make({ plugins: [storePlugin(viewOf('second'))] });
    await client.start({ drive: false });
    const kim = client.messages('kim');
    const waiting = kim.receive('@desk', { timeout: '5s' });
    const isThere = ({ revision }: { readonly revision: number }) => revision > 0;
    await eventually(() => driver.runs.last(mailboxRun(undefined, 'desk')).then(isThere, () => false));
    await driver.messages('bob').send('@desk', 1);
    const taken = await waiting;
    expect(taken).to.deep.include({ data: 1, delivery: 1 });
    // Nor is it refused because of how things were.
    const next = driver.messages('bob').send('@desk', 2);
    await taken?.ack();
    await next;
    expect(await kim.receive('@desk', { timeout: '5s' })).to.deep.include({ data: 2 });
  });

  it('that falls to a process only after its stop() is given back', async () => {
    const { viewOf, owner, ownership } = shared();
    const release = ownership.hold();
    const reprise = await make(on(viewOf('first')));
    const starting = reprise.start();
    const stopping = reprise.stop();
    release();
    await Promise.all([starting, stopping]);
    expect([owner(), reprise.role]).to.deep.equal([undefined, 'stopped']);
  });

  it('is given back when driving cannot begin, and taken at a later try', async () => {
    const { viewOf, owner } = shared();
    const first = await start(on(viewOf('first')));
    const view = viewOf('second');
    let failures = 0;
    const catalog = {
      list: async (query: Parameters<NonNullable<typeof view.catalog>['list']>[0]) => {
        if (failures < 2 && owner() === 'second') {
          failures += 1;
          throw new Error('the disk is away');
        }
        return (await view.catalog?.list(query)) ?? [];
      },
    };
    const second = await start(on({ ...view, catalog }));
    await first.stop();
    await eventually(() => failures === 2 && second.role === 'driver');
    expect(await (await second.startRun(definition, 1)).result()).to.equal('quick');
  });

  it('tells whoever waits about ends that are told after the hand-over', async () => {
    const { viewOf } = shared();
    const second = await start(on(viewOf('second')));
    const first = await start(on(viewOf('first')));
    expect(first.role).to.equal('client');
    const run = await first.startRun(definition, 1);
    const reader = new RunReader(viewOf('third'));
    await eventually(async () => (await reader.state(run.id)).status === 'completed');
    expect(await first.run(run.id).result()).to.equal('quick');
    expect(await second.run(run.id).result()).to.equal('quick');
  });
});
