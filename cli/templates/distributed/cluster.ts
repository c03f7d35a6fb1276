import { eventstoredbEventStore } from '@reprise/event-store-eventstoredb';
import { kafkaTransport } from '@reprise/transport-kafka';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Messages over Kafka and history in EventStoreDB, where the environment says where they are: KAFKA_BROKERS (`host:port`, with commas between) and
 * EVENTSTOREDB_URL (`esdb://…`). Nothing where it says neither: then one process does all, with a SQLite file.
 */
export function cluster({ KAFKA_BROKERS: brokers = '', EVENTSTOREDB_URL: connectionString = '' }: Environment) {
  if (brokers === '' && connectionString === '') return [];
  if (brokers === '' || connectionString === '')
    throw new Error(
      'KAFKA_BROKERS and EVENTSTOREDB_URL belong together: set both (a cluster), or neither (one process).',
    );
  return [
    kafkaTransport({ brokers, namespace: 'orders' }),
    eventstoredbEventStore({ connectionString, namespace: 'orders' }),
  ];
}
