import type { Consumer, GroupPartitionsAssigner } from '@platformatic/kafka';
import { sleep, systemClock } from '@reprise/core/plugin';
import type { ConsumeRequest, DriverConsumer, Place, PlaceOffset } from '../driver.ts';
import { COMMON, hear, STICKY, say } from '../group-words.ts';
import type { ResolvedOptions } from '../options.ts';
import { assignSticky } from '../sticky-assignment.ts';
import { Fetcher } from './fetcher.ts';
import type { Platformatic } from './load.ts';
import { clientSettings } from './settings.ts';

/** How soon a member learns that the group is being shared out anew. */
const HEARTBEAT_MS = 500;
const REBALANCE_MS = 10_000;
/** Beyond what a request waits for at a broker. */
const ANSWER_MS = 5000;
const CLOSE_MS = 2000;
const ENDED = 'The consumer has ended.';

type Bytes = Consumer<Buffer, Buffer, Buffer, Buffer>;

/**
 * One consumer of a group. The client keeps the group (join, sync, heartbeats), and we fetch: its streams go on from what is committed only when they are made
 * anew, hold what they have read back while others pause, and die when the broker goes.
 *
 *   joining ──first assignment──► running ──broke off──► lost (onLost; whoever wants it makes another)
 *      └──broke off──► rejected      └──close()──► closed
 */
export async function consume(
  kafka: Platformatic,
  request: ConsumeRequest,
  options: ResolvedOptions,
): Promise<DriverConsumer> {
  const member = new GroupMember(kafka, request, options);
  try {
    await member.join();
  } catch (error) {
    await member.close();
    throw error;
  }
  return member;
}

class GroupMember implements DriverConsumer {
  readonly #kafka: Platformatic;
  readonly #request: ConsumeRequest;
  readonly #consumer: Bytes;
  readonly #fetcher: Fetcher;
  readonly #sessionMs: number;
  #state: 'joining' | 'running' | 'ended' = 'joining';
  #failure: unknown;
  #heardAt = systemClock.now();

  constructor(kafka: Platformatic, request: ConsumeRequest, options: ResolvedOptions) {
    const { sessionMs } = options;
    const rebalanceMs = Math.max(REBALANCE_MS, sessionMs);
    const settings = clientSettings(options);
    this.#kafka = kafka;
    this.#request = request;
    this.#sessionMs = sessionMs;
    this.#consumer = new kafka.Consumer<Buffer, Buffer, Buffer, Buffer>({
      ...settings,
      groupId: request.group,
      sessionTimeout: sessionMs,
      rebalanceTimeout: rebalanceMs,
      heartbeatInterval: Math.min(HEARTBEAT_MS, Math.floor(sessionMs / 3)),
      requestTimeout: rebalanceMs + ANSWER_MS,
      autocommit: false,
      // The body of version 0, which all clients can read.
      protocols: [
        { name: STICKY, version: 0 },
        { name: COMMON, version: 0 },
      ],
      // Asked for before each join, by which all rebalances are noticed, those after a lost session, too.
      protocolsMetadata: () => {
        this.#rebalancing();
        return say(request.owned(), this.#consumer.generationId);
      },
      partitionAssigner,
    });
    const pool = new kafka.ConnectionPool(settings.clientId, { ...settings, requestTimeout: 2 * ANSWER_MS });
    this.#fetcher = new Fetcher(this.#consumer, pool, {
      onRecords: (place, from, records) => this.#request.onRecords(place, from, records),
      onFailed: (error) => this.#lost(error),
    });
    this.#listen();
  }

  async join(): Promise<void> {
    const { topics } = this.#request;
    this.#consumer.topics.trackAll(...topics);
    await this.#consumer.joinGroup({});
    if (this.#state !== 'running') throw this.#failure ?? new Error(ENDED);
    // A commit is tried once: between two tries the group may have been shared out anew, and the second would be made as of then.
    const perform = this.#consumer[this.#kafka.kPerformWithRetry].bind(this.#consumer);
    Object.assign(this.#consumer, {
      [this.#kafka.kPerformWithRetry]: (...given: Parameters<typeof perform>) => {
        const [operation, attempt, done] = given;
        return operation === 'commit' ? attempt(done, 0) : perform(...given);
      },
    });
    // What a commit calls that comes too late. Left to itself, it would join anew and commit then, for partitions that may be another's by that.
    const join = this.#consumer.joinGroup.bind(this.#consumer);
    Object.assign(this.#consumer, {
      joinGroup: (_options: unknown, done: (error: Error) => void) => {
        join({}).catch((error: unknown) => this.#lost(error));
        done(new Error('The group is being shared out anew.'));
      },
    });
  }

  async commit(offsets: readonly PlaceOffset[]): Promise<void> {
    if (this.#state !== 'running') throw new Error(ENDED);
    await this.#consumer.commit({ offsets: offsets.map((one) => ({ ...one, leaderEpoch: -1 })) });
  }

  pause(places: readonly Place[]): void {
    this.#fetcher.pause(places);
  }

  resume(places: readonly Place[]): void {
    this.#fetcher.resume(places);
  }

  async close(): Promise<void> {
    this.#state = 'ended';
    this.#fetcher.close();
    // A broker that is away does not answer.
    await Promise.race([this.#consumer.close(true).catch(() => undefined), sleep(CLOSE_MS)]);
    this.#consumer.connections.close(() => undefined);
  }

  #listen(): void {
    this.#consumer.on('consumer:group:join', ({ assignments = [] }) => this.#assigned(assignments));
    this.#consumer.on('consumer:group:rebalance', () => this.#rebalancing());
    this.#consumer.on('consumer:heartbeat:end', () => {
      this.#heardAt = systemClock.now();
    });
    this.#consumer.on('consumer:heartbeat:error', ({ error }) => {
      if (systemClock.now() - this.#heardAt > this.#sessionMs) this.#lost(error);
    });
    this.#consumer.on('error', (error: unknown) => this.#lost(error));
  }

  #rebalancing(): void {
    if (this.#state === 'running') this.#request.onRebalancing();
  }

  #assigned(assignments: readonly { readonly topic: string; readonly partitions: readonly number[] }[]): void {
    if (this.#state === 'ended') return;
    this.#heardAt = systemClock.now();
    const places = assignments.flatMap(({ topic, partitions }) =>
      partitions.map((partition) => ({ topic, partition })),
    );
    const starts = this.#request.onAssigned(places);
    this.#state = 'running';
    this.#fetcher.assign(places, starts);
  }

  #lost(error: unknown): void {
    const was = this.#state;
    if (was === 'ended') return;
    this.#failure = error;
    void this.close();
    if (was === 'running') this.#request.onLost(error);
  }
}

const partitionAssigner: GroupPartitionsAssigner = (_current, members, _topics, metadata) => {
  const said = [...members].map(([id, { topics = [], metadata: userData }]) => hear(id, topics, userData));
  const topics = [...new Set(said.flatMap((member) => member.topics))].sort();
  const counts = new Map(topics.map((topic) => [topic, metadata.topics.get(topic)?.partitionsCount ?? 0]));
  return [...assignSticky(said, counts)].map(([memberId, byTopic]) => ({
    memberId,
    assignments: new Map([...byTopic].map(([topic, partitions]) => [topic, { topic, partitions }])),
  }));
};
