import { createInProcessTransport, type Storage, systemClock, type Transport, workflow } from '@reprise/core';
import type { TransportSubscription } from '@reprise/core/plugin';
import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import { eventually, gate, orchestrators, sharedStore, storePlugin, transportPlugin } from './support.ts';
import { byHash, TestOwnership } from './test-ownership.ts';

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
