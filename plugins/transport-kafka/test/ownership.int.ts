import { ownershipConformance } from '@reprise/conformance';
import { createKafkaTransport } from '@reprise/transport-kafka';
import { withEachDriver } from './support/with-broker.ts';

withEachDriver('kafka, which shares runs out', (broker, driver) => {
  let made = 0;
  const open = async (namespace: string) => {
    const transport = createKafkaTransport({
      brokers: broker().address,
      driver,
      namespace,
      partitions: 6,
      sessionMs: 1500,
    });
    await transport.start();
    const { ownership } = transport;
    if (ownership === undefined) throw new Error('It shares none out.');
    return { ownership, close: () => transport.stop() };
  };
  ownershipConformance('kafka', {
    create: () => {
      made += 1;
      return open(`o${made}`);
    },
    openSecond: () => open(`o${made}`),
    timeoutMs: 60_000,
  });
});
