import { sleep } from '@reprise/core/plugin';
import {
  type Admin,
  type ConfigResourceTypes,
  Kafka,
  logLevel,
  type PartitionMetadata,
  type Producer,
  type RetryOptions,
  type SASLOptions,
} from 'kafkajs';
import type {
  ConsumeRequest,
  DriverConsumer,
  Extent,
  FoundTopic,
  KafkaDriver,
  OutgoingRecord,
  TopicPlan,
} from '../driver.ts';
import { FIRST_RETRY_MS, Insisting, LAST_RETRY_MS } from '../insisting.ts';
import type { ResolvedOptions, ResolvedSasl } from '../options.ts';
import { configsOf } from '../topics.ts';
import { isLostSequence, missingTopic } from '../transport-error.ts';
import { consume } from './consumer.ts';
import { faultOf } from './errors.ts';
import { calmKafkajs } from './idle.ts';

const LOOK_EVERY_MS = 50;
/** As the protocol has it: kafkajs has no export that an ES module can name. */
const TOPIC = 2 as ConfigResourceTypes.TOPIC;
/** Of a config that is described: its source is the topic's own setting, not a default. */
const SET_AT_THE_TOPIC = 1;

/** The driver over kafkajs. */
export function kafkajsDriver(options: ResolvedOptions): KafkaDriver {
  calmKafkajs();
  return new KafkajsDriver(options);
}

class KafkajsDriver implements KafkaDriver {
  readonly #options: ResolvedOptions;
  readonly #kafka: Kafka;
  readonly #admin: Admin;
  readonly #insisting: Insisting;
  #producer: Promise<Producer> | undefined;

