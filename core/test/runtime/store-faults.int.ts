import {
  createInMemoryStorage,
  defineAgent,
  type EventStore,
  isRepriseError,
  type NewEvent,
  RepriseError,
  runsWhere,
  workflow,
} from '@reprise/core';
import { recordingMonitor } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import {
  changedStore,
  eventsOf,
  eventually,
  gate,
  historyOf,
  lastingStore,
  only,
  orchestrators,
  storePlugin,
} from './support.ts';

type Append = EventStore['append'];

describe('A store in trouble', () => {
  const { make, start } = orchestrators();

  const double = defineAgent({ name: 'double', handle: async ({ input }: { input: number }) => input * 2 });
  const chain = workflow<number>('chain').task('a', double).task('b', double, { after: 'a' }).build();

  /** Runs the chain on a store whose appends are `troubled`, and checks that it went as if nothing had happened. */
  const runOn = async (trouble: (append: Append) => Append) => {
    const store = createInMemoryStorage();
    const monitor = recordingMonitor();
    const troubled = changedStore(store, { append: trouble((...request) => store.events.append(...request)) });
    const reprise = await start({
      plugins: [storePlugin(troubled), monitor.plugin],
      workflows: [chain],
      limits: { maxStoreRetryMs: 60 },
    });
    const run = await reprise.startRun(chain, 1);
    expect(await run.result()).to.equal(4);
    const history = await historyOf(reprise, run.id);
    const events = history.map(({ event }) => event);
    expect(only(events, 'TaskCompleted').map(({ output }) => output)).to.deep.equal([2, 4]);
    expect(only(events, 'TaskScheduled')).to.have.length(2);
    expect(only(events, 'RunStarted')).to.have.length(1);
    expect(new Set(history.map(({ recorded }) => recorded.id)).size).to.equal(history.length);
    expect((await reprise.runs.replay(run.id)).matches).to.equal(true);
    return { monitor };
  };

  const unknown = () => new RepriseError('REPRISE_STORE_UNKNOWN_OUTCOME', 'no answer in time');

  it('that goes away while open runs are taken up: the start fails, whatever agents do that had begun', async () => {
    const store = lastingStore();
    const [first, second] = [gate('slow'), gate('slow')];
    // It does not heed its signal.
    const two = (slow: typeof first) => workflow('two').task('a', slow.agent).task('b', slow.agent).build();
    const before = await start({ plugins: [storePlugin(store)], workflows: [two(first)] });
    await before.startRun(two(first), 1, { id: 'open' });
    await eventually(() => first.waiting > 0);
    await before.stop({ drainMs: 0 });

    let lists = 0;
    const troubled = changedStore(
      store,
      {},
      {
        catalog: {
          list: async (query) => {
            lists += 1;
            if (lists > 1) await eventually(() => second.waiting > 0);
            if (lists > 1) throw new RepriseError('REPRISE_STORE_UNAVAILABLE', 'gone');
            return (await store.catalog?.list(query)) ?? [];
          },
        },
      },
    );
    const failing = await make({ plugins: [storePlugin(troubled)], workflows: [two(second)] });
    const failed = await failing.start().catch((error: unknown) => error);
    expect(isRepriseError(failed, 'REPRISE_STORE_UNAVAILABLE')).to.equal(true);
    expect(failing.role).to.equal('stopped');
    expect(second.contexts.map(({ signal }) => signal.aborted)).to.deep.equal(second.calls.map(() => true));

    const third = gate('slow');
    const after = await start({ plugins: [storePlugin(store)], workflows: [two(third)] });
    await eventually(() => third.waiting === 2);
    third.answer();
    third.answer();
    expect((await after.run('open').outcome()).status).to.equal('completed');
  });

  it('whose every append is made, and reported as unknown at first, adds nothing twice', async () => {
    const seen = new Set<string>();
    const { monitor } = await runOn((append) => async (...request) => {
      const result = await append(...request);
      const first = request[1][0]?.id ?? '';
      if (seen.has(first)) return result;
      seen.add(first);
      throw unknown();
    });
    expect(monitor.notices.some((signal) => signal.kind === 'log' && signal.message.includes('tried again'))).to.equal(
      true,
    );
  });

  it('whose every append is not made, and reported as unknown at first, loses nothing', async () => {
    const seen = new Set<string>();
    await runOn((append) => async (...request) => {
      const first = request[1][0]?.id ?? '';
      if (seen.has(first)) return append(...request);
      seen.add(first);
      throw unknown();
    });
  });

  it('that is unavailable for a while holds its runs up, no more', async () => {
    let asked = 0;
    await runOn((append) => async (...request) => {
      asked += 1;
      if (asked > 1 && asked < 5) throw new RepriseError('REPRISE_STORE_UNAVAILABLE', 'the disk is full');
      return append(...request);
    });
    expect(asked).to.be.greaterThan(5);
  });

  it('that cannot be read for a while holds its runs up, no more', async () => {
    const store = createInMemoryStorage();
    let asked = 0;
    const troubled = changedStore(store, {
      read: async (stream, options) => {
        asked += 1;
        if (asked <= 3) throw new RepriseError('REPRISE_STORE_UNAVAILABLE', 'the disk is away');
        return store.events.read(stream, options);
      },
    });
    const reprise = await start({
      plugins: [storePlugin(troubled)],
      workflows: [chain],
      limits: { maxCachedTasks: 0, maxStoreRetryMs: 60 },
    });
    const run = await reprise.startRun(chain, 1);
    while ((await reprise.runs.list({ where: runsWhere('status', ['completed']) })).length === 0)
      await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await run.result()).to.equal(4);
  });

  it('where another writer was first is read again, and the command decided again', async () => {
    let conflicts = 0;
    const { monitor } = await runOn((append) => async (stream, events, expected, options) => {
      if (expected >= 1 && conflicts < 2) {
        conflicts += 1;
        const note: NewEvent = {
          id: `00000000-0000-4000-8000-00000000000${conflicts}`,
          type: 'CommandRejected',
          time: 0,
          data: { commandId: 'x', command: 'PauseRun', code: 'REPRISE_COMMAND_INVALID', message: 'by another writer' },
          metadata: { causationId: 'x', correlationId: stream, schemaVersion: 1 },
        };
        await append(stream, [note], expected);
      }
      return append(stream, events, expected, options);
    });
    expect(conflicts).to.equal(2);
    // What was decided in vain was not shown.
    const revisions = monitor.events.map(({ revision }) => revision);
    expect(new Set(revisions).size).to.equal(revisions.length);
  });

  it('that finds a result too large fails its attempt, and the run says why', async () => {
    const store = createInMemoryStorage();
    const small = changedStore(store, {
      append: async (stream, events, expected, options) => {
        const size = Math.max(...events.map(({ data }) => JSON.stringify(data).length));
        if (size > 5000) throw new RepriseError('REPRISE_STORE_TOO_LARGE', `${size} is more than 5000`);
        return store.events.append(stream, events, expected, options);
      },
    });
    const wordy = defineAgent({
      name: 'wordy',
      handle: async ({ input }: { input: unknown }) => 'x'.repeat(input === 'much' ? 6000 : 10),
    });
    const definition = workflow<string>('wordy').task('a', wordy).build();
    const reprise = await start({ plugins: [storePlugin(small)], workflows: [definition] });
    const [much, little] = [await reprise.startRun(definition, 'much'), await reprise.startRun(definition, 'little')];
    expect(await much.outcome()).to.have.nested.property('error.details.code', 'REPRISE_STORE_TOO_LARGE');
    expect(only(await eventsOf(reprise, much.id), 'TaskAttemptFailed')).to.have.length(1);
    expect(await little.result()).to.equal('x'.repeat(10));
    const refused = await reprise.startRun(definition, 'y'.repeat(6000)).then(
      () => 'no error',
      (error: unknown) => (error as RepriseError).code,
    );
    expect(refused).to.equal('REPRISE_STORE_TOO_LARGE');
  });

  it('with a history of a newer build leaves that run alone, and goes on with others', async () => {
    const store = createInMemoryStorage();
    const foreign: NewEvent = {
      id: '00000000-0000-4000-8000-000000000009',
      type: 'RunStarted',
      time: 0,
      data: {},
      metadata: { causationId: 'x', correlationId: 'newer', schemaVersion: 99 },
    };
    await store.events.append('run-newer', [foreign], -1, {
      summary: { kind: 'run', name: 'chain', status: 'running', createdAt: 0, updatedAt: 0 },
    });
    const monitor = recordingMonitor();
    const reprise = await start({ plugins: [storePlugin(store), monitor.plugin], workflows: [chain] });
    expect(await (await reprise.startRun(chain, 1)).result()).to.equal(4);
    const logged = monitor.notices.filter((signal) => signal.kind === 'log' && signal.runId === 'newer');
    expect(logged).to.have.length(1);
    expect(logged[0]).to.have.nested.property('fields.code', 'REPRISE_EVENT_UNREADABLE');
    const code = await reprise
      .run('newer')
      .cancel()
      .then(
        () => 'no error',
        (error: unknown) => (error as RepriseError).code,
      );
    expect(code).to.equal('REPRISE_EVENT_UNREADABLE');
  });
});

describe('A store that does not answer', () => {
  const { start } = orchestrators();

  it('is not waited for for ever: a start rejects in time, and may be repeated with the same requestId', async () => {
    const inner = lastingStore();
    let silent = true;
    const store = changedStore(inner, {
      append: (...request) => (silent ? new Promise(() => undefined) : inner.events.append(...request)),
    });
    const definition = workflow('late')
      .task('a', defineAgent({ name: 'quick', handle: () => 1 }))
      .build();
    const limits = { commandMs: 50, drainMs: 0 };
    const first = await start({ plugins: [storePlugin(store)], workflows: [definition], limits });
    const error: unknown = await first
      .startRun(definition, 1, { requestId: 'once' })
      .catch((reason: unknown) => reason);
    expect(isRepriseError(error, 'REPRISE_OUTCOME_UNKNOWN')).to.equal(true);
    silent = false;
    const second = await start({ plugins: [storePlugin(inner)], workflows: [definition], limits });
    expect(await (await second.startRun(definition, 1, { requestId: 'once' })).result()).to.equal(1);
  });
});
