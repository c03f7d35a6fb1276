import { once } from 'node:events';
import {
  createInMemoryStorage,
  defineAgent,
  definePlugin,
  type Monitor,
  type ObservedEvent,
  sleep,
  systemClock,
  workflow,
} from '@reprise/core';
import { nextTurn, type WatchedEngine } from '@reprise/core/plugin';
import { ManualClock, recordingMonitor } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { MonitorHub } from '../../src/orchestration/runtime/monitor-hub.ts';
import { userFrame } from '../../src/shared/user-frame.ts';
import { eventsOf, eventually, historyOf, manualTime, orchestrators, storePlugin } from './support.ts';

const monitorOf = (name: string, changes: Partial<Monitor>): Monitor => ({
  name,
  onEvent: () => undefined,
  forceFlush: async () => undefined,
  shutdown: async () => undefined,
  ...changes,
});
const never = new Promise<void>(() => undefined);
const broken = (): never => {
  throw new Error('a broken monitor');
};

const unreadable = () =>
  new Proxy(new Error('never seen'), {
    get: () => {
      throw new Error('a getter that throws');
    },
  });
const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};

const BAD: Record<string, Partial<Monitor>> = {
  throws: { onEvent: broken, onNotice: broken, forceFlush: broken, shutdown: broken },
  rejects: {
    onEvent: async () => broken(),
    onNotice: async () => broken(),
    forceFlush: async () => broken(),
    shutdown: async () => broken(),
  },
  'throws nothing that is an error': { onEvent: () => Promise.reject(undefined) },
  'throws what cannot be read': {
    onEvent: () => Promise.reject(unreadable()),
    onNotice: () => Promise.reject(revoked()),
  },
  'is slow': { onEvent: () => sleep(5) },
};

