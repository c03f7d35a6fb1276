import type { Admin, MessageToProduce, Producer } from '@platformatic/kafka';
import { sleep } from '@reprise/core/plugin';
import type {
  ConsumeRequest,
  DriverConsumer,
  Extent,
  FoundTopic,
  KafkaDriver,
  OutgoingRecord,
  TopicPlan,
} from '../driver.ts';
import { Insisting, LAST_RETRY_MS } from '../insisting.ts';
import type { ResolvedOptions } from '../options.ts';
import { configsOf } from '../topics.ts';
import { isLostSequence, missingTopic } from '../transport-error.ts';
import { consume } from './consumer.ts';
import { faultOf, says, UNKNOWN_TOPIC } from './errors.ts';
import { loadPlatformatic, type Platformatic } from './load.ts';
import { clientSettings } from './settings.ts';

const LOOK_EVERY_MS = 50;
const [LATEST, EARLIEST] = [-1n, -2n];
/** As the protocol has them. */
const [TOPIC, SET] = [2, 0] as const;

type Bytes = Producer<Buffer, Buffer, Buffer, Buffer>;
type Message = MessageToProduce<Buffer, Buffer, Buffer, Buffer>;

interface Partition {
  readonly leader: number;
  readonly replicas: readonly number[];
}

/** The driver over @platformatic/kafka. Throws REPRISE_CONFIG_INVALID where that cannot be had. */
export const platformaticDriver = (options: ResolvedOptions): KafkaDriver =>
  new PlatformaticDriver(options, loadPlatformatic());

class PlatformaticDriver implements KafkaDriver {
  readonly #options: ResolvedOptions;
  readonly #kafka: Platformatic;
  readonly #admin: Admin;
  readonly #insisting: Insisting;
  #producer: Bytes | undefined;

  constructor(options: ResolvedOptions, kafka: Platformatic) {
    this.#options = options;
    this.#kafka = kafka;
    this.#insisting = new Insisting(options, faultOf);
    this.#admin = new kafka.Admin(clientSettings(options));
  }

