import { transportConformance } from '@reprise/conformance';
import { createKafkaTransport } from '@reprise/transport-kafka';
import { withBroker } from './support/with-broker.ts';

withBroker('kafka', (broker) => {
  let made = 0;
  transportConformance('kafka', {
    create: async () => {
      made += 1;
      return createKafkaTransport({ brokers: broker().address, namespace: `c${made}`, partitions: 3 });
    },
    timeoutMs: 300_000,
  });
});
