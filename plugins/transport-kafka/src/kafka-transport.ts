import {
  type Clock,
  COMMAND_CHANNEL,
  COMMAND_GROUP,
  type DeliveryHandler,
  type Finding,
  type Ids,
  type OutgoingMessage,
  type Ownership,
  RepriseError,
  type SubscriptionOptions,
  type Transport,
  type TransportHealth,
  type TransportSubscription,
  type TransportTopics,
} from '@reprise/core/plugin';
import type { KafkaDriver, OutgoingRecord, Place, TopicPlan } from './driver.ts';
import { Feed, type FeedParts } from './feed.ts';
import { inspect } from './inspection.ts';
import type { ResolvedOptions } from './options.ts';
import { PartitionOwnership, type Partitions } from './partition-ownership.ts';
import { Publisher } from './publisher.ts';
import { channelOf, toDeadLetter, toRecord } from './records.ts';
import { TopicAdmin } from './topic-admin.ts';
import { type Route, Topics } from './topics.ts';

const DEFAULT_CONCURRENCY = 16;

/** Groups that one text names at most. */
const NAMED = 3;

/** What it takes from a PluginContext. Two processes never make the same id. */
export interface Surroundings {
  readonly clock: Clock;
  readonly ids: Ids;
}

/** A feed, and how many subscriptions need it. */
interface Shared {
  readonly feed: Feed;
  readonly opened: Promise<void>;
  users: number;
  /** Set when the last user has gone. */
  leaving: Promise<void> | undefined;
}

/** The port over Kafka: docs/adr/0017-kafka.md says what is where. */
export class KafkaTransport implements Transport {
  readonly durable = true;
  readonly spans = true;
  readonly places = true;
  /** Absent where one orchestrator at a time drives all runs, whoever the event store says. */
  readonly ownership?: Ownership;
  readonly topics: TransportTopics;
  readonly inspect: (agents: readonly string[]) => Promise<readonly Finding[]>;
  readonly #driver: KafkaDriver;
  readonly #clock: Clock;
  readonly #ids: Ids;
  readonly #topics: Topics;
  readonly #publisher: Publisher;
  /** By Kafka group: who is told what this process has of it. */
  readonly #assigned = new Map<string, (places?: readonly Place[]) => void>();
  /** By Kafka group. */
  readonly #groups = new Map<string, Shared>();
  readonly #feeds = new Set<Feed>();
  readonly #partitions = new Map<string, Promise<number>>();
  #state: 'new' | 'started' | 'stopped' = 'new';
  #stopped: Promise<void> | undefined;