  async connect(): Promise<void> {
    await this.#insisting.do('connect', () => this.#admin.metadata({ topics: [], forceUpdate: true }));
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
        if (found !== undefined && found.length > 0 && found.every(({ leader }) => leader >= 0)) return found.length;
        await sleep(LOOK_EVERY_MS);
      }
      throw new Error('it has no leader for each of its partitions');
    });
  }

  async describeTopics(names: readonly string[]): Promise<ReadonlyMap<string, FoundTopic>> {
    return await this.#insisting.do('describe topics', async () => {
      const found = new Map<string, FoundTopic>();
      for (const name of names) {
        const partitions = await this.#partitions(name);
        if (partitions === undefined) continue;
        const replicas = Math.min(...partitions.map((one) => one.replicas.length));
        found.set(name, { partitions: partitions.length, replicas, configs: {} });
      }
      if (found.size === 0) return found;
      const resources = [...found.keys()].map((resourceName) => ({ resourceType: TOPIC, resourceName }));
      for (const { resourceName, configs } of await this.#admin.describeConfigs({ resources })) {
        const topic = found.get(resourceName);
        const all = Object.fromEntries(configs.map(({ name, value }) => [name, value ?? '']));
        if (topic !== undefined) found.set(resourceName, { ...topic, configs: all });
      }
      return found;
    });
  }

  async configureTopic(name: string, configs: Readonly<Record<string, string>>): Promise<void> {
    const all = Object.entries(configs).map(([key, value]) => ({ name: key, value, configOperation: SET }));
    const resources = [{ resourceType: TOPIC, resourceName: name, configs: all }];
    await this.#insisting.do(`configure ${name}`, () => this.#admin.incrementalAlterConfigs({ resources }));
  }

  ends(topic: string): Promise<ReadonlyMap<number, bigint>> {
    return this.#insisting.do(`read the ends of ${topic}`, () => this.#offsets(topic, LATEST));
  }

  extents(topic: string): Promise<ReadonlyMap<number, Extent>> {
    return this.#insisting.do(`read how far ${topic} goes`, async () => {
      const [firsts, nexts] = [await this.#offsets(topic, EARLIEST), await this.#offsets(topic, LATEST)];
      return new Map([...nexts].map(([partition, next]) => [partition, { first: firsts.get(partition) ?? 0n, next }]));
    });
  }

  committed(group: string, topics: readonly string[]): Promise<ReadonlyMap<string, ReadonlyMap<number, bigint>>> {
    return this.#insisting.do(`read how far the group ${group} is`, async () => {
      const [found] = await this.#admin.listConsumerGroupOffsets({ groups: [group] });
      const marks = new Map<string, Map<number, bigint>>(topics.map((topic) => [topic, new Map()]));
      for (const { name, partitions } of found?.topics ?? [])
        for (const { partitionIndex, committedOffset } of partitions)
          if (committedOffset >= 0n) marks.get(name)?.set(partitionIndex, committedOffset);
      return marks;
    });
  }

  async send(records: readonly OutgoingRecord[]): Promise<void> {
    const topics = [...new Set(records.map(({ topic }) => topic))];
    const messages = records.map(toMessage);
    await this.#insisting
      .do(`publish to ${topics.join(', ')}`, async () => {
        for (let renewed = false; ; renewed = true) {
          try {
            await this.#ready().send({ messages });
            return;
          } catch (error) {
            // What it knows of the sequence may be wrong now: the next one begins a new one.
            this.#dropProducer();
            if (renewed || !isLostSequence(faultOf(error))) throw error;
          }
        }
      })
      .catch((error: unknown) => {
        // One whose time is up may be trying still.
        this.#dropProducer();
        throw error;
      });
  }

  consume(request: ConsumeRequest): Promise<DriverConsumer> {
    return this.#insisting.do(`join the group ${request.group}`, async (over) => {
      const consumer = await consume(this.#kafka, request, this.#options);
      // Nobody waits for it any more.
      if (over()) await consumer.close();
      return consumer;
    });
  }

  membersOf(group: string): Promise<readonly { readonly host?: string }[]> {
    return this.#insisting.do(`ask for the members of ${group}`, async () => {
      const found = await this.#admin.describeGroups({ groups: [group] }).catch(unlessGone);
      const members = [...(found?.get(group)?.members.values() ?? [])];
      return members.map(({ clientHost }) => ({ host: clientHost.replace(/^\//, '') }));
    });
  }

  async deleteGroup(group: string): Promise<void> {
    await this.#insisting.do(`delete the group ${group}`, () =>
      this.#admin.deleteGroups({ groups: [group] }).catch(unlessGone),
    );
  }

  async close(): Promise<void> {
    this.#dropProducer();
    await this.#admin.close().catch(() => undefined);
  }

  /** Undefined of a topic that is not there, empty while nobody knows its leaders. */
  async #partitions(topic: string): Promise<readonly Partition[] | undefined> {
    try {
      const { topics } = await this.#admin.metadata({ topics: [topic], forceUpdate: true, retries: 0 });
      return topics.get(topic)?.partitions ?? [];
    } catch (error) {
      if (says(error, UNKNOWN_TOPIC)) return undefined;
      if (says(error, 'LEADER_NOT_AVAILABLE')) return [];
      throw error;
    }
  }

  /** Somebody else may be faster: that is no error. */
  async #create(plan: TopicPlan): Promise<void> {
    const { name, partitions } = plan;
    const configs = Object.entries(configsOf(plan)).map(([key, value]) => ({ name: key, value }));
    const replicas = this.#options.replicationFactor ?? -1;
    await this.#admin.createTopics({ topics: [name], partitions, replicas, configs }).catch((error: unknown) => {
      if (!says(error, 'TOPIC_ALREADY_EXISTS')) throw error;
    });
  }

  async #offsets(topic: string, timestamp: bigint): Promise<ReadonlyMap<number, bigint>> {
    const partitions = await this.#partitions(topic);
    if (partitions === undefined) throw new Error(`Unknown topic ${topic}.`);
    const wanted = partitions.map((_, partitionIndex) => ({ partitionIndex, timestamp }));
    const [found] = await this.#admin.listOffsets({ topics: [{ name: topic, partitions: wanted }] });
    return new Map((found?.partitions ?? []).map(({ partitionIndex, offset }) => [partitionIndex, offset]));
  }

  #ready(): Bytes {
    this.#producer ??= new this.#kafka.Producer<Buffer, Buffer, Buffer, Buffer>({
      ...clientSettings(this.#options),
      idempotent: true,
      // None yet: zeros, its default, would be those of another.
      producerId: -1n,
      producerEpoch: -1,
      // As long as there is time: a sequence that goes on makes no duplicates.
      retries: 4 + Math.ceil(this.#options.retryMs / LAST_RETRY_MS),
    });
    return this.#producer;
  }

  #dropProducer(): void {
    const producer = this.#producer;
    this.#producer = undefined;
    void producer?.close(true).catch(() => undefined);
  }
}

const unlessGone = (error: unknown): undefined => {
  if (!says(error, 'GROUP_ID_NOT_FOUND')) throw error;
};

const toMessage = ({ topic, partition, key, value, headers }: OutgoingRecord): Message => ({
  topic,
  partition,
  ...(key === null ? {} : { key: Buffer.from(key) }),
  // Absent, it is the null of a record without one, which the types do not tell.
  value: (value === null ? null : Buffer.from(value)) as Buffer,
  headers: new Map(Object.entries(headers).map(([name, one]) => [Buffer.from(name), Buffer.from(one)])),
});
