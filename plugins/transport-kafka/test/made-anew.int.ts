import type { Delivery } from '@reprise/core/plugin';
import { expect } from 'chai';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { after, afterEach, before, it } from 'mocha';
import { makeTopic } from './support/make-topic.ts';
import { idOf, ids, message, started, stopAll, until } from './support/talk.ts';
import { withEachDriver } from './support/with-broker.ts';

withEachDriver('kafka, whose topic is deleted and made anew under a consumer', (broker, driver) => {
  let admin: Admin;
  before(async () => {
    admin = new Kafka({ brokers: [broker().address], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
  });
  after(() => admin.disconnect());
  afterEach(stopAll);

  const make = (topic: string): Promise<void> => makeTopic(admin, { topic, numPartitions: 4 });
  const remove = async (topic: string): Promise<void> => {
    await admin.deleteTopics({ topics: [topic] });
    await until(async () => !(await admin.listTopics()).includes(topic));
  };
  const some = (count: number) => Array.from({ length: count }, (_, index) => message('jobs', `key-${index % 7}`));

  for (const [how, options] of [
    ['group', { group: 'workers' }],
    ['broadcast', { broadcast: true }],
  ] as const)
    it(`hands a ${how} what is in it then, though there is less of it`, async () => {
      const own = { brokers: broker().address, driver, namespace: `remade-${how}` };
      const topic = `${own.namespace}.jobs`;
      const [sender, receiver] = [await started(own), await started({ ...own, createTopics: false })];
      await sender.publish(some(1));
      const seen: Delivery[] = [];
      await receiver.subscribe(
        'jobs',
        (delivery) => {
          seen.push(delivery);
          delivery.ack();
        },
        options,
      );
      const before = some(100);
      await sender.publish(before);
      await until(() => seen.length >= before.length);
      await remove(topic);
      await make(topic);
      const since = seen.length;
      const sent = some(20);
      const again = await started(own);
      // A broadcast tells what comes while it listens, and it may take it a while to be back.
      for (const one of sent) await again.publish([one]);
      await until(() => seen.length >= since + sent.length);
      expect(new Set(ids(seen.slice(since)))).to.deep.equal(new Set(sent.map(idOf)));
    });
});
