import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { KafkaDriver, OutgoingRecord } from '../src/driver.ts';
import { Publisher } from '../src/publisher.ts';
import { failureOf } from './support/talk.ts';

const MIB = 1024 * 1024;

const record = (key: string, bytes = 1): OutgoingRecord => ({
  topic: 'jobs',
  partition: 0,
  key,
  headers: {},
  value: new Uint8Array(bytes),
});

/** Calls to the driver, each with the keys that it was handed, and what is to become of the next ones. */
function setup() {
  const calls: string[] = [];
  const gates: Promise<void>[] = [];
  let atOnce = 0;
  const driver: Pick<KafkaDriver, 'send'> = {
    send: async (records) => {
      atOnce += 1;
      expect(atOnce, 'calls at once').to.equal(1);
      calls.push(records.map(({ key }) => key).join(' '));
      try {
        await gates.shift();
      } finally {
        atOnce -= 1;
      }
    },
  };
  const publisher = new Publisher(driver as KafkaDriver);
  const send = (...records: OutgoingRecord[]): Promise<void> => publisher.send(async () => records);
  return { calls, gates, publisher, send };
}

describe('the publisher', () => {
  it('sends what is published in one turn together, and what comes meanwhile in the next call', async () => {
    const { calls, gates, send } = setup();
    const gate = Promise.withResolvers<void>();
    gates.push(gate.promise);
    const first = [send(record('a')), send(record('b'), record('c'))];
    await new Promise((resolve) => setImmediate(resolve));
    const second = [send(record('d')), send(record('e'))];
    gate.resolve();
    await Promise.all([...first, ...second]);
    expect(calls).to.deep.equal(['a b c', 'd e']);
  });

  it('keeps the order of the calls, however long it takes to make their records', async () => {
    const { calls, publisher, send } = setup();
    const slow = publisher.send(async () => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      return [record('slow')];
    });
    await Promise.all([slow, send(record('fast'))]);
    expect(calls).to.deep.equal(['slow fast']);
  });

  it('makes no call larger than a topic takes', async () => {
    const { calls, send } = setup();
    await Promise.all([
      send(record('a', 3 * MIB), record('b', 2 * MIB)),
      send(record('c', 7 * MIB)),
      send(record('d')),
    ]);
    expect(calls).to.deep.equal(['a', 'b', 'c', 'd']);
  });

  it('tells those whose records could not be made, or sent, and goes on with the others', async () => {
    const { calls, gates, publisher, send } = setup();
    const unmade = failureOf(publisher.send(() => Promise.reject(new Error('no topic'))));
    const made = send(record('a'));
    expect(String(await unmade)).to.equal('Error: no topic');
    await made;
    gates.push(Promise.reject(new Error('away')));
    expect(String(await failureOf(send(record('b'))))).to.equal('Error: away');
    await send(record('c'));
    expect(calls).to.deep.equal(['a', 'b', 'c']);
  });

  it('takes calls that come as the last one is answered', async () => {
    const { calls, send } = setup();
    const chain = async (left: number): Promise<void> => {
      await send(record(`${left}`));
      if (left > 0) await chain(left - 1);
    };
    await chain(5);
    expect(calls).to.deep.equal(['5', '4', '3', '2', '1', '0']);
  });
});
