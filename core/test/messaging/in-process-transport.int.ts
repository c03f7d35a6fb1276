import { transportConformance } from '@reprise/conformance';
import { createInProcessTransport } from '@reprise/core';
import type { Delivery, Envelope, OutgoingMessage } from '@reprise/core/plugin';
import { ManualClock } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';

transportConformance('in-process', { create: async () => createInProcessTransport() });

const served = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const message = (id: string, key = 'key'): OutgoingMessage => ({
  channel: 'channel',
  envelope: { id, partitionkey: key, data: null } as unknown as Envelope,
});

const show = (deliveries: readonly Delivery[]): string[] =>
  deliveries.map(({ envelope, deliveryAttempt }) => `${envelope.id}/${deliveryAttempt}`);

/** A started transport on a clock of its own, and one subscription that keeps every delivery unsettled. */
async function setUp() {
  const clock = new ManualClock();
  const transport = createInProcessTransport(clock);
  await transport.start();
  const taken: Delivery[] = [];
  const take = (delivery: Delivery): void => {
    taken.push(delivery);
  };
  const subscription = await transport.subscribe('channel', take, { group: 'group' });
  return { clock, transport, taken, take, subscription };
}

describe('in-process transport', () => {
  it('brings a nacked message back when its delay is over, not before', async () => {
    const { clock, transport, taken } = await setUp();
    await transport.publish([message('a'), message('b', 'other')]);
    await served();
    taken[0]?.nack({ reason: 'later', delayMs: 1000 });
    taken[1]?.nack({ reason: 'sooner', delayMs: 10 });
    clock.advance(999);
    await served();
    expect(show(taken)).to.deep.equal(['a/1', 'b/1', 'b/2']);
    clock.advance(1);
    await served();
    expect(show(taken)).to.deep.equal(['a/1', 'b/1', 'b/2', 'a/2']);
  });

  it('blocks a key until the last of its nacked messages is back, each after its own delay', async () => {
    const { clock, transport, taken } = await setUp();
    await transport.publish([message('a'), message('b')]);
    await served();
    taken[0]?.nack({ reason: 'later', delayMs: 1000 });
    taken[1]?.nack({ reason: 'sooner', delayMs: 10 });
    await transport.publish([message('c')]);
    clock.advance(500);
    await served();
    expect(show(taken)).to.deep.equal(['a/1', 'b/1', 'b/2']);
    clock.advance(500);
    await served();
    expect(show(taken)).to.deep.equal(['a/1', 'b/1', 'b/2', 'a/2', 'c/1']);
  });

  it('keeps a key blocked when a message that is back already is delivered to yet another member', async () => {
    const { clock, transport, taken, take, subscription } = await setUp();
    await transport.publish([message('a'), message('b')]);
    await served();
    taken[0]?.nack({ reason: 'at once' });
    clock.advance(0);
    await served();
    taken[1]?.nack({ reason: 'later', delayMs: 1000 });
    await transport.publish([message('c')]);
    await subscription.close();
    await transport.subscribe('channel', take, { group: 'group' });
    await served();
    expect(show(taken)).to.deep.equal(['a/1', 'b/1', 'a/2', 'a/3']);
    clock.advance(1000);
    await served();
    expect(show(taken)).to.deep.equal(['a/1', 'b/1', 'a/2', 'a/3', 'b/2', 'c/1']);
  });

  it('counts deliveries on when a member leaves', async () => {
    const { transport, taken, take, subscription } = await setUp();
    await transport.publish([message('a')]);
    await served();
    await subscription.close();
    await transport.subscribe('channel', take, { group: 'group' });
    await served();
    expect(show(taken)).to.deep.equal(['a/1', 'a/2']);
  });

  it('gives what came before the first group to that group alone', async () => {
    const transport = createInProcessTransport(new ManualClock());
    await transport.start();
    await transport.publish([message('early')]);
    const [first, second]: [string[], string[]] = [[], []];
    for (const [group, ids] of Object.entries({ first, second })) {
      const handler = (delivery: Delivery): void => {
        ids.push(delivery.envelope.id);
        delivery.ack();
      };
      await transport.subscribe('channel', handler, { group });
    }
    await transport.publish([message('late')]);
    await served();
    expect({ first, second }).to.deep.equal({ first: ['early', 'late'], second: ['late'] });
  });

  it('lets go of everything at stop(): no timer is left, and none is set by a late nack', async () => {
    const { clock, transport, taken } = await setUp();
    await transport.publish([message('a'), message('b', 'other')]);
    await served();
    taken[0]?.nack({ reason: 'later', delayMs: 1000 });
    expect(clock.pending).to.equal(1);
    await transport.stop();
    taken[1]?.nack({ reason: 'too late', delayMs: 1000 });
    expect(clock.pending).to.equal(0);
  });

  it('delivers nothing once stop() was called, not even what was on its way', async () => {
    const { transport, taken } = await setUp();
    const published = transport.publish([message('a')]);
    await Promise.all([published, transport.stop()]);
    await served();
    expect(taken).to.deep.equal([]);
  });

  it('cannot be started again', async () => {
    const { transport } = await setUp();
    await transport.stop();
    const error = await transport.start().then(
      () => undefined,
      (reason: unknown) => reason as { code?: string },
    );
    expect(error?.code).to.equal('REPRISE_TRANSPORT_CLOSED');
  });
});
