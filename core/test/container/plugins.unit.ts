import {
  assertPlugin,
  createInMemoryStorage,
  createInProcessTransport,
  createReprise,
  defineAgent,
  definePlugin,
  graphScheduler,
  inMemoryEventStore,
  inProcessTransport,
  workflow,
} from '@reprise/core';
import { assignInOrder, type PluginContext } from '@reprise/core/plugin';
import { ManualClock, recordingMonitor, seededRandom, sequentialIds } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';

describe('Plugins', () => {
  it('may bring several agents, each of which a workflow can name', async () => {
    const greeter = (name: string) =>
      defineAgent({ name, handle: ({ input }: { input: string }) => `${name} ${input}` });
    const create = () => [greeter('hello'), greeter('goodbye')] as never;
    const talk = workflow<string>('w').task('a', 'hello').task('b', 'goodbye', { after: 'a' }).build();
    const reprise = await createReprise({
      plugins: [definePlugin({ name: 'two', kind: 'agent', create })],
      workflows: [talk],
    });
    await reprise.start();
    expect(await (await reprise.startRun('w', 'Ada')).result()).to.equal('goodbye hello Ada');
    await reprise.stop();
  });

  it('of every kind are made once, handed the same context, and used', async () => {
    const contexts: PluginContext[] = [];
    const used: string[] = [];
    const noted =
      <T>(name: string, make: () => T) =>
      async (context: PluginContext): Promise<T> => {
        contexts.push(context);
        used.push(name);
        return make();
      };
    const monitor = recordingMonitor();
    const strategies: string[] = [];
    const agent = defineAgent({ name: 'greeter', handle: async ({ input }: { input: string }) => `hello ${input}` });
    const config = {
      clock: new ManualClock(),
      ids: sequentialIds(),
      random: seededRandom(1),
    };
    const reprise = await createReprise({
      ...config,
      plugins: [
        definePlugin({ name: 's', kind: 'event-store', create: noted('event-store', createInMemoryStorage) }),
        definePlugin({
          name: 't',
          kind: 'transport',
          create: noted('transport', () => createInProcessTransport(config.clock)),
        }),
        definePlugin({
          name: 'c',
          kind: 'scheduler',
          create: noted('scheduler', () => ({
            name: 'mine',
            select: (view: Parameters<typeof assignInOrder>[0]) => {
              strategies.push(view.runId);
              return assignInOrder(view, 1);
            },
          })),
        }),
        { ...monitor.plugin, create: noted('monitor', () => monitor) },
        definePlugin({ name: 'a', kind: 'agent', create: noted('agent', () => agent as never) }),
      ],
      workflows: [workflow<string>('w', { strategy: 'mine' }).task('a', 'greeter').build()],
    });
    await reprise.start();
    const run = await reprise.startRun('w', 'Ada');
    expect(run.id).to.match(/^id-/);
    expect(await run.result()).to.equal('hello Ada');
    await reprise.stop();
    expect(used).to.have.members(['event-store', 'transport', 'scheduler', 'monitor', 'agent']);
    expect(used.at(-1)).to.equal('event-store');
    for (const context of contexts) expect(context).to.deep.equal(config);
    expect(strategies[0]).to.equal(run.id);
    expect(monitor.events.map(({ event }) => event.type)).to.include('RunCompleted');
    expect(monitor.events.every(({ event }) => event.time === config.clock.now())).to.equal(true);
  });

  it('that are built in follow the same contract', () => {
    for (const plugin of [inMemoryEventStore(), inProcessTransport(), graphScheduler()]) assertPlugin(plugin);
  });

  it('with a strategy that throws hold up the run, not its cancellation, and say so', async () => {
    const monitor = recordingMonitor();
    const select = () => {
      throw new Error('cannot decide');
    };
    const reprise = await createReprise({
      plugins: [
        monitor.plugin,
        definePlugin({ name: 'undecided', kind: 'scheduler', create: () => ({ name: 'undecided', select }) }),
      ],
      workflows: [
        workflow('w', { strategy: 'undecided' })
          .task('a', defineAgent({ name: 'a', handle: async () => 1 }))
          .build(),
      ],
    });
    await reprise.start();
    const run = await reprise.startRun('w', null);
    await run.cancel();
    expect((await run.outcome()).status).to.equal('cancelled');
    await reprise.stop();
    const logged = monitor.notices.map((signal) => (signal.kind === 'log' ? signal.message : ''));
    expect(logged.some((message) => /'undecided'.*cannot decide/.test(message))).to.equal(true);
  });
});
