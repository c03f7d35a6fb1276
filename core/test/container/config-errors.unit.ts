import {
  type AnyPlugin,
  createInMemoryStorage,
  createInProcessTransport,
  createReprise,
  defineAgent,
  definePlugin,
  inMemoryEventStore,
  inProcessTransport,
  type Monitor,
  type RepriseConfig,
  RepriseError,
  remoteAgent,
  workflow,
} from '@reprise/core';
import { nextTurn, type PluginKind } from '@reprise/core/plugin';
import { ManualClock, recordingMonitor } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { failureOf } from './support.ts';

const agent = (name: string) => defineAgent({ name, handle: async () => null });
const asking = (name: string) => workflow('asking').task('a', name).build();
const odd = (value: unknown) => value as never;

const throwing = (thrown: unknown) => (): never => {
  throw thrown;
};
const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const unreadable = <T extends object>(value: T): T => new Proxy(value, { get: throwing(new Error('hands off')) });
const KINDS: readonly PluginKind[] = ['event-store', 'transport', 'scheduler', 'monitor', 'agent'];
const made = (kind: PluginKind, create: () => unknown): AnyPlugin => odd({ name: 'p', kind, create });

/** What a factory of any kind may do wrong, and what is said of it. */
const BAD_FACTORIES: Record<string, [create: () => unknown, says: RegExp]> = {
  'throws an error': [throwing(new Error('no licence')), /'p' could not be made: no licence$/],
  'rejects with a text': [() => Promise.reject('no licence'), /'p' could not be made: no licence$/],
  'throws nothing': [throwing(undefined), /'p' could not be made: undefined$/],
  'throws what cannot be read': [throwing(unreadable(new Error('x'))), /'p' could not be made: Error/],
  'throws a revoked proxy': [throwing(revoked()), /'p' could not be made: a value that cannot be shown/],
  'throws a very long text': [throwing(new Error('x'.repeat(10_000))), /^.{1,600}$/],
  'claims a code of its own and is no error of ours': [
    throwing({ name: 'RepriseError', code: 'REPRISE_NONE' }),
    /'p' could not be made/,
  ],
  'makes nothing': [() => null, /'p' makes lacks/],
  'makes a text': [() => 'store', /'p' makes lacks/],
  'makes what cannot be read': [() => hidden(), /'p' makes cannot be read: hands off/],
  'makes something revoked': [revoked, /'p' could not be made|'p' makes cannot be read/],
};
/** Can be awaited; nothing else of it can be looked at. */
const hidden = (): object =>
  new Proxy({}, { get: (_target, key) => (key === 'then' ? undefined : throwing(new Error('hands off'))()) });

