import { transportConformance } from '@reprise/conformance';
import { createInProcessTransport, isRepriseError, type Transport } from '@reprise/core';
import type { Envelope, OutgoingMessage } from '@reprise/core/plugin';
import { type FaultsOf, faultyTransport, ManualClock, type TransportFaults } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';

transportConformance('a faulty transport without faults', {
  create: async () => faultyTransport(createInProcessTransport(), { faults: {} }),
});
const served = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const message = (id: string, key = 'key', channel = 'channel'): OutgoingMessage => ({
  channel,
  envelope: { id, partitionkey: key, type: `type-${key}`, data: null } as unknown as Envelope,
});

/** A started transport on a clock of its own, and what a group took, at what time. */
async function setUp(faults: FaultsOf, { seed = 1, durable = false } = {}) {
  const clock = new ManualClock(0);
  const reached: string[] = [];
  const inner = createInProcessTransport(clock);
  const noting: Transport = {
    ...inner,
    durable,
    publish: async (messages) => {
      reached.push(...messages.map(({ envelope }) => envelope.id));
      await inner.publish(messages);
    },
  };
  const transport = faultyTransport(noting, { faults, clock, seed });
  await transport.start();
  const taken: string[] = [];
  await transport.subscribe(
    'channel',
    (delivery) => {
      taken.push(`${delivery.envelope.id}/${delivery.deliveryAttempt} at ${clock.now()}`);
      delivery.ack();
    },
    { group: 'group' },
  );
  /** Lets all timers fire, one after the other. */
  const pass = async (): Promise<void> => {
    await served();
    while (clock.advanceToNext() !== undefined) await served();
  };
  return { clock, transport, taken, reached, pass };
}

const ids = (taken: readonly string[]): string => taken.map((one) => one[0]).join('');
const letters = [...'abcdefghij'];

