import { once } from 'node:events';
import { ProtocolServer } from '../../plugins/event-store-eventstoredb/test/support/protocol-server.ts';
import { KafkaBroker, lacksKafka } from '../../plugins/transport-kafka/test/support/kafka-broker.ts';

// npm run services: a Kafka broker, and a server that speaks the protocol of EventStoreDB, on 127.0.0.1, until Ctrl-C. What they hold ends with them.

const say = (line: string): boolean => process.stdout.write(`${line}\n`);

const stopping = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
const server = await new ProtocolServer().start();
say(`EventStoreDB (its protocol, for tests; history in memory): ${server.connectionString}`);
const lacking = await lacksKafka();
const broker = lacking === undefined ? await KafkaBroker.open() : undefined;
say(broker === undefined ? `No Kafka: ${lacking}.` : `Kafka: ${broker.address}`);
say('Ctrl-C ends them.');
await stopping;
await broker?.stop();
await server.stop();