const MISTAKES: Record<string, [config: RepriseConfig, code: string, says: RegExp]> = {
  'two event stores': [
    { plugins: [inMemoryEventStore(), { ...inMemoryEventStore(), name: 'other' }] },
    'REPRISE_CONFIG_INVALID',
    /one event-store.*in-memory, other/,
  ],
  'an option that is misspelt': [
    odd({ agnets: [] }),
    'REPRISE_CONFIG_INVALID',
    /no option 'agnets'.*did you mean 'agents'/,
  ],
  'an agent that is none': [{ agents: [odd(null)] }, 'REPRISE_CONFIG_INVALID', /null stands where an agent is needed/],
  'two transports': [
    { plugins: [inProcessTransport(), inProcessTransport()] },
    'REPRISE_CONFIG_INVALID',
    /one transport.*in-process, in-process/,
  ],
  'an agent that nobody is': [
    { workflows: [asking('writter')], agents: [agent('writer')] },
    'REPRISE_AGENT_UNKNOWN',
    /writter.*[Dd]id you mean.*writer/s,
  ],
  'a capability that nobody has': [
    { workflows: [workflow('asking').task('a', { capability: 'writing' }).build()], agents: [agent('writer')] },
    'REPRISE_AGENT_UNKNOWN',
    /writing/,
  ],
  'an agent that is declared with no room': [
    { agents: [remoteAgent({ name: 'full', concurrency: 0 })] },
    'REPRISE_CONFIG_INVALID',
    /'full'.*concurrency.*0/,
  ],
  'two agents of one name': [{ agents: [agent('a'), agent('a')] }, 'REPRISE_CONFIG_INVALID', /two agents named 'a'/],
  'an agent without a name': [{ agents: [agent('')] }, 'REPRISE_INVALID_ID', /agent name/],
  'an agent that does nothing': [{ agents: [odd({ name: 'idle' })] }, 'REPRISE_CONFIG_INVALID', /'idle'.*handle/],
  'an agent without room': [
    { agents: [{ ...agent('full'), concurrency: 0 } as never] },
    'REPRISE_CONFIG_INVALID',
    /'full'.*concurrency.*0/,
  ],
  'an agent that declares what it cannot use': [
    { agents: [{ ...agent('dear'), maxUsage: { token: 5 } } as never] },
    'REPRISE_CONFIG_INVALID',
    /'dear' has no maxUsage that can be used: token .*did you mean 'tokens'/,
  ],
  'a strategy that nobody brings': [
    { workflows: [workflow('s', { strategy: 'swarm' }).task('a', agent('x')).build()] },
    'REPRISE_CONFIG_INVALID',
    /strategy 'swarm' \(installed: graph, sequential; a plugin .* brings others: docs\/scheduling-strategies\.md\)/,
  ],
  'two workflows of one name and version': [
    {
      workflows: [workflow('same').task('a', agent('x')).build(), workflow('same').task('b', agent('y')).build()],
    },
    'REPRISE_CONFIG_INVALID',
    /same@1/,
  ],
  'a limit that is not known': [
    { limits: odd({ maxCachedTask: 1 }) },
    'REPRISE_CONFIG_INVALID',
    /limits\.maxCachedTask is not known/,
  ],
  'a limit that is no number': [
    { limits: odd({ leaseMs: '30s' }) },
    'REPRISE_CONFIG_INVALID',
    /limits\.leaseMs must be.*30s/,
  ],
  'a limit below zero': [{ limits: { drainMs: -1 } }, 'REPRISE_CONFIG_INVALID', /limits\.drainMs/],
  'a lease of no time': [{ limits: { leaseMs: 0 } }, 'REPRISE_CONFIG_INVALID', /limits\.leaseMs/],
  'a limit of NaN': [{ limits: { redispatchMs: Number.NaN } }, 'REPRISE_CONFIG_INVALID', /limits\.redispatchMs/],
  'a plugin that is nothing': [{ plugins: [odd(undefined)] }, 'REPRISE_PLUGIN_INVALID', /without a name.*name/],
  'a plugin without a name': [
    { plugins: [odd({ kind: 'monitor', create: () => ({}) })] },
    'REPRISE_PLUGIN_INVALID',
    /name/,
  ],
  'a plugin of another kind': [
    { plugins: [odd({ name: 'p', kind: 'toaster', create: () => ({}) })] },
    'REPRISE_PLUGIN_INVALID',
    /'p'.*"toaster".*event-store, transport/,
  ],
  'a plugin without a factory': [
    { plugins: [odd({ name: 'p', kind: 'monitor' })] },
    'REPRISE_PLUGIN_INVALID',
    /create/,
  ],
  'a plugin that was not called': [{ plugins: [odd(inMemoryEventStore)] }, 'REPRISE_PLUGIN_INVALID', /without a name/],
  'a plugin that makes nothing': [
    { plugins: [definePlugin({ name: 'p', kind: 'monitor', create: () => odd(undefined) })] },
    'REPRISE_PLUGIN_INVALID',
    /'p'.*onEvent, forceFlush, shutdown/,
  ],
  'a plugin that makes no agent': [
    { plugins: [definePlugin({ name: 'p', kind: 'agent', create: () => [] })] },
    'REPRISE_PLUGIN_INVALID',
    /'p'.*lacks handle, name/,
  ],
  'a plugin of whose agents one cannot be called': [
    { plugins: [definePlugin({ name: 'p', kind: 'agent', create: () => [agent('x') as never, odd({ name: 'y' })] })] },
    'REPRISE_PLUGIN_INVALID',
    /'p'.*lacks handle,/,
  ],
  'a plugin that makes several of what is no agent': [
    { plugins: [definePlugin({ name: 'p', kind: 'monitor', create: () => odd([recordingMonitor()]) })] },
    'REPRISE_PLUGIN_INVALID',
    /'p'.*lacks onEvent/,
  ],
  'a plugin that makes something else': [
    {
      plugins: [
        definePlugin({ name: 'p', kind: 'event-store', create: () => odd({ events: { append: () => null } }) }),
      ],
    },
    'REPRISE_PLUGIN_INVALID',
    /'p'.*lacks events\.read, events\.readAll, events\.subscribe, events\.close/,
  ],
  'a factory that throws': [
    {
      plugins: [
        definePlugin({
          name: 'p',
          kind: 'scheduler',
          create: () => {
            throw new Error('no licence');
          },
        }),
      ],
    },
    'REPRISE_PLUGIN_INVALID',
    /'p' could not be made: no licence/,
  ],
  'a factory that rejects with nothing': [
    { plugins: [definePlugin({ name: 'p', kind: 'agent', create: (): Promise<never> => Promise.reject(undefined) })] },
    'REPRISE_PLUGIN_INVALID',
    /'p' could not be made/,
  ],
};

