import { type Delivery, toBinary } from '@reprise/core/plugin';
import { ManualClock } from '@reprise/core/testing';
import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import type { ConsumeRequest, IncomingRecord, KafkaDriver, Place, PlaceOffset } from '../src/driver.ts';
import { Feed } from '../src/feed.ts';
import { message } from './support/talk.ts';

const TOPIC = 'jobs';
const place = (partition: number): Place => ({ topic: TOPIC, partition });
const bytesOf = (text: string): Uint8Array => Buffer.from(text);

function record(offset: number, key = 'key'): IncomingRecord {
  const { headers, value } = toBinary(message(TOPIC, key).envelope);
  const asBytes = Object.entries(headers).map(([name, text]) => [name, bytesOf(text)] as const);
  return { offset: BigInt(offset), key: bytesOf(key), headers: Object.fromEntries(asBytes), value: bytesOf(value) };
}

const poison = (offset: number): IncomingRecord => ({ offset: BigInt(offset), key: null, headers: {}, value: null });

describe('a feed', () => {
  let clock: ManualClock;
  let log: string[];
  let commits: (readonly PlaceOffset[])[];
  let requests: ConsumeRequest[];
  let failing: { commit: boolean; consume: boolean; bury: boolean };
  let deliveries: Delivery[];
  let feed: Feed;

  const driver = (): Pick<KafkaDriver, 'consume' | 'deleteGroup'> => ({
    consume: async (request) => {
      if (failing.consume) throw new Error('away');
      requests.push(request);
      return {
        commit: async (offsets) => {
          if (failing.commit) throw new Error('rebalancing');
          commits.push(offsets);
        },
        pause: (places) => void log.push(`pause ${places.map(({ partition }) => partition)}`),
        resume: (places) => void log.push(`resume ${places.map(({ partition }) => partition)}`),
        close: async () => void log.push('closed'),
      };
    },
    deleteGroup: async (group) => void log.push(`deleted ${group}`),
  });

  async function open(startAt?: readonly PlaceOffset[]): Promise<ConsumeRequest> {
    feed = new Feed({
      driver: driver() as KafkaDriver,
      clock,
      group: 'group',
      topics: [TOPIC],
      ...(startAt === undefined ? {} : { startAt }),
      wants: () => true,
      bury: async () => {
        if (failing.bury) throw new Error('not now');
        log.push('buried');
      },
    });
    feed.join(TOPIC, (delivery) => void deliveries.push(delivery), 4);
    await feed.open();
    return request();
  }

  const request = (): ConsumeRequest => requests.at(-1) as ConsumeRequest;
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const committed = (): string[] =>
    commits.map((offsets) => offsets.map(({ partition, offset }) => `${partition}@${offset}`).join(' '));

  async function pass(ms: number): Promise<void> {
    await settle();
    clock.advance(ms);
    await settle();
  }

  beforeEach(() => {
    clock = new ManualClock();
    [log, commits, requests, deliveries] = [[], [], [], []];
    failing = { commit: false, consume: false, bury: false };
  });

  it('commits as far as all is acknowledged, and no further', async () => {
    const { onAssigned, onRecords } = await open();
    onAssigned([place(0), place(1)]);
    onRecords(place(0), 10n, [record(10), record(11), record(12)]);
    await pass(100);
    expect(committed()).to.deep.equal(['0@10']);
    deliveries[1]?.ack();
    deliveries[2]?.ack();
    await pass(100);
    expect(committed(), 'what is behind one that is out').to.deep.equal(['0@10']);
    deliveries[0]?.ack();
    await pass(100);
    expect(committed()).to.deep.equal(['0@10', '0@13']);
  });

  it('commits again what could not be committed, and the last of it when it closes', async () => {
    const { onAssigned, onRecords } = await open();
    onAssigned([place(0)]);
    onRecords(place(0), 0n, [record(0), record(1)]);
    await settle();
    failing.commit = true;
    deliveries[0]?.ack();
    await pass(100);
    failing.commit = false;
    await pass(100);
    expect(committed()).to.deep.equal(['0@1']);
    deliveries[1]?.ack();
    await feed.close();
    expect(committed()).to.deep.equal(['0@1', '0@2']);
    expect(log.at(-1)).to.equal('closed');
  });

  it('keeps what is retained, passes over what is fetched again, and revokes what went elsewhere', async () => {
    const { onAssigned, onRecords } = await open();
    onAssigned([place(0), place(1)]);
    onRecords(place(0), 0n, [record(0, 'a')]);
    onRecords(place(1), 0n, [record(0, 'b')]);
    await settle();
    onAssigned([place(0)]);
    expect(deliveries.map(({ revoked }) => revoked)).to.deep.equal([false, true]);
    onRecords(place(0), 0n, [record(0, 'a'), record(1, 'a')]);
    onRecords(place(1), 0n, [record(1, 'b')]);
    await settle();
    expect(deliveries.length, 'only what is new, of what is its own').to.equal(3);
    deliveries[1]?.ack();
    deliveries[0]?.ack();
    await pass(100);
    expect(committed()).to.deep.equal(['0@1']);
  });

  it('revokes what others had while it was away', async () => {
    const { onAssigned, onRecords } = await open();
    onAssigned([place(0)]);
    onRecords(place(0), 0n, [record(0), record(1)]);
    await settle();
    onAssigned([place(0)]);
    onRecords(place(0), 7n, [record(7)]);
    await settle();
    expect(deliveries.map(({ revoked }) => revoked)).to.deep.equal([true, true, false]);
    deliveries[2]?.ack();
    await pass(100);
    expect(committed().at(-1)).to.equal('0@8');
  });

  it('takes a gap in the offsets for a gap, when nothing was assigned anew', async () => {
    const { onAssigned, onRecords } = await open();
    onAssigned([place(0)]);
    onRecords(place(0), 0n, [record(0)]);
    onRecords(place(0), 5n, [record(5)]);
    await settle();
    expect(deliveries.map(({ revoked }) => revoked)).to.deep.equal([false, false]);
  });

  it('pauses a topic of which enough waits, and resumes it when half of that has gone', async () => {
    const { onAssigned, onRecords } = await open();
    onAssigned([place(0), place(1)]);
    const records = Array.from({ length: 300 }, (_, offset) => record(offset, `key-${offset % 10}`));
    onRecords(place(0), 0n, records);
    expect(log).to.deep.equal(['resume 0,1', 'pause 0,1']);
    for (let acked = 0; acked < 170; acked += 1) {
      await settle();
      deliveries[acked]?.ack();
      if (acked < 100) expect(log.at(-1)).to.equal('pause 0,1');
    }
    await settle();
    expect(log.at(-1)).to.equal('resume 0,1');
  });

  it('is opened again when it is lost, ever more rarely, and what is out stays out', async () => {
    const { onAssigned, onRecords, onLost } = await open();
    onAssigned([place(0)]);
    onRecords(place(0), 0n, [record(0)]);
    await settle();
    failing.consume = true;
    onLost(new Error('gone'));
    await pass(200);
    failing.consume = false;
    await pass(399);
    expect(requests.length, 'the second try is after twice as long').to.equal(1);
    await pass(1);
    expect(requests.length).to.equal(2);
    expect(request().owned()).to.deep.equal([place(0)]);
    request().onAssigned([place(0)]);
    expect(deliveries[0]?.revoked).to.equal(false);
    deliveries[0]?.ack();
    await pass(100);
    expect(committed(), 'before it is known where the group is').to.deep.equal([]);
    request().onRecords(place(0), 0n, [record(0)]);
    await pass(100);
    expect(committed()).to.deep.equal(['0@1']);
    expect(deliveries.length).to.equal(1);
  });

  it('does not set the group back to where it was itself, when another had the partition meanwhile', async () => {
    const { onAssigned, onRecords } = await open();
    onAssigned([place(0)]);
    onRecords(place(0), 0n, [record(0), record(1)]);
    await settle();
    for (const delivery of deliveries) delivery.ack();
    await pass(100);
    expect(committed()).to.deep.equal(['0@2']);
    onAssigned([place(0)]);
    await pass(1000);
    expect(committed(), 'the other has come to 9').to.deep.equal(['0@2']);
    onRecords(place(0), 9n, [record(9)]);
    await settle();
    deliveries[2]?.ack();
    await pass(100);
    expect(committed()).to.deep.equal(['0@2', '0@10']);
  });

  it('is not opened again once it is closed', async () => {
    const { onLost } = await open();
    onLost(new Error('gone'));
    await feed.close();
    await pass(10_000);
    expect(requests.length).to.equal(1);
  });

  it('does not pass what nobody can read before it is buried', async () => {
    const { onAssigned, onRecords } = await open();
    onAssigned([place(0)]);
    failing.bury = true;
    onRecords(place(0), 0n, [poison(0), record(1)]);
    await pass(100);
    deliveries[0]?.ack();
    await pass(100);
    expect(committed()).to.deep.equal(['0@0']);
    failing.bury = false;
    await pass(5000);
    await pass(100);
    expect([log.at(-1), committed().at(-1)]).to.deep.equal(['buried', '0@2']);
  });

  it('of a broadcast begins where it is told, goes on where it was, commits nothing, and leaves no group', async () => {
    const { onAssigned, onRecords, onLost } = await open([{ ...place(0), offset: 5n }]);
    expect(onAssigned([place(0), place(1)])).to.deep.equal([
      { ...place(0), offset: 5n },
      { ...place(1), offset: 0n },
    ]);
    // A batch is fetched as a whole, and may begin before.
    onRecords(place(0), 5n, [record(3), record(4), record(5), record(6)]);
    await settle();
    expect(deliveries.length).to.equal(2);
    for (const delivery of deliveries) delivery.ack();
    onLost(new Error('gone'));
    await pass(200);
    expect(request().onAssigned([place(0)])).to.deep.equal([{ ...place(0), offset: 7n }]);
    await pass(100);
    await feed.close();
    expect([committed(), log.slice(-2)]).to.deep.equal([[], ['closed', 'deleted group']]);
  });

  it("of a topic that was made anew begins with what is in it: what came before is nobody's any more", async () => {
    const { onAssigned, onRecords } = await open();
    onAssigned([place(0)]);
    onRecords(place(0), 0n, [record(0), record(1), record(2)]);
    await settle();
    deliveries[0]?.ack();
    await pass(100);
    expect(committed()).to.deep.equal(['0@1']);
    const [, held] = deliveries;
    onRecords(place(0), 0n, [record(0), record(1)]);
    await settle();
    expect([deliveries.length, held?.revoked]).to.deep.equal([5, true]);
    held?.ack();
    await pass(100);
    expect(committed().slice(1), 'an acknowledgement of what was there says nothing').to.deep.equal(['0@0']);
    for (const delivery of deliveries.slice(3)) delivery.ack();
    await pass(100);
    expect(committed().at(-1)).to.equal('0@2');
  });

  it('that is assigned anew where it has committed has lost nothing, and is handed nothing twice', async () => {
    const { onAssigned, onRecords } = await open();
    onAssigned([place(0)]);
    onRecords(place(0), 0n, [record(0), record(1)]);
    await settle();
    deliveries[0]?.ack();
    await pass(100);
    onAssigned([place(0)]);
    onRecords(place(0), 1n, [record(1), record(2)]);
    await settle();
    expect([deliveries.length, deliveries[1]?.revoked]).to.deep.equal([3, false]);
  });

  it('of a broadcast whose topic was made anew hands on what is in it', async () => {
    const { onAssigned, onRecords } = await open([{ ...place(0), offset: 5n }]);
    onAssigned([place(0)]);
    onRecords(place(0), 5n, [record(5)]);
    await settle();
    onRecords(place(0), 0n, [record(0), record(1)]);
    await settle();
    expect(deliveries.length).to.equal(3);
  });
});