describe('a faulty transport', () => {
  it('drops a delivery, which comes again later, before what has not been delivered of its key', async () => {
    const { transport, taken, pass } = await setUp({ drop: 0.5, withinMs: 100 });
    await transport.publish(letters.map((id) => message(id)));
    await pass();
    expect(taken).to.have.length(letters.length);
    expect(new Set(ids(taken)).size).to.equal(letters.length);
    const again = taken.filter((one) => !one.includes('/1 '));
    // One that was dropped several times counts each.
    expect(transport.counts.dropped).to.be.at.least(again.length);
    expect(again.length).to.be.within(1, 9);
    for (const one of again) expect(Number(one.split(' at ')[1])).to.be.greaterThan(0);
  });

  it('drops for ever, until it heals', async () => {
    const { clock, transport, taken } = await setUp({ drop: 1, withinMs: 100 });
    await transport.publish([message('a')]);
    await served();
    for (let times = 0; times < 20; times += 1) {
      clock.advance(100);
      await served();
    }
    expect(taken).to.deep.equal([]);
    expect(transport.counts.dropped).to.be.greaterThan(19);
    transport.heal();
    clock.advance(100);
    await served();
    expect(ids(taken)).to.equal('a');
  });

  it('delays, and keeps the order of each key', async () => {
    const { transport, taken, pass } = await setUp({ delay: 0.4, withinMs: 1000 });
    for (const id of letters) await transport.publish([message(id), message(id.toUpperCase(), 'other')]);
    await pass();
    const order = ids(taken);
    expect([...order].filter((id) => id >= 'a').join('')).to.equal(letters.join(''));
    expect([...order].filter((id) => id < 'a').join('')).to.equal(letters.join('').toUpperCase());
    expect(order, 'other keys do not wait').to.not.equal(letters.map((id) => id + id.toUpperCase()).join(''));
    expect(transport.counts.delayed).to.be.greaterThan(2);
  });

  it('duplicates: each comes at once, and once more later', async () => {
    const { transport, taken, pass } = await setUp({ duplicate: 1, withinMs: 50 });
    await transport.publish([message('a'), message('b')]);
    await pass();
    expect(taken.slice(0, 2)).to.deep.equal(['a/1 at 0', 'b/1 at 0']);
    expect(
      taken
        .slice(2)
        .map((one) => one[0])
        .toSorted(),
    ).to.deep.equal(['a', 'b']);
    expect(transport.counts).to.deep.equal({ dropped: 0, delayed: 0, duplicated: 2, reordered: 0, lost: 0 });
  });

  it('reorders: what is published meanwhile comes before', async () => {
    const first = ({ envelope }: OutgoingMessage): TransportFaults => (envelope.id === 'a' ? { reorder: 1 } : {});
    const { transport, taken, pass } = await setUp(first);
    await transport.publish(letters.map((id) => message(id)));
    await pass();
    expect(ids(taken)).to.equal('bcdefghija');
    expect(transport.counts.reordered).to.equal(1);
  });

  it('loses for good', async () => {
    const { transport, taken, pass } = await setUp({ lose: 0.5 });
    await transport.publish(letters.map((id) => message(id)));
    await pass();
    expect(taken).to.have.length(letters.length - transport.counts.lost);
    expect(transport.counts.lost).to.be.within(1, 9);
  });

  it('does so by channel, by type, or whatever is asked', async () => {
    const seen: string[] = [];
    const { transport, taken, pass } = await setUp(({ channel, envelope }) => {
      seen.push(`${channel} ${envelope.type}`);
      return envelope.type === 'type-bad' ? { lose: 1 } : undefined;
    });
    await transport.publish([message('a', 'bad'), message('b'), message('c', 'key', 'elsewhere')]);
    await pass();
    expect(ids(taken)).to.equal('b');
    // When they are published, and when one is delivered.
    expect(seen).to.deep.equal(['channel type-bad', 'channel type-key', 'elsewhere type-key', 'channel type-key']);
  });

  it('does the same with the same seed, else something else', async () => {
    const faults = { drop: 0.2, delay: 0.3, duplicate: 0.3, reorder: 0.3, lose: 0.1 };
    const played = async (seed: number) => {
      const { transport, taken, pass } = await setUp(faults, { seed });
      for (const id of letters) await transport.publish([message(id)]);
      await pass();
      return [...taken, JSON.stringify(transport.counts)];
    };
    expect(await played(3)).to.deep.equal(await played(3));
    expect(await played(3)).to.not.deep.equal(await played(4));
  });

  it('heals: nothing befalls a message any more, and what was held back comes at once', async () => {
    const { clock, transport, taken, pass } = await setUp({ delay: 1 });
    await transport.publish([message('a'), message('b')]);
    await served();
    expect(taken).to.deep.equal([]);
    transport.heal();
    await transport.publish([message('c')]);
    await served();
    expect(taken).to.deep.equal(['a/1 at 0', 'b/1 at 0', 'c/1 at 0']);
    expect(clock.pending).to.equal(0);
    await pass();
    expect(taken).to.have.length(3);
  });

  for (const durable of [true, false]) {
    it(`${durable ? 'hands over' : 'forgets'} what it holds back when it is stopped`, async () => {
      const { clock, transport, reached } = await setUp({ reorder: 1 }, { durable });
      await transport.publish([message('a'), message('b')]);
      expect(reached).to.deep.equal([]);
      await transport.stop();
      expect(reached).to.deep.equal(durable ? ['a', 'b'] : []);
      expect(clock.pending).to.equal(0);
    });
  }

  it('keeps what the transport would not take when its time had come, and tries again', async () => {
    const clock = new ManualClock(0);
    const reached: string[] = [];
    let down = false;
    const inner: Transport = {
      ...createInProcessTransport(clock),
      publish: async (messages) => {
        if (down) throw new Error('not there');
        reached.push(...messages.map(({ envelope }) => envelope.id));
      },
    };
    const transport = faultyTransport(inner, { faults: { reorder: 1, withinMs: 10 }, clock });
    await transport.publish([message('a')]);
    down = true;
    clock.advance(10);
    await served();
    expect(reached).to.deep.equal([]);
    down = false;
    clock.advance(3000);
    await served();
    expect(reached).to.deep.equal(['a']);
  });

  it('says of the transport what that says of itself', () => {
    const inner = { ...createInProcessTransport(), durable: true, spans: true };
    expect(faultyTransport(inner, { faults: {} })).to.include({ durable: true, spans: true });
    expect(faultyTransport({ ...inner, durable: false }, { faults: {} }).durable).to.equal(false);
  });

  it('refuses faults that there are not', () => {
    for (const faults of [{ drop: 2 }, { delay: -1 }, { lose: Number.NaN }, { withinMs: -1 }, { twice: 0.5 }]) {
      let error: unknown;
      try {
        faultyTransport(createInProcessTransport(), { faults: faults as TransportFaults });
      } catch (thrown) {
        error = thrown;
      }
      expect(isRepriseError(error, 'REPRISE_CONFIG_INVALID'), JSON.stringify(faults)).to.equal(true);
    }
  });
});