describe('A configuration', () => {
  for (const kind of KINDS) {
    for (const [what, [create, says]] of Object.entries(BAD_FACTORIES)) {
      it(`with a factory of the kind ${kind} that ${what} is refused`, async () => {
        const error = await failureOf(createReprise({ plugins: [made(kind, create)] }));
        expect(error.code).to.equal('REPRISE_PLUGIN_INVALID');
        expect(error.message).to.match(says);
      });
    }
  }

  it('with a plugin that cannot be read is refused', async () => {
    for (const plugin of [unreadable({}), revoked(), { name: 'p', kind: 10n }, { name: 'p', kind: Symbol('s') }]) {
      const error = await failureOf(createReprise({ plugins: [odd(plugin)] }));
      expect(error.code).to.equal('REPRISE_PLUGIN_INVALID');
      expect(error.message).to.match(/^The plugin .* does not follow the contract/);
    }
  });

  it('with a part that has no name where one is needed is refused', async () => {
    const parts = {
      monitor: { onEvent: () => undefined, forceFlush: async () => undefined, shutdown: async () => undefined },
      scheduler: { select: () => [] },
      agent: { handle: () => null },
    };
    for (const [kind, part] of Object.entries(parts)) {
      const error = await failureOf(createReprise({ plugins: [made(kind as PluginKind, () => part)] }));
      expect(error.code).to.equal('REPRISE_PLUGIN_INVALID');
      expect(error.message).to.contain(`lacks name, which ${kind === 'agent' ? 'an' : 'a'} ${kind} must have`);
    }
  });

  for (const [what, [config, code, says]] of Object.entries(MISTAKES)) {
    it(`with ${what} is refused with ${code}`, async () => {
      const error = await failureOf(createReprise(config));
      expect(error.code).to.equal(code);
      expect(error.message).to.match(says);
    });
  }

  it('keeps the word of a plugin that fails with a code of its own', async () => {
    const create = () => {
      throw new RepriseError('REPRISE_STORE_CORRUPT', 'the file is torn');
    };
    const error = await failureOf(
      createReprise({ plugins: [definePlugin({ name: 'p', kind: 'event-store', create })] }),
    );
    expect(error.code).to.equal('REPRISE_STORE_CORRUPT');
  });

  it('names every problem of a workflow at once', async () => {
    const definition = workflow('asking').task('a', 'nobody').task('b', 'noone').build();
    const error = await failureOf(createReprise({ workflows: [definition] }));
    expect(error.message).to.contain('nobody').and.contain('noone');
  });

  it('may name a workflow, or an agent, twice when it is the same', async () => {
    const shared = agent('shared');
    const definition = workflow('same').task('a', shared).build();
    const reprise = await createReprise({ workflows: [definition, definition], agents: [shared, shared] });
    expect(reprise.workflows.map(({ definition: { name } }) => name)).to.include('same');
    await reprise.stop();
  });

  it('that is empty gives an orchestrator that runs', async () => {
    const reprise = await createReprise();
    expect(reprise.role).to.equal('new');
    expect(await reprise.start()).to.equal('driver');
    await reprise.stop();
    expect(reprise.role).to.equal('stopped');
  });
});