  constructor(
    driver: KafkaDriver,
    { prefix, partitions, replicationFactor, createTopics, orchestrators }: ResolvedOptions,
    { clock, ids }: Surroundings,
  ) {
    this.#driver = driver;
    this.#clock = clock;
    this.#ids = ids;
    this.#topics = new Topics(prefix, partitions);
    this.topics = new TopicAdmin(driver, this.#topics, replicationFactor);
    this.inspect = (agents) => inspect({ driver, topics: this.#topics, replicationFactor, createTopics }, agents);
    this.#publisher = new Publisher(driver);
    if (orchestrators === 'many')
      this.ownership = new PartitionOwnership({
        join: (changed) => this.#drive(changed),
        members: () => {
          this.#assertStarted();
          return driver.membersOf(this.#topics.groupOf(COMMAND_GROUP, this.#topics.route(COMMAND_CHANNEL)));
        },
      });
  }

  /** Is a member of the group of the commands without taking any: whoever subscribes to them here shares its feed. */
  async #drive(changed: (partitions: Partitions | undefined) => void): Promise<{ close(): Promise<void> }> {
    this.#assertStarted();
    const route = this.#topics.route(COMMAND_CHANNEL);
    const count = await this.#ready(route);
    const name = this.#topics.groupOf(COMMAND_GROUP, route);
    const tell = (places?: readonly Place[]): void => {
      if (places === undefined) return changed(undefined);
      const own = places.flatMap(({ topic, partition }) => (topic === route.topic.name ? [partition] : []));
      changed({ count, own: new Set(own) });
    };
    this.#assigned.set(name, tell);
    const before = this.#groups.get(name);
    const shared = await this.#share(COMMAND_CHANNEL, route, COMMAND_GROUP);
    if (shared === before) tell(shared.feed.places);
    return {
      close: async () => {
        if (this.#assigned.get(name) === tell) this.#assigned.delete(name);
        await this.#release(shared);
      },
    };
  }

  async start(): Promise<void> {
    if (this.#state === 'stopped') this.#assertStarted();
    await this.#driver.connect();
    // It may have been stopped while it was connecting.
    if (this.#state === 'new') this.#state = 'started';
    else this.#assertStarted();
  }

  /** A consumer that breaks off is noticed once Kafka or its connection says so: within seconds. */
  health(): TransportHealth {
    if (this.#state !== 'started') return { ok: false, detail: `not connected: ${this.#state}` };
    const away = [...this.#feeds].filter((feed) => !feed.running).map(({ group }) => group);
    if (away.length === 0) return { ok: true, detail: `subscribed, ${this.#feeds.size} groups` };
    const more = away.length > NAMED ? ` and ${away.length - NAMED} more` : '';
    return { ok: false, detail: `not in its groups: ${away.slice(0, NAMED).join(', ')}${more}` };
  }

  async publish(messages: readonly OutgoingMessage[]): Promise<void> {
    this.#assertStarted();
    if (messages.length === 0) return;
    await this.#publisher.send(() => Promise.all(messages.map((message) => this.#toRecord(message))));
  }

  async subscribe(
    channel: string,
    handler: DeliveryHandler,
    options: SubscriptionOptions,
  ): Promise<TransportSubscription> {
    this.#assertStarted();
    const route = this.#topics.route(channel);
    await this.#ready(route);
    const { concurrency = DEFAULT_CONCURRENCY } = options;
    if ('broadcast' in options) return this.#hear(channel, route, handler, concurrency);
    const shared = await this.#share(channel, route, options.group);
    const member = shared.feed.join(route.topic.name, handler, concurrency);
    const deaf = options.onPlaces === undefined ? undefined : shared.feed.onPlaces(() => options.onPlaces?.());
    let closed: Promise<void> | undefined;
    const close = async (): Promise<void> => {
      deaf?.();
      await member.close();
      await this.#release(shared);
    };
    return {
      close: () => {
        closed ??= close();
        return closed;
      },
      get places() {
        return shared.feed.places.flatMap(({ topic, partition }) => (topic === route.topic.name ? [partition] : []));
      },
    };
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#state = 'stopped';
    await Promise.all([...this.#feeds].map((feed) => feed.close()));
    await this.#publisher.settled();
    await this.#driver.close();
  }

  #assertStarted(): void {
    if (this.#state === 'started') return;
    const when = this.#state === 'new' ? 'before start()' : 'after stop()';
    throw new RepriseError('REPRISE_TRANSPORT_CLOSED', `The transport was used ${when}.`);
  }

  async #toRecord(message: OutgoingMessage): Promise<OutgoingRecord> {
    const route = this.#topics.route(message.channel);
    return toRecord(message, route, await this.#partitionsOf(route.topic));
  }

  /** The partitions of each topic of a family. Rejects when they are not as many: one run would be of several members. */
  async #ready({ family }: Route): Promise<number> {
    const [first, ...others] = family;
    if (first === undefined) return 0;
    const count = await this.#partitionsOf(first);
    // What is missing is made as large as the first is, whatever the options say by now.
    const rest = others.map((topic) => this.#partitionsOf({ ...topic, partitions: count }));
    const counts = [count, ...(await Promise.all(rest))];
    if (counts.every((one) => one === count)) return count;
    const said = family.map(({ name }, index) => `${name} has ${counts[index]}`).join(', ');
    throw new RepriseError(
      'REPRISE_TRANSPORT_REFUSED',
      `The topics ${family.map(({ name }) => name).join(', ')} must have the same number of partitions, and do not: ${said}. ` +
        'Delete the one that is wrong, and make it anew: partitions are never added to a topic with messages.',
    );
  }

  #partitionsOf(topic: TopicPlan): Promise<number> {
    let known = this.#partitions.get(topic.name);
    if (known === undefined) {
      known = this.#driver.ensureTopic(topic);
      this.#partitions.set(topic.name, known);
      known.catch(() => this.#partitions.delete(topic.name));
    }
    return known;
  }

  /** The feed of the group, opened by the first who needs it. */
  async #share(channel: string, route: Route, group: string): Promise<Shared> {
    const name = this.#topics.groupOf(group, route);
    for (let left = this.#groups.get(name)?.leaving; left !== undefined; left = this.#groups.get(name)?.leaving)
      await left;
    let shared = this.#groups.get(name);
    if (shared === undefined) {
      const feed = new Feed(this.#feedParts(channel, route, name));
      this.#feeds.add(feed);
      shared = { feed, opened: feed.open(), users: 0, leaving: undefined };
      this.#groups.set(name, shared);
    }
    shared.users += 1;
    try {
      await shared.opened;
      this.#assertStarted();
      return shared;
    } catch (error) {
      await this.#release(shared);
      throw error;
    }
  }

  async #release(shared: Shared): Promise<void> {
    shared.users -= 1;
    if (shared.users > 0) return;
    shared.leaving = shared.feed.close().finally(() => {
      this.#feeds.delete(shared.feed);
      for (const [name, one] of this.#groups) if (one === shared) this.#groups.delete(name);
    });
    await shared.leaving;
  }

  async #hear(
    channel: string,
    route: Route,
    handler: DeliveryHandler,
    concurrency: number,
  ): Promise<TransportSubscription> {
    const { name } = route.topic;
    const ends = await this.#driver.ends(name);
    const startAt = [...ends].map(([partition, offset]) => ({ topic: name, partition, offset }));
    const group = this.#topics.broadcastGroup(route, this.#ids.next());
    const feed = new Feed({ ...this.#feedParts(channel, { ...route, family: [route.topic] }, group), startAt });
    this.#feeds.add(feed);
    // Before it opens: what comes first is for it.
    const member = feed.join(name, handler, concurrency);
    const close = async (): Promise<void> => {
      await member.close();
      await feed.close();
      this.#feeds.delete(feed);
    };
    try {
      await feed.open();
      this.#assertStarted();
    } catch (error) {
      await close();
      throw error;
    }
    return { close };
  }

  #feedParts(channel: string, { family, shared }: Route, group: string): FeedParts {
    const { deadLetters } = this.#topics;
    return {
      driver: this.#driver,
      clock: this.#clock,
      group,
      onAssigned: (places) => this.#assigned.get(group)?.(places),
      topics: family.map(({ name }) => name),
      wants: (record) => !shared || channelOf(record) === channel,
      bury: (record, place, cause) =>
        this.#publisher.send(async () => {
          await this.#partitionsOf(deadLetters);
          return [toDeadLetter(record, deadLetters.name, place, cause)];
        }),
    };
  }
}