  constructor(options: ResolvedOptions) {
    this.#options = options;
    this.#insisting = new Insisting(options, faultOf);
    const { brokers, clientId, tls, sasl } = options;
    this.#kafka = new Kafka({
      brokers: [...brokers],
      clientId,
      // Everything that it has to say comes as an error, too.
      logLevel: logLevel.NOTHING,
      connectionTimeout: 3000,
      // It is tried again here, where the last cause is known.
      retry: retrying(3),
      ...(tls === undefined ? {} : { ssl: sslOf(tls) }),
      ...(sasl === undefined ? {} : { sasl: saslOf(sasl) }),
    });
    this.#admin = this.#kafka.admin();
  }

  connect(): Promise<void> {
    return this.#insisting.do('connect', () => this.#admin.connect());
  }

  ensureTopic(plan: TopicPlan, make: boolean = this.#options.createTopics): Promise<number> {
    return this.#insisting.do(`have the topic ${plan.name}`, async (over) => {
      let made = false;
      while (!over()) {
        const found = await this.#partitions(plan.name);
        if (found === undefined && !made) {
          if (!make) throw missingTopic(plan.name);
          await this.#create(plan);
          made = true;
        }
        if (found !== undefined && found > 0) return found;
        await sleep(LOOK_EVERY_MS);
      }
      throw new Error('it has no leader for each of its partitions');
    });
  }

  async describeTopics(names: readonly string[]): Promise<ReadonlyMap<string, FoundTopic>> {
    return await this.#insisting.do('describe topics', async () => {
      const sizes = await Promise.all(names.map(async (name) => [name, await this.#size(name)] as const));
      const there = sizes.filter(([, size]) => size !== undefined).map(([name]) => name);
      if (there.length === 0) return new Map();
      const resources = there.map((name) => ({ type: TOPIC, name }));
      const described = await this.#admin.describeConfigs({ resources, includeSynonyms: false });
      const configs = new Map(
        described.resources.map(({ resourceName, configEntries }) => [
          resourceName,
          Object.fromEntries(configEntries.map(({ configName, configValue }) => [configName, configValue])),
        ]),
      );
      return new Map(
        sizes.flatMap(([name, size]) =>
          size === undefined ? [] : [[name, { ...size, configs: configs.get(name) ?? {} }]],
        ),
      );
    });
  }

  async configureTopic(name: string, configs: Readonly<Record<string, string>>): Promise<void> {
    await this.#insisting.do(`configure ${name}`, async () => {
      const resource = { type: TOPIC, name };
      const { resources } = await this.#admin.describeConfigs({ resources: [resource], includeSynonyms: false });
      // What the request does not have goes back to its default: all that somebody has set is said again.
      const set = (resources[0]?.configEntries ?? []).filter(
        ({ configSource }) => Number(configSource) === SET_AT_THE_TOPIC,
      );
      const all = { ...Object.fromEntries(set.map((one) => [one.configName, one.configValue])), ...configs };
      const configEntries = Object.entries(all).map(([key, value]) => ({ name: key, value }));
      await this.#admin.alterConfigs({ validateOnly: false, resources: [{ ...resource, configEntries }] });
    });
  }

  async ends(topic: string): Promise<ReadonlyMap<number, bigint>> {
    const ends = await this.#insisting.do(`read the ends of ${topic}`, () => this.#admin.fetchTopicOffsets(topic));
    return new Map(ends.map(({ partition, high }) => [partition, BigInt(high)]));
  }

  async extents(topic: string): Promise<ReadonlyMap<number, Extent>> {
    const found = await this.#insisting.do(`read how far ${topic} goes`, () => this.#admin.fetchTopicOffsets(topic));
    return new Map(found.map(({ partition, low, high }) => [partition, { first: BigInt(low), next: BigInt(high) }]));
  }

  async committed(group: string, topics: readonly string[]): Promise<ReadonlyMap<string, ReadonlyMap<number, bigint>>> {
    const found = await this.#insisting.do(`read how far the group ${group} is`, () =>
      this.#admin.fetchOffsets({ groupId: group, topics: [...topics] }),
    );
    return new Map(
      found.map(({ topic, partitions }) => [
        topic,
        new Map(
          partitions.flatMap(({ partition, offset }) => (Number(offset) < 0 ? [] : [[partition, BigInt(offset)]])),
        ),
      ]),
    );
  }

  async send(records: readonly OutgoingRecord[]): Promise<void> {
    const topics = Map.groupBy(records, ({ topic }) => topic);
    await this.#insisting
      .do(`publish to ${[...topics.keys()].join(', ')}`, async () => {
        for (let renewed = false; ; renewed = true) {
          try {
            const producer = await this.#connected();
            await producer.sendBatch({ acks: -1, topicMessages: [...topics].map(toTopic) });
            return;
          } catch (error) {
            // What it knows of the sequence may be wrong now: the next one begins a new one.
            await this.#dropProducer();
            if (renewed || !isLostSequence(faultOf(error))) throw error;
          }
        }
      })
      .catch(async (error: unknown) => {
        // One whose time is up may be trying still.
        await this.#dropProducer();
        throw error;
      });
  }

  consume(request: ConsumeRequest): Promise<DriverConsumer> {
    const { sessionMs } = this.#options;
    return this.#insisting.do(`join the group ${request.group}`, async (over) => {
      const consumer = await consume(this.#kafka, request, { sessionMs, retry: retrying(8) });
      // Nobody waits for it any more.
      if (over()) await consumer.close();
      return consumer;
    });
  }

  async membersOf(group: string): Promise<readonly { readonly host?: string }[]> {
    const { groups } = await this.#insisting.do(`ask for the members of ${group}`, () =>
      this.#admin.describeGroups([group]),
    );
    return (groups[0]?.members ?? []).map(({ clientHost }) => ({ host: clientHost.replace(/^\//, '') }));
  }

  async deleteGroup(group: string): Promise<void> {
    await this.#insisting.do(`delete the group ${group}`, () => this.#admin.deleteGroups([group]));
  }

  async close(): Promise<void> {
    await this.#dropProducer();
    await this.#admin.disconnect().catch(() => undefined);
  }

  /** Undefined of a topic that is not there, 0 while a partition has no leader. */
  async #partitions(topic: string): Promise<number | undefined> {
    try {
      const found = await this.#metadata(topic);
      return found?.every(({ leader, partitionErrorCode }) => leader >= 0 && partitionErrorCode === 0) === false
        ? 0
        : found?.length;
    } catch (error) {
      if (faultOf(error).type === 'LEADER_NOT_AVAILABLE') return 0;
      throw error;
    }
  }

  /** Undefined of a topic that is not there. */
  async #size(topic: string): Promise<Omit<FoundTopic, 'configs'> | undefined> {
    const found = await this.#metadata(topic);
    return found && { partitions: found.length, replicas: Math.min(...found.map(({ replicas }) => replicas.length)) };
  }

  async #metadata(topic: string): Promise<readonly PartitionMetadata[] | undefined> {
    try {
      const { topics } = await this.#admin.fetchTopicMetadata({ topics: [topic] });
      return topics[0]?.partitions ?? [];
    } catch (error) {
      if (faultOf(error).type === 'UNKNOWN_TOPIC_OR_PARTITION') return undefined;
      throw error;
    }
  }

  /** Somebody else may be faster: that is no error. */
  async #create(plan: TopicPlan): Promise<void> {
    const { name, partitions } = plan;
    await this.#admin.createTopics({
      waitForLeaders: false,
      topics: [
        {
          topic: name,
          numPartitions: partitions,
          replicationFactor: this.#options.replicationFactor ?? -1,
          configEntries: Object.entries(configsOf(plan)).map(([key, value]) => ({ name: key, value })),
        },
      ],
    });
  }

  #connected(): Promise<Producer> {
    this.#producer ??= this.#connect();
    return this.#producer;
  }

  async #connect(): Promise<Producer> {
    const producer = this.#kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      // As long as there is time: a sequence that goes on makes no duplicates.
      retry: retrying(4 + Math.ceil(this.#options.retryMs / LAST_RETRY_MS)),
    });
    await producer.connect();
    return producer;
  }

  async #dropProducer(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.then((one) => one.disconnect()).catch(() => undefined);
  }
}

const retrying = (retries: number): RetryOptions => ({
  retries,
  initialRetryTime: FIRST_RETRY_MS,
  maxRetryTime: LAST_RETRY_MS,
});

const toTopic = ([topic, records]: readonly [string, readonly OutgoingRecord[]]) => ({
  topic,
  messages: records.map(({ partition, key, value, headers }) => ({
    partition,
    key,
    value: value === null ? null : Buffer.from(value),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, text]) => [name, typeof text === 'string' ? text : Buffer.from(text)]),
    ),
  })),
});

function sslOf({ ca, cert, key, serverName }: NonNullable<ResolvedOptions['tls']>) {
  return {
    ...(ca === undefined ? {} : { ca: [ca] }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
}

function saslOf(sasl: ResolvedSasl): SASLOptions {
  if (sasl.mechanism !== 'oauthbearer') return sasl as SASLOptions;
  return { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: sasl.token() }) };
}