describe('A configuration that fails leaves nothing open', () => {
  /** What was made and what was let go of, by name. */
  const witness = () => {
    const open = new Set<string>();
    const made: string[] = [];
    const opened = (name: string): void => {
      open.add(name);
      made.push(name);
    };
    const monitor = (name: string) =>
      definePlugin({
        name,
        kind: 'monitor',
        create: () => {
          opened(name);
          return { ...parts(name), shutdown: async () => void open.delete(name) };
        },
      });
    const transport = definePlugin({
      name: 'transport',
      kind: 'transport',
      create: () => {
        opened('transport');
        return { ...createInProcessTransport(), stop: async () => void open.delete('transport') };
      },
    });
    const store = definePlugin({
      name: 'store',
      kind: 'event-store',
      create: () => {
        opened('store');
        return createInMemoryStorage();
      },
    });
    return { open, made, monitor, transport, store };
  };
  const parts = (name: string): Monitor => ({
    name,
    onEvent: () => undefined,
    forceFlush: async () => undefined,
    shutdown: async () => undefined,
  });
  const failing = (kind: PluginKind) =>
    ({ name: 'failing', kind, create: (): Promise<never> => Promise.reject(new Error('no')) }) as AnyPlugin;

  it('when the store cannot be made: it is made last, and the rest is closed', async () => {
    const { open, made, monitor, transport } = witness();
    await failureOf(createReprise({ plugins: [failing('event-store'), monitor('m1'), transport, monitor('m2')] }));
    expect(made).to.have.members(['m1', 'm2', 'transport']);
    expect([...open]).to.deep.equal([]);
  });

  it('when a monitor or the transport cannot be made', async () => {
    for (const kind of ['monitor', 'transport'] as const) {
      const { open, made, monitor, store } = witness();
      await failureOf(createReprise({ plugins: [monitor('m1'), store, failing(kind), monitor('m2')] }));
      expect(made).to.not.include('store');
      expect([...open]).to.deep.equal([]);
    }
  });

  it('when the catalog of the store is none: runs that were open at a crash would stay so for ever', async () => {
    const { open, made, monitor, transport } = witness();
    const { events, catalog: _catalog } = createInMemoryStorage();
    for (const catalog of [{}, { list: 'no' }]) {
      const store = odd({ events: { ...events, close: async () => void open.delete('store') }, catalog });
      const create = () => {
        open.add('store');
        return store;
      };
      const plugin = definePlugin({ name: 'forgetful', kind: 'event-store', create });
      const error = await failureOf(createReprise({ plugins: [monitor('m1'), transport, plugin] }));
      expect(error.code).to.equal('REPRISE_CONFIG_INVALID');
      expect(error.message).to.match(/'forgetful'.*`catalog` without list\(\)/);
      expect(made).to.include.members(['m1', 'transport']);
      expect([...open]).to.deep.equal([]);
    }
  });

  it('though what was made throws or hangs when it is closed', async () => {
    const { open, made, monitor } = witness();
    const clock = new ManualClock();
    const closing: string[] = [];
    const hang = (): Promise<never> => {
      closing.push('m3');
      return new Promise(() => undefined);
    };
    const plugins = [
      monitor('m1'),
      odd({ ...monitor('m2'), create: () => ({ ...parts('m2'), shutdown: throwing(new Error('no')) }) }),
      odd({
        ...monitor('m3'),
        create: () => ({ ...parts('m3'), shutdown: hang }),
      }),
      failing('event-store'),
    ] as AnyPlugin[];
    const refused = failureOf(createReprise({ plugins, clock }));
    while (closing.length === 0) await nextTurn();
    clock.advance(5000);
    expect((await refused).message).to.contain("'failing' could not be made: no");
    expect(made).to.include('m1');
    expect([...open]).to.deep.equal([]);
  });

  it('when the orchestrator itself cannot be made', async () => {
    const { open, made, monitor, transport } = witness();
    const plugins = [monitor('m1'), transport];
    const ids = { next: throwing(new Error('no ids')) };
    const error = await createReprise({ plugins, ids }).catch((reason: unknown) => reason);
    expect(String(error)).to.contain('no ids');
    expect(made).to.have.members(['m1', 'transport']);
    expect([...open]).to.deep.equal([]);
  });

  it('when something else is wrong: nothing was made yet', async () => {
    const { made, monitor, transport, store } = witness();
    const plugins = [monitor('m1'), transport, store];
    await failureOf(createReprise({ plugins: [monitor('m1'), store], workflows: [asking('nobody')] }));
    await failureOf(createReprise({ plugins: [...plugins, { ...store, name: 'store2' }] }));
    await failureOf(createReprise({ plugins, limits: { leaseMs: -1 } }));
    expect(made).to.deep.equal([]);
  });

  it('when an agent is missing, which a transport that spans processes may bring: nothing of the store is made yet', async () => {
    const { open, made, monitor, transport, store } = witness();
    await failureOf(createReprise({ plugins: [monitor('m1'), transport, store], workflows: [asking('nobody')] }));
    expect(made).to.deep.equal(['m1', 'transport']);
    expect([...open]).to.deep.equal([]);
  });
});
