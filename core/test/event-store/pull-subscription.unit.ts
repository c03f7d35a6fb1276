import { createInMemoryStorage, encodePosition, type NewEvent, NO_STREAM, type RecordedEvent } from '@reprise/core';
import { PullSubscription } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';

const event: NewEvent = {
  id: '1',
  type: 'Tested',
  time: 0,
  data: {},
  metadata: { causationId: 'c', correlationId: 'a', schemaVersion: 1 },
};
const recorded: RecordedEvent = { ...event, stream: 'run-a', revision: 0, position: encodePosition(0) };
const noEnd = { onEnded: () => undefined };

describe('a pull subscription', () => {
  it('without onError, rejects close() with what ended it', async () => {
    const ended = Promise.withResolvers<void>();
    const subscription = new PullSubscription(
      { onEvents: () => Promise.reject(new Error('handler')) },
      {
        readPage: async () => [recorded],
        onEnded: () => ended.resolve(),
      },
    );
    await ended.promise;
    const error = await subscription.close().catch((reason: unknown) => reason);
    expect((error as Error).message).to.equal('handler');
  });

  for (const [what, options, readPage] of [
    ['a read that fails', {}, () => Promise.reject(new Error('odd'))],
    [
      'an onCaughtUp that throws',
      {
        onCaughtUp: () => {
          throw new Error('odd');
        },
      },
      async () => [],
    ],
  ] as const) {
    it(`ends through onError at ${what}`, async () => {
      const failed = Promise.withResolvers<unknown>();
      const subscription = new PullSubscription(
        { ...options, onEvents: () => undefined, onError: failed.resolve },
        {
          ...noEnd,
          readPage,
        },
      );
      expect(((await failed.promise) as Error).message).to.equal('odd');
      await subscription.close();
    });
  }

  it('does not say again that it has caught up when it is woken for nothing', async () => {
    let reads = 0;
    let caughtUp = 0;
    const again = Promise.withResolvers<void>();
    const subscription = new PullSubscription(
      { onEvents: () => undefined, onCaughtUp: () => (caughtUp += 1) },
      {
        ...noEnd,
        readPage: async () => {
          reads += 1;
          if (reads === 1) queueMicrotask(() => subscription.wake());
          else again.resolve();
          return [];
        },
      },
    );
    await again.promise;
    await subscription.close();
    expect([reads >= 2, caughtUp]).to.deep.equal([true, 1]);
  });

  it('lets a handler close the whole store', async () => {
    const store = createInMemoryStorage();
    const closed = Promise.withResolvers<void>();
    await store.events.subscribe({
      onEvents: async () => {
        await store.events.close();
        closed.resolve();
      },
    });
    await store.events.append('run-a', [event], NO_STREAM);
    await closed.promise;
  });
});
