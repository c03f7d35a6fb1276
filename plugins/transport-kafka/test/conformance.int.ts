import { transportConformance } from '@reprise/conformance';
import { createKafkaTransport } from '@reprise/transport-kafka';
import { withEachDriver } from './support/with-broker.ts';

withEachDriver('kafka', (broker, driver) => {
  let made = 0;
  transportConformance('kafka', {
    create: async () => {
      made += 1;
      return createKafkaTransport({ brokers: broker().address, driver, namespace: `c${made}`, partitions: 3 });
    },
    timeoutMs: 300_000,
  });
});
