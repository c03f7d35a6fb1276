import {
  createInProcessTransport,
  defineAgent,
  parseWorkflow,
  type Storage,
  systemClock,
  type Transport,
  workflow,
} from '@reprise/core';
import { type Envelope, RESULT_CHANNEL, type TransportSubscription } from '@reprise/core/plugin';
import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import {
  eventsOf,
  eventually,
  gate,
  only,
  orchestrators,
  sharedStore,
  storePlugin,
  transportPlugin,
} from './support.ts';
import { byHash, TestOwnership } from './test-ownership.ts';

const taskOf = ({ data }: Envelope): string => (data as unknown as { readonly taskId: string }).taskId;
const isEnd = ({ data }: Envelope): boolean => (data as unknown as { readonly type: string }).type === 'CompleteTask';

describe('Orchestrators that share the runs of a store by their transport', () => {
  const { start } = orchestrators();
  let ownership: TestOwnership;
  let shared: Transport;
  let viewOf: (name: string) => Storage;
  beforeEach(async () => {
    // Whose runs they are is said by the transport alone.
    ownership = new TestOwnership(byHash());
    shared = createInProcessTransport(systemClock);
    await shared.start();
    const never = new TestOwnership(() => undefined);
    const store = sharedStore((name) => never.of(name));
    viewOf = (name) => ({ ...store.viewOf(name), partitioned: true });
  });

  /** Stopping it lets go of nothing but its own. */
  const connect = (name: string): Transport => {
    const own: TransportSubscription[] = [];
    return {
      durable: true,
      spans: true,
      ownership: ownership.of(name),
      start: () => shared.start(),
      publish: (messages) => shared.publish(messages),
      subscribe: async (...request) => {
        const subscription = await shared.subscribe(...request);
        own.push(subscription);
        return subscription;
      },
      stop: async () => {
        await Promise.all(own.splice(0).map((subscription) => subscription.close()));
      },
    };
  };

  const two = workflow('two').task('one', 'work').task('other', 'work', { after: 'one' }).build();
  const open = (name: string, { agent }: ReturnType<typeof gate>) =>
    start({
      plugins: [storePlugin(viewOf(name)), transportPlugin(connect(name))],
      workflows: [two],
      agents: [agent],
    });

  it('go by the transport, and not by the store', async () => {
    const [first, second] = [await open('first', gate('work')), await open('second', gate('work'))];
    expect([first.role, second.role]).to.deep.equal(['driver', 'driver']);
  });

  it('carry messages and child runs between runs that each of them has', async () => {
    const holds = parseWorkflow('name: holds\ntasks: { holds: { wait: { message: {} } } }');
    const tell = parseWorkflow(
      `name: tell\ntasks: { tell: { send: { to: holds, run: "\${ input.run }", data: 1, until: acknowledged } } }`,
    );
    const parent = workflow('parent').workflow('child', two, {}).build();
    const open = async (name: string) => {
      const plugins = [storePlugin(viewOf(name)), transportPlugin(connect(name))];
      const work = defineAgent({ name: 'work', handle: () => name });
      return start({ plugins, workflows: [holds, tell, parent, two], agents: [work] });
    };
    const [first, second] = [await open('first'), await open('second')];
    const parents = Array.from({ length: 8 }, (_, n) => first.startRun(parent, null, { id: `p-${n}` }));
    const told = Array.from({ length: 8 }, async (_, n) => {
      const held = await first.startRun('holds', null, { id: `h-${n}` });
      const by = await second.startRun('tell', { run: held.id }, { id: `u-${n}` });
      return [(await held.outcome()).status, (await by.outcome()).status];
    });
    expect(await Promise.all(told)).to.deep.equal(Array(8).fill(['completed', 'completed']));
    for (const run of await Promise.all(parents)) expect((await run.outcome()).status).to.equal('completed');
    const owners = (prefix: string) => Array.from({ length: 8 }, (_, n) => ownership.ownerOf(`${prefix}-${n}`));
    expect(
      owners('h').some((owner, n) => owner !== owners('u')[n]),
      'of some the other had the receiver',
    ).to.equal(true);
  });

  it('acknowledge a result once what it leads to is sent, and not before', async () => {
    const made = connect('first');
    const log: string[] = [];
    const sending = Promise.withResolvers<void>();
    const watched: Transport = {
      ...made,
      publish: async (messages) => {
        const tasks = messages.flatMap(({ envelope }) =>
          envelope.type === 'reprise.dispatch' ? [taskOf(envelope)] : [],
        );
        if (tasks.includes('other')) await sending.promise;
        await made.publish(messages);
        for (const task of tasks) log.push(`sent ${task}`);
      },
      subscribe: (channel, handler, options) => {
        if (channel !== RESULT_CHANNEL) return made.subscribe(channel, handler, options);
        const overheard: typeof handler = (delivery) =>
          handler({
            ...delivery,
            ack: () => {
              if (isEnd(delivery.envelope)) log.push(`acknowledged ${taskOf(delivery.envelope)}`);
              delivery.ack();
            },
          });
        return made.subscribe(channel, overheard, options);
      },
    };
    const work = defineAgent({ name: 'work', handle: () => 'done' });
    const plugins = [storePlugin(viewOf('first')), transportPlugin(watched)];
    const reprise = await start({ plugins, workflows: [two], agents: [work] });
    const run = await reprise.startRun(two, null);
    await eventually(async () => only(await eventsOf(reprise, run.id), 'TaskCompleted').length === 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(log).to.include('sent one').and.not.include('acknowledged one');
    sending.resolve();
    expect((await run.outcome()).status).to.equal('completed');
    await eventually(() => log.includes('acknowledged other'));
    expect(log.indexOf('acknowledged one')).to.be.greaterThan(log.indexOf('sent other'));
  });

  it('hand their runs over when they stop, before what their agents have in hand is done, and report that to the new owner', async () => {
    const [here, there] = [gate('work'), gate('work')];
    const first = await open('first', here);
    const id =
      Array.from({ length: 64 }, (_, n) => `r-${n}`).find((one) => byHash()(one, ['first', 'second']) === 'first') ??
      '';
    const run = await first.startRun(two, null, { id });
    await eventually(() => here.waiting === 1);
    const second = await open('second', there);
    const stopped = first.stop({ drainMs: 20_000 });
    let hasStopped = false;
    void stopped.then(() => {
      hasStopped = true;
    });
    await eventually(() => ownership.ownerOf(id) === 'second');
    expect([hasStopped, here.waiting], 'its agent is still at it').to.deep.equal([false, 1]);
    const again = await second.startRun(two, null, { id: 'a2' });
    await eventually(() => there.waiting === 1);
    there.answer('two');
    await eventually(() => there.waiting === 1);
    there.answer('three');
    expect((await again.outcome()).status).to.equal('completed');
    here.answer('one');
    await stopped;
    await eventually(() => there.waiting === 1);
    there.answer('four');
    expect(await second.run(run.id).result()).to.equal('four');
    expect((await second.runs.replay(run.id)).matches).to.equal(true);
    expect(here.calls.length + there.calls.length, 'each attempt was made once').to.equal(4);
  });
});
