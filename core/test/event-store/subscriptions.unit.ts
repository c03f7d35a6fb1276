import { createInMemoryStorage, type NewEvent, NO_STREAM } from '@reprise/core';
import { nextTurn, type SubscribeOptions, Subscriptions } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';

const event: NewEvent = {
  id: '1',
  type: 'Tested',
  time: 0,
  data: {},
  metadata: { causationId: 'c', correlationId: 'a', schemaVersion: 1 },
};

/** Subscriptions over a store in memory, and what was read of it. */
function counting() {
  const { events } = createInMemoryStorage();
  const reads: string[] = [];
  let ended = 0;
  const subscriptions = new Subscriptions({
    read: (stream, options) => {
      reads.push(stream);
      return events.read(stream, options);
    },
    readAll: (options) => {
      reads.push('all');
      return events.readAll(options);
    },
    end: () => '',
    endOf: () => NO_STREAM,
    onEnded: () => {
      ended += 1;
    },
  });
  const open = async (options: Partial<SubscribeOptions>) => {
    const caughtUp = Promise.withResolvers<void>();
    const all = { onEvents: () => undefined, onCaughtUp: caughtUp.resolve, ...options } as SubscribeOptions;
    const subscription = subscriptions.open(all);
    await caughtUp.promise;
    return subscription;
  };
  return { events, subscriptions, reads, open, ended: () => ended };
}

describe('subscriptions', () => {
  it('are woken by an append to what they are about, and by nothing else', async () => {
    const { events, subscriptions, reads, open } = counting();
    for (const stream of ['run-a', 'run-b', 'run-b']) await open({ stream });
    await open({});
    reads.length = 0;
    await events.append('run-a', [event], NO_STREAM);
    subscriptions.appended('run-a');
    for (let turn = 0; turn < 3; turn += 1) await nextTurn();
    expect(new Set(reads)).to.deep.equal(new Set(['run-a', 'all']));
    reads.length = 0;
    subscriptions.appended('run-other');
    for (let turn = 0; turn < 3; turn += 1) await nextTurn();
    expect(reads).to.deep.equal(['all']);
    reads.length = 0;
    subscriptions.wakeAll();
    for (let turn = 0; turn < 3; turn += 1) await nextTurn();
    expect(reads.sort()).to.deep.equal(['all', 'run-a', 'run-b', 'run-b']);
    await subscriptions.close();
  });

  it('are forgotten when they end', async () => {
    const { subscriptions, open, ended } = counting();
    const [one, other] = [await open({ stream: 'run-a' }), await open({ stream: 'run-a' })];
    await open({});
    await one.close();
    expect([subscriptions.toStreams, ended()]).to.deep.equal([true, 1]);
    await other.close();
    expect([subscriptions.toStreams, ended()]).to.deep.equal([false, 2]);
    await subscriptions.close();
    expect(ended()).to.equal(3);
  });
});
