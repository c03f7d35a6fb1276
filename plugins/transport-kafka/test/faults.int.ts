import { type Delivery, isRepriseError, type OutgoingMessage } from '@reprise/core/plugin';
import { expect } from 'chai';
import { Kafka, logLevel } from 'kafkajs';
import { afterEach, it } from 'mocha';
import { makeTopic } from './support/make-topic.ts';
import { failureOf, idOf, ids, message, pause, started, stopAll, until } from './support/talk.ts';
import { withEachDriver } from './support/with-broker.ts';

const SESSION_MS = 1500;
const GROUP = { group: 'workers', concurrency: 1000 };

withEachDriver('kafka, when things break', (broker, driver) => {
  afterEach(stopAll);

  const options = (namespace: string) => ({ brokers: broker().address, driver, namespace, sessionMs: SESSION_MS });

  it('loses nothing, and keeps the order of each key, when the broker is killed and comes back', async () => {
    const [sender, receiver] = [await started(options('killed')), await started(options('killed'))];
    const seen: Delivery[] = [];
    const heard: Delivery[] = [];
    const take = (list: Delivery[]) => (delivery: Delivery) => {
      list.push(delivery);
      delivery.ack();
    };
    await receiver.subscribe('jobs', take(seen), { group: 'workers', concurrency: 8 });
    await receiver.subscribe('jobs', take(heard), { broadcast: true });
    const sent: OutgoingMessage[] = [];
    const publishing: Promise<void>[] = [];
    for (let round = 0; round < 60; round += 1) {
      const batch = Array.from({ length: 20 }, (_, index) => message('jobs', `key-${index % 5}`));
      sent.push(...batch);
      publishing.push(sender.publish(batch));
      if (round === 20) await broker().kill();
      if (round === 40) await broker().start();
      await pause(20);
    }
    await Promise.all(publishing);
    for (const list of [seen, heard]) {
      await until(() => new Set(ids(list)).size === sent.length);
      for (const key of ['key-0', 'key-1', 'key-2', 'key-3', 'key-4']) {
        const own = list.filter(({ envelope }) => envelope.partitionkey === key);
        const wanted = sent.filter(({ envelope }) => envelope.partitionkey === key);
        expect([...new Set(ids(own))]).to.deep.equal(wanted.map(idOf));
      }
    }
  });

  it('keeps deliveries that are out over an absence of the broker, and commits what they say', async () => {
    const receiver = await started(options('absence'));
    const seen: Delivery[] = [];
    await receiver.subscribe('jobs', (delivery) => void seen.push(delivery), GROUP);
    const sent = Array.from({ length: 8 }, (_, index) => message('jobs', `key-${index}`));
    await receiver.publish(sent);
    await until(() => seen.length === sent.length);
    await broker().kill();
    await pause(2 * SESSION_MS);
    for (const delivery of seen.slice(0, 4)) delivery.ack();
    await broker().start();
    const last = message('jobs', 'key-0');
    await receiver.publish([last]);
    await until(() => ids(seen).includes(idOf(last)));
    expect(seen.map(({ revoked }) => revoked)).to.deep.equal(seen.map(() => false));
    expect(ids(seen), 'nothing came twice').to.deep.equal([...new Set(ids(seen))]);
    for (const delivery of seen) delivery.ack();
    await stopAll();
    const next = await started(options('absence'));
    const again: Delivery[] = [];
    await next.subscribe('jobs', (delivery) => void again.push(delivery), GROUP);
    const probe = sent.map((_, index) => message('jobs', `key-${index}`));
    await next.publish(probe);
    await until(() => again.length >= probe.length);
    expect(ids(again).sort()).to.deep.equal(probe.map(idOf).sort());
  });

  it('lets a handler of several sessions keep its delivery while another member comes and goes', async () => {
    const first = await started(options('slow'));
    const mine: Delivery[] = [];
    const gate = Promise.withResolvers<void>();
    const slow = async (delivery: Delivery): Promise<void> => {
      mine.push(delivery);
      await gate.promise;
      if (!delivery.revoked) delivery.ack();
    };
    await first.subscribe('jobs', slow, GROUP);
    const sent = Array.from({ length: 40 }, (_, index) => message('jobs', `key-${index}`));
    await first.publish(sent);
    await until(() => mine.length === sent.length);

    const second = await started(options('slow'));
    const theirs: Delivery[] = [];
    const member = await second.subscribe('jobs', (delivery) => void theirs.push(delivery), GROUP);
    await until(() => mine.some(({ revoked }) => revoked));
    await until(() => theirs.length === mine.filter(({ revoked }) => revoked).length);
    await pause(3 * SESSION_MS);
    const kept = mine.filter(({ revoked }) => !revoked);
    // Two of four partitions moved, and no more.
    expect(new Set(kept.map(({ envelope }) => envelope.id)).size).to.be.within(1, sent.length - 1);
    expect([...ids(kept), ...ids(theirs)].sort(), 'each is with one of them').to.deep.equal(sent.map(idOf).sort());

    await member.close();
    expect(theirs.every(({ revoked }) => revoked)).to.equal(true);
    await until(() => mine.length === sent.length + theirs.length);
    await pause(2 * SESSION_MS);
    expect(
      kept.map(({ revoked }) => revoked),
      'what was never moved',
    ).to.deep.equal(kept.map(() => false));
    expect(
      mine
        .filter(({ revoked }) => !revoked)
        .map(idOf)
        .sort(),
    ).to.deep.equal(sent.map(idOf).sort());
    gate.resolve();
  });

  it('passes over what is no message, and puts it where people find it', async () => {
    const transport = await started(options('poison'));
    const seen: Delivery[] = [];
    const take = (delivery: Delivery): void => {
      seen.push(delivery);
      delivery.ack();
    };
    await transport.subscribe('jobs', take, GROUP);
    const kafka = new Kafka({ brokers: [broker().address], logLevel: logLevel.NOTHING });
    const producer = kafka.producer();
    await producer.connect();
    const poison = { partition: 2, key: 'k', value: '{"not json', headers: { 'x-from': 'elsewhere' } };
    await producer.send({ topic: 'poison.jobs', messages: [poison, { partition: 2, key: null, value: null }] });
    await producer.disconnect();
    const sent = Array.from({ length: 20 }, (_, index) => message('jobs', `key-${index}`));
    await transport.publish(sent);
    await until(() => seen.length === sent.length);

    const buried: { cause: string; from: string; place: string; value: string | undefined }[] = [];
    const reader = kafka.consumer({ groupId: 'poison.reader' });
    await until(async () => (await topicsOf(kafka)).includes('poison.reprise.dead-letters'));
    await reader.connect();
    await reader.subscribe({ topics: ['poison.reprise.dead-letters'], fromBeginning: true });
    await reader.run({
      eachMessage: async ({ message: { headers = {}, value } }) => {
        const place = ['topic', 'partition', 'offset'].map((name) => headers[`reprise-${name}`]).join('/');
        buried.push({
          cause: String(headers['reprise-cause']),
          from: String(headers['x-from']),
          place,
          value: value?.toString(),
        });
      },
    });
    await until(() => buried.length === 2);
    await reader.disconnect();
    expect(buried.map(({ place }) => place)).to.deep.equal(['poison.jobs/2/0', 'poison.jobs/2/1']);
    expect(buried[0]).to.include({ from: 'elsewhere', value: '{"not json', cause: 'The message is no JSON.' });

    await stopAll();
    const next = await started(options('poison'));
    const again: Delivery[] = [];
    await next.subscribe('jobs', (delivery) => void again.push(delivery), GROUP);
    const probe = sent.map((_, index) => message('jobs', `key-${index}`));
    await next.publish(probe);
    await until(() => again.length >= probe.length);
    expect(ids(again).sort(), 'its mark has passed it').to.deep.equal(probe.map(idOf).sort());
  });

  it('stops taking when what is there cannot be handed out, and goes on when it can', async () => {
    const transport = await started(options('pressure'));
    const held: Delivery[] = [];
    let going = false;
    const take = (delivery: Delivery): void => {
      held.push(delivery);
      if (going) delivery.ack();
    };
    await transport.subscribe('jobs', take, { group: 'workers', concurrency: 2 });
    const sent = Array.from({ length: 3000 }, (_, index) => message('jobs', `key-${index % 50}`));
    for (let from = 0; from < sent.length; from += 100) await transport.publish(sent.slice(from, from + 100));
    await pause(500);
    expect(held.length).to.equal(2);
    going = true;
    for (const delivery of held) delivery.ack();
    await until(() => new Set(ids(held)).size === sent.length);
    expect(held.length, 'nothing came twice').to.equal(sent.length);
  });

  it('goes on publishing when a topic was made anew, where nobody knows its sequence any more', async () => {
    const sender = await started(options('anew'));
    for (let round = 0; round < 3; round += 1) await sender.publish([message('anew', 'key')]);
    const admin = new Kafka({ brokers: [broker().address], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.deleteTopics({ topics: ['anew.anew'] });
    await until(async () => !(await admin.listTopics()).includes('anew.anew'));
    await makeTopic(admin, { topic: 'anew.anew', numPartitions: 4 });
    await admin.disconnect();
    const sent = Array.from({ length: 20 }, (_, index) => message('anew', `key-${index % 5}`));
    for (const one of sent) await sender.publish([one]);
    const receiver = await started(options('anew'));
    const seen: Delivery[] = [];
    await receiver.subscribe('anew', (delivery) => void seen.push(delivery), GROUP);
    await until(() => seen.length >= sent.length);
    expect(ids(seen).sort()).to.deep.equal(sent.map(idOf).sort());
  });

  it('refuses what is too large, and says so; what comes after it is sent', async () => {
    const transport = await started(options('large'));
    const { channel, envelope } = message('jobs', 'key');
    const error = await failureOf(
      transport.publish([{ channel, envelope: { ...envelope, data: 'x'.repeat(9_000_000) } }]),
    );
    expect(isRepriseError(error, 'REPRISE_TRANSPORT_REFUSED'), String(error)).to.equal(true);
    await transport.publish([message('jobs', 'key')]);
  });
});

async function topicsOf(kafka: Kafka): Promise<string[]> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await admin.listTopics();
  } finally {
    await admin.disconnect();
  }
}
