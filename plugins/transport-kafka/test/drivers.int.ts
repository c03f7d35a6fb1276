import type { Delivery } from '@reprise/core/plugin';
import { expect } from 'chai';
import { afterEach, it } from 'mocha';
import { idOf, ids, message, pause, started, stopAll, until } from './support/talk.ts';
import { withBroker } from './support/with-broker.ts';

withBroker('kafka, in whose groups members with both drivers are', (broker) => {
  afterEach(stopAll);

  for (const [first, second] of [
    ['kafkajs', 'platformatic'],
    ['platformatic', 'kafkajs'],
  ] as const)
    it(`shares the partitions out between ${first}, which was there, and ${second}; no more moves than has to`, async () => {
      const options = { brokers: broker().address, namespace: `of-${first}`, partitions: 8, sessionMs: 1500 };
      const GROUP = { group: 'workers', concurrency: 1000 };
      const one = await started({ ...options, driver: first });
      const mine: Delivery[] = [];
      await one.subscribe('jobs', (delivery) => void mine.push(delivery), GROUP);
      const sent = Array.from({ length: 80 }, (_, index) => message('jobs', `key-${index}`));
      await one.publish(sent);
      await until(() => mine.length === sent.length);

      const other = await started({ ...options, driver: second });
      const theirs: Delivery[] = [];
      await other.subscribe('jobs', (delivery) => void theirs.push(delivery), GROUP);
      await until(() => theirs.length > 0 && theirs.length === mine.filter(({ revoked }) => revoked).length);
      await pause(3000);
      const kept = mine.filter(({ revoked }) => !revoked);
      expect([...ids(kept), ...ids(theirs)].sort(), 'each is with one of them').to.deep.equal(sent.map(idOf).sort());
      for (const delivery of [...kept, ...theirs]) delivery.ack();

      await one.stop();
      const more = sent.map((_, index) => message('jobs', `key-${index}`));
      await other.publish(more);
      await until(() => theirs.some(({ envelope }) => envelope.id === more.at(-1)?.envelope.id));
      await until(() => more.every((each) => ids(theirs).includes(idOf(each))));
      const again = ids(theirs).filter((id) => ids(kept).includes(id));
      expect(again, 'what was acknowledged over there came no more').to.deep.equal([]);
    });
});
