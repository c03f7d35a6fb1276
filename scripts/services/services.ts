import { ProtocolServer } from '../../plugins/event-store-eventstoredb/test/support/protocol-server.ts';
import { KafkaBroker, lacksKafka } from '../../plugins/transport-kafka/test/support/kafka-broker.ts';
import { Jaeger, lacksJaeger } from '../../test/integration/support/jaeger.ts';

/** A service that tests, and people who try something out, start on 127.0.0.1. */
export interface Service {
  readonly name: string;
  readonly title: string;
  /** Where it is asked. */
  readonly port: number;
  /** The variable that names another one. */
  readonly variable: string;
  /** Why there is none to be had; undefined when it can be started. May fetch or build what is missing. */
  lacks(): Promise<string | undefined>;
  start(port: number): Promise<Started>;
}

export interface Started {
  /** How it is reached. */
  readonly told: string;
  stop(): Promise<void>;
}

const portOf = (variable: string, usual: number): number => Number(process.env[variable] ?? usual);

export const SERVICES: readonly Service[] = [
  {
    name: 'kafka',
    title: 'Kafka',
    variable: 'REPRISE_KAFKA_PORT',
    port: portOf('REPRISE_KAFKA_PORT', 19092),
    lacks: lacksKafka,
    start: async (port) => {
      const broker = await KafkaBroker.open({ port });
      return { told: `${broker.address} (new and empty)`, stop: () => broker.stop() };
    },
  },
  {
    name: 'eventstoredb',
    title: "EventStoreDB's protocol",
    variable: 'REPRISE_EVENTSTOREDB_PORT',
    port: portOf('REPRISE_EVENTSTOREDB_PORT', 2113),
    lacks: async () => undefined,
    start: async (port) => {
      const server = await new ProtocolServer({ port }).start();
      return { told: `${server.connectionString} (history in memory)`, stop: () => server.stop() };
    },
  },
  {
    name: 'jaeger',
    title: 'Jaeger',
    variable: 'REPRISE_JAEGER_PORT',
    port: portOf('REPRISE_JAEGER_PORT', 16686),
    lacks: async () => (await lacksJaeger())?.why,
    start: async (port) => {
      const jaeger = await Jaeger.open({ query: port, otlp: portOf('REPRISE_JAEGER_OTLP_PORT', 4318) });
      return { told: `OTLP on ${jaeger.endpoint}, queries on ${jaeger.query}`, stop: () => jaeger.stop() };
    },
  },
];