describe('Monitors', () => {
  const { start, make } = orchestrators();
  const chatty = defineAgent({
    name: 'chatty',
    handle: async ({ input }: { input: number }, { logger, emit }) => {
      logger.info('working', { input });
      emit({ part: 0.5 });
      return input + 1;
    },
  });
  const definition = workflow<number>('watched').task('a', chatty).task('b', chatty, { after: 'a' }).build();
  const pluginOf = (monitor: Monitor) => definePlugin({ name: monitor.name, kind: 'monitor', create: () => monitor });

  it('see where an agent failed: the stack is in the log, not in the history', async () => {
    const monitor = recordingMonitor();
    const failing = defineAgent({
      name: 'failing',
      handle: (): null => {
        throw new TypeError('x is undefined', { cause: new Error('why') });
      },
    });
    const failed = workflow('failed').task('a', failing, { retry: 1 }).build();
    const reprise = await start({ plugins: [monitor.plugin], workflows: [failed] });
    const run = await reprise.startRun<unknown>('failed', null);
    expect((await run.outcome()).status).to.equal('failed');
    await eventually(() => monitor.notices.some((notice) => notice.kind === 'log'));
    const log = monitor.notices.find((notice) => notice.kind === 'log');
    expect(log).to.include({ taskId: 'a', attempt: 1, agent: 'failing', failure: true, level: 'warn' });
    const stack = String((log as { readonly fields?: { readonly stack?: unknown } }).fields?.stack);
    expect(stack).to.contain('monitors.int.ts').and.to.contain('caused by Error: why');
    expect(userFrame(stack)?.file).to.match(/monitors\.int\.ts$/);
    expect(JSON.stringify(await Array.fromAsync(reprise.runs.history(run.id)))).to.not.contain('monitors.int.ts');
  });

  for (const [what, changes] of Object.entries(BAD)) {
    it(`that ${what}: runs and other monitors do not notice`, async () => {
      const good = recordingMonitor();
      const bad = monitorOf('bad', changes);
      const reprise = await start({ plugins: [pluginOf(bad), good.plugin], workflows: [definition] });
      const runs = await Promise.all([1, 2, 3].map((n) => reprise.startRun(definition, n)));
      expect(await Promise.all(runs.map((run) => run.result()))).to.deep.equal([3, 4, 5]);
      const history = await eventsOf(reprise, runs[0]?.id ?? '');
      await reprise.stop();
      expect(good.events.filter(({ runId }) => runId === runs[0]?.id)).to.have.length(history.length);
    });
  }

  it('that hang hold neither runs nor the stop', async () => {
    const { clock, time, parts } = manualTime();
    const bad = monitorOf('hanging', { onEvent: () => never, forceFlush: () => never, shutdown: () => never });
    const { plugins = [], ...rest } = parts();
    const reprise = await make({ ...rest, plugins: [...plugins, pluginOf(bad)], workflows: [definition] });
    await reprise.start();
    const run = await reprise.startRun(definition, 1);
    expect(await run.result()).to.equal(3);
    const stopping = reprise.stop();
    await time.quiet();
    clock.advance(5000);
    await stopping;
  });

  it('see every event, in the order of the history, and what happens beside it', async () => {
    const monitor = recordingMonitor();
    const store = createInMemoryStorage();
    const reprise = await start({ plugins: [storePlugin(store), monitor.plugin], workflows: [definition] });
    const runs = await Promise.all([1, 2, 3, 4].map((n) => reprise.startRun(definition, n)));
    await Promise.all(runs.map((run) => run.result()));
    await eventually(() => monitor.events.filter(({ event }) => event.type === 'RunCompleted').length === 4);
    for (const { id } of runs) {
      const seen = monitor.events.filter(({ runId }) => runId === id);
      const recorded = (await historyOf(reprise, id)).map((entry) => entry.recorded);
      expect(seen.map(({ revision }) => revision)).to.deep.equal(recorded.map(({ revision }) => revision));
      expect(seen.map(({ event }) => event.id)).to.deep.equal(recorded.map((event) => event.id));
      const notices = monitor.notices.filter((notice) => notice.runId === id);
      expect(notices.filter(({ kind }) => kind === 'dispatched')).to.have.length(2);
      expect(notices.filter(({ kind }) => kind === 'log')).to.have.length(2);
      await eventually(
        () => monitor.notices.filter((notice) => notice.runId === id && notice.kind === 'progress').length === 2,
      );
    }
  });

  it('see an event only once it is in the store', async () => {
    const store = createInMemoryStorage();
    const missing: ObservedEvent[] = [];
    const strict = monitorOf('strict', {
      onEvent: async (observed) => {
        const [event] = await store.events.read(`run-${observed.runId}`, { from: observed.revision, limit: 1 });
        if (event?.id !== observed.event.id) missing.push(observed);
      },
    });
    const reprise = await start({ plugins: [storePlugin(store), pluginOf(strict)], workflows: [definition] });
    await (await reprise.startRun(definition, 1)).result();
    await reprise.stop();
    expect(missing).to.deep.equal([]);
  });

  it('may measure the engine and read histories, whatever another does with it', async () => {
    let watched: WatchedEngine | undefined;
    const watching = monitorOf('watching', {
      watch: (engine) => {
        watched = engine;
      },
    });
    const reprise = await start({
      plugins: [pluginOf(monitorOf('odd', { watch: broken })), pluginOf(watching)],
      workflows: [definition],
    });
    const run = await reprise.startRun(definition, 1, { id: 'watched' });
    await run.result();
    const measures = watched?.measure();
    expect(measures?.running).to.deep.equal({});
    expect(measures?.waiting).to.deep.equal({});
    expect(measures?.viewLagMs).to.be.an('object');
    expect(measures?.monitors['odd']).to.deep.equal({ dropped: 0, failures: 1 });
    const read: string[] = [];
    for await (const { event: one } of watched?.history('watched', 1) ?? []) read.push(one.type);
    expect(read).to.have.length(2);
    expect(read[0]).to.equal('RunStarted');
    await reprise.stop();
  });
});

describe('The hub of monitors', () => {
  const event = (revision: number): ObservedEvent => ({
    runId: 'r',
    revision,
    event: {
      id: String(revision),
      type: 'RunPaused',
      time: 0,
      data: {},
      metadata: { causationId: 'c', correlationId: 'r', schemaVersion: 1 },
    },
  });

  it('drops what a queue cannot hold, counts it, and goes on when there is room', async () => {
    const gate = Promise.withResolvers<void>();
    const seen: number[] = [];
    const slow = monitorOf('slow', {
      onEvent: async ({ revision }) => {
        seen.push(revision);
        await gate.promise;
      },
    });
    const good = recordingMonitor('good');
    const hub = new MonitorHub([slow, good], 3, systemClock);
    for (let revision = 0; revision < 10; revision += 1) {
      hub.event(event(revision));
      await sleep(0);
    }
    // One is in hand, three wait.
    expect(hub.health()).to.deep.equal([
      { name: 'slow', dropped: 6, failures: 0 },
      { name: 'good', dropped: 0, failures: 0 },
    ]);
    gate.resolve();
    await eventually(() => seen.length === 4);
    hub.event(event(10));
    await eventually(() => seen.length === 5);
    expect(seen).to.deep.equal([0, 1, 2, 3, 10]);
    expect(good.events).to.have.length(11);
  });

  const bad = monitorOf('bad', {
    onEvent: broken,
    onNotice: async () => broken(),
    forceFlush: broken,
    shutdown: async () => broken(),
  });
  const warnings = () => {
    const list: string[] = [];
    return { list, warn: (message: string) => void list.push(message) };
  };
  const failed = (name: string, what: string): string =>
    `the monitor '${name}' failed in ${what} (said once; monitorHealth counts the rest)`;

  it('counts every failure of a monitor, and tells the others once', async () => {
    const [first, second] = [recordingMonitor('first'), recordingMonitor('second')];
    const { list, warn } = warnings();
    const hub = new MonitorHub([first, bad, second], 10, systemClock, warn);
    hub.event(event(0));
    hub.event(event(1));
    hub.notice({ kind: 'log', level: 'info', message: 'hello' });
    await eventually(() => hub.health()[1]?.failures === 3);
    await hub.shutdown();
    expect(hub.health()[1]).to.deep.equal({ name: 'bad', dropped: 0, failures: 5 });
    const report = {
      kind: 'log',
      level: 'warn',
      message: failed('bad', 'onEvent: a broken monitor'),
      fields: { code: 'REPRISE_PLUGIN_INVALID', monitor: 'bad' },
    };
    for (const other of [first, second])
      expect(other.notices.filter((notice) => notice.kind === 'log' && notice.level === 'warn')).to.deep.equal([
        report,
      ]);
    expect(list).to.deep.equal([]);
  });

  it('warns the process when there is no other monitor, once', async () => {
    const { list, warn } = warnings();
    const hub = new MonitorHub([bad], 10, systemClock, warn);
    hub.event(event(0));
    hub.event(event(1));
    await hub.shutdown();
    expect(list).to.deep.equal([failed('bad', 'onEvent: a broken monitor')]);
    expect(hub.health()).to.deep.equal([{ name: 'bad', dropped: 0, failures: 4 }]);
  });

  it('warns as Node does, unless told otherwise', async () => {
    const warned = once(process, 'warning') as Promise<[Error]>;
    const hub = new MonitorHub([bad], 10, systemClock);
    hub.event(event(0));
    const [{ name, message }] = await warned;
    expect([name, message]).to.deep.equal(['RepriseWarning', failed('bad', 'onEvent: a broken monitor')]);
    await hub.shutdown();
  });

  it('closes a monitor whose flush fails, and tells others of a failure at the end while they are open', async () => {
    const { list, warn } = warnings();
    const order: string[] = [];
    const last = Promise.withResolvers<void>();
    const tidy = recordingMonitor('tidy');
    const hub = new MonitorHub(
      [
        monitorOf('flushless', { forceFlush: broken, shutdown: async () => void order.push('closed') }),
        { ...tidy, forceFlush: () => last.promise },
        monitorOf('late', { shutdown: () => last.promise.then(() => nextTurn()).then(broken) }),
      ],
      10,
      systemClock,
      warn,
    );
    const closing = hub.shutdown();
    await eventually(() => order.length === 1);
    last.resolve();
    await closing;
    const messages = tidy.notices.map((notice) => (notice.kind === 'log' ? notice.message : ''));
    expect(messages).to.deep.equal([failed('flushless', 'forceFlush: a broken monitor')]);
    // Nobody was left to be told of this one.
    expect(list).to.deep.equal([failed('late', 'shutdown: a broken monitor')]);
  });

  for (const [what, thrown, says] of [
    ['a value whose getters throw', unreadable, 'Error'],
    ['a revoked proxy', revoked, 'a value that cannot be shown was thrown'],
    ['a value without a prototype', () => Object.create(null), '{}'],
    ['nothing', () => undefined, 'undefined'],
    ['a symbol', () => Symbol('odd'), 'Symbol(odd)'],
    ['a long text', () => 'x'.repeat(100_000), `${'x'.repeat(499)}…`],
  ] as const) {
    it(`reports ${what} that is thrown, in bounded words`, async () => {
      const { list, warn } = warnings();
      const onEvent = (): never => {
        throw thrown();
      };
      const hub = new MonitorHub([monitorOf('hostile', { onEvent })], 10, systemClock, warn);
      hub.event(event(0));
      await hub.shutdown();
      expect(list).to.deep.equal([failed('hostile', `onEvent: ${says}`)]);
    });
  }

  const attempt = { runId: 'r', taskId: 't', attempt: 1, agent: 'a', traceparent: undefined };

  it('has agents work in the contexts of monitors, the first outermost, and hands back what they give', () => {
    const order: string[] = [];
    const around = (name: string) =>
      monitorOf(name, {
        within: (of, work) => {
          order.push(`${name} ${of.agent}`);
          try {
            return work();
          } finally {
            order.push(`${name} ends`);
          }
        },
      });
    const hub = new MonitorHub([around('inner'), recordingMonitor('none'), around('outer')], 10, systemClock);
    const given = hub.within(attempt, () => {
      order.push('agent');
      return 7;
    });
    expect(given).to.equal(7);
    expect(order).to.deep.equal(['outer a', 'inner a', 'agent', 'inner ends', 'outer ends']);
  });

  const contexts: readonly (readonly [what: string, within: NonNullable<Monitor['within']>, failures: number])[] = [
    ['throws before', () => broken(), 1],
    [
      'throws behind',
      (_of, work) => {
        work();
        return broken();
      },
      1,
    ],
    ['does not call', () => undefined as never, 0],
    [
      'calls twice, and gives something else',
      (_of, work) => {
        work();
        work();
        return 'something else' as never;
      },
      0,
    ],
  ];
  for (const [what, within, failures] of contexts) {
    it(`calls an agent once, whatever a monitor does: one that ${what}`, () => {
      const { warn } = warnings();
      const hub = new MonitorHub([monitorOf('odd', { within })], 10, systemClock, warn);
      let calls = 0;
      const given = hub.within(attempt, () => {
        calls += 1;
        return 'given';
      });
      expect([given, calls, hub.health()[0]?.failures]).to.deep.equal(['given', 1, failures]);
      // What the agent throws is the agent's.
      const thrown = new Error('of the agent');
      expect(() =>
        hub.within(attempt, () => {
          throw thrown;
        }),
      ).to.throw('of the agent');
    });
  }

  it('bears monitors that cannot even be looked at', async () => {
    const { list, warn } = warnings();
    const good = recordingMonitor('good');
    const closed = revoked() as Monitor;
    const touchy = new Proxy(monitorOf('touchy', {}), { get: broken });
    const hub = new MonitorHub([closed, touchy, good], 10, systemClock, warn);
    hub.event(event(0));
    await eventually(() => good.notices.length === 2);
    await hub.shutdown();
    expect(hub.health().map(({ name, failures }) => [name, failures])).to.deep.equal([
      ['monitor 1', 4],
      ['monitor 2', 4],
      ['good', 0],
    ]);
    expect(good.events).to.have.length(1);
    expect(list).to.deep.equal([]);
  });

  it('drains, flushes and closes each at the end, and leaves behind whoever hangs', async () => {
    const clock = new ManualClock();
    const order: string[] = [];
    const good = monitorOf('good', {
      onEvent: async ({ revision }) => {
        await sleep(1);
        order.push(String(revision));
      },
      forceFlush: async () => void order.push('flush'),
      shutdown: async () => void order.push('shutdown'),
    });
    const { list, warn } = warnings();
    const hub = new MonitorHub([monitorOf('hanging', { onEvent: () => never }), good], 10, clock, warn);
    hub.event(event(0));
    hub.event(event(1));
    let closed = false;
    const closing = hub.shutdown().then(() => {
      closed = true;
    });
    await eventually(() => order.length === 4);
    expect(order).to.deep.equal(['0', '1', 'flush', 'shutdown']);
    clock.advance(4999);
    await sleep(0);
    expect(closed).to.equal(false);
    clock.advance(1);
    await closing;
    const why = "the monitor 'hanging' hangs: it was not done after 5000 ms and is left behind";
    expect(list).to.deep.equal([`${why} (said once; monitorHealth counts the rest)`]);
    expect(hub.health()[0]).to.deep.equal({ name: 'hanging', dropped: 0, failures: 1 });
  });
});
