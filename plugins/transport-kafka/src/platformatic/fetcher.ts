import type { ConnectionPool, Consumer } from '@platformatic/kafka';
import { sleep, systemClock } from '@reprise/core/plugin';
import type { IncomingRecord, Place, PlaceOffset } from '../driver.ts';
import { Pace } from '../pace.ts';
import { says } from './errors.ts';
import { incoming } from './incoming.ts';

/** How long a fetch waits at the broker for something to come. */
const WAIT_MS = 500;
const [MAX_BYTES, MAX_PARTITION_BYTES] = [10 * 1024 * 1024, 1024 * 1024];
/** For how long fetches may fail before it is given up: the broker is away, and whoever uses it begins anew. */
const PATIENCE_MS = 2000;
const RETRY_MS = 200;
const NOBODY = -1;
const OUT_OF_RANGE = 1;
const EARLIEST = -2n;

type FetchResponse = Awaited<ReturnType<Consumer['fetch']>>;

interface Position {
  readonly place: Place;
  next: bigint;
  isPaused: boolean;
}

export interface FetcherParts {
  onRecords(place: Place, from: bigint, records: readonly IncomingRecord[]): void;
  /** Called once; it has ended. */
  onFailed(error: unknown): void;
}

const keyOf = ({ topic, partition }: Place): string => `${topic}/${partition}`;

/**
 * Fetches what is assigned and not paused: one request at a time of each broker that leads any of it, over connections of its own, as a broker answers the requests of
 * one connection in turn, and heartbeats must not wait behind a fetch.
 *
 *   idle ──assign()──► looking for where to begin ──► fetching ──assign()──► looking …
 *                                                        └──close(), failed──► ended
 */
export class Fetcher {
  readonly #consumer: Consumer<Buffer, Buffer, Buffer, Buffer>;
  readonly #pool: ConnectionPool;
  readonly #parts: FetcherParts;
  readonly #loops = new Set<number>();
  readonly #pace = new Pace();
  /** Of one assignment: what was asked for before the next one is nobody's. */
  #positions = new Map<string, Position>();
  #failingSince: number | undefined;
  #ended = false;

  constructor(consumer: Consumer<Buffer, Buffer, Buffer, Buffer>, pool: ConnectionPool, parts: FetcherParts) {
    this.#consumer = consumer;
    this.#pool = pool;
    this.#parts = parts;
  }

  /** Returns at once. What has no start begins where the group has committed, or at the first record. */
  assign(places: readonly Place[], starts: readonly PlaceOffset[]): void {
    const positions = new Map<string, Position>();
    this.#positions = positions;
    void this.#start(positions, places, starts);
  }

  pause(places: readonly Place[]): void {
    this.#setPaused(places, true);
  }

  resume(places: readonly Place[]): void {
    this.#setPaused(places, false);
    this.#spin();
  }

  close(): void {
    this.#ended = true;
    this.#positions = new Map();
    this.#pool.close(() => undefined);
  }

  #setPaused(places: readonly Place[], isPaused: boolean): void {
    for (const place of places) {
      const position = this.#positions.get(keyOf(place));
      if (position !== undefined) position.isPaused = isPaused;
    }
  }

  async #start(
    positions: Map<string, Position>,
    places: readonly Place[],
    starts: readonly PlaceOffset[],
  ): Promise<void> {
    try {
      const known = new Map(starts.map((one) => [keyOf(one), one.offset]));
      const begins = await this.#begins(places.filter((place) => !known.has(keyOf(place))));
      if (this.#positions !== positions || this.#ended) return;
      for (const place of places) {
        const next = known.get(keyOf(place)) ?? begins.get(keyOf(place)) ?? 0n;
        positions.set(keyOf(place), { place, next, isPaused: false });
      }
      this.#spin();
    } catch (error) {
      if (this.#positions === positions) this.#fail(error);
    }
  }

  async #begins(places: readonly Place[]): Promise<ReadonlyMap<string, bigint>> {
    if (places.length === 0) return new Map();
    const topics = [...Map.groupBy(places, ({ topic }) => topic)].map(([topic, own]) => ({
      topic,
      partitions: own.map(({ partition }) => partition),
    }));
    const committed = await this.#consumer.listCommittedOffsets({ topics });
    const begins = new Map<string, bigint>();
    const without: Place[] = [];
    for (const place of places) {
      const mark = committed.get(place.topic)?.[place.partition] ?? -1n;
      if (mark >= 0n) begins.set(keyOf(place), mark);
      else without.push(place);
    }
    for (const [key, first] of await this.#firsts(without)) begins.set(key, first);
    return begins;
  }

  async #firsts(places: readonly Place[]): Promise<ReadonlyMap<string, bigint>> {
    if (places.length === 0) return new Map();
    const byTopic = Map.groupBy(places, ({ topic }) => topic);
    const partitions = Object.fromEntries(
      [...byTopic].map(([topic, own]) => [topic, own.map(({ partition }) => partition)]),
    );
    const found = await this.#consumer.listOffsets({ topics: [...byTopic.keys()], partitions, timestamp: EARLIEST });
    return new Map(places.map((place) => [keyOf(place), found.get(place.topic)?.[place.partition] ?? 0n]));
  }

  /** One loop for each broker that leads anything that is wanted. */
  #spin(): void {
    for (const position of this.#positions.values()) {
      const node = this.#leaderOf(position.place);
      if (this.#ended || position.isPaused || this.#loops.has(node)) continue;
      this.#loops.add(node);
      void this.#loop(node);
    }
  }

  #leaderOf({ topic, partition }: Place): number {
    return this.#consumer.currentMetadata?.topics.get(topic)?.partitions[partition]?.leader ?? NOBODY;
  }

  async #loop(node: number): Promise<void> {
    for (;;) {
      const own = [...this.#positions.values()].filter(
        ({ isPaused, place }) => !isPaused && this.#leaderOf(place) === node,
      );
      if (this.#ended || own.length === 0) break;
      try {
        if (node === NOBODY) await this.#look();
        else await this.#fetch(node, own);
        if (node !== NOBODY) this.#failingSince = undefined;
      } catch (error) {
        await this.#failed(error);
      }
      // Leaders may have changed.
      this.#spin();
    }
    this.#loops.delete(node);
  }

  /** Asks again who leads. */
  async #look(): Promise<void> {
    await sleep(RETRY_MS);
    await this.#consumer.metadata({ topics: this.#topics(), forceUpdate: true });
    if ([...this.#positions.values()].some(({ place }) => this.#leaderOf(place) < 0))
      throw new Error('A partition has no leader.');
  }

  #topics(): string[] {
    return [...new Set([...this.#positions.values()].map(({ place }) => place.topic))];
  }

  async #fetch(node: number, own: readonly Position[]): Promise<void> {
    const positions = this.#positions;
    const topics = [...Map.groupBy(own, ({ place }) => this.#topicIdOf(place.topic))].map(([topicId, wanted]) => ({
      topicId,
      partitions: wanted.map(({ place, next }) => ({
        partition: place.partition,
        currentLeaderEpoch: -1,
        fetchOffset: next,
        lastFetchedEpoch: -1,
        partitionMaxBytes: MAX_PARTITION_BYTES,
      })),
    }));
    const limits = { minBytes: 1, maxBytes: MAX_BYTES, maxWaitTime: WAIT_MS };
    const response = await this.#consumer
      .fetch({ node, topics, connectionPool: this.#pool, ...limits })
      .catch((error: unknown) => this.#outOfRange(positions, own, error));
    if (response === undefined || this.#positions !== positions) return;
    this.#pace.begin();
    for (const { topicId, partitions } of response.responses)
      for (const { partitionIndex, records } of partitions) {
        const position = own.find(
          ({ place }) => place.partition === partitionIndex && this.#topicIdOf(place.topic) === topicId,
        );
        if (position !== undefined && records) this.#take(position, records);
      }
    await this.#pace.wait();
  }

  #topicIdOf(topic: string): string {
    return this.#consumer.currentMetadata?.topics.get(topic)?.id ?? '';
  }

  #take(position: Position, batches: Parameters<typeof incoming>[0]): void {
    const from = position.next;
    const { records, next } = incoming(batches, from);
    position.next = next;
    if (next > from) this.#parts.onRecords(position.place, from, records);
  }

  /** What was to be read next has been deleted by its age: it goes on at the first that is kept. Rethrows all else. */
  async #outOfRange(positions: Map<string, Position>, own: readonly Position[], error: unknown): Promise<undefined> {
    if (!says(error, 'OFFSET_OUT_OF_RANGE')) throw error;
    const { responses = [] } = (error as { response?: FetchResponse }).response ?? {};
    const gone = own.filter(({ place }) =>
      responses.some(
        ({ topicId, partitions }) =>
          topicId === this.#topicIdOf(place.topic) &&
          partitions.some((one) => one.partitionIndex === place.partition && one.errorCode === OUT_OF_RANGE),
      ),
    );
    if (gone.length === 0) throw error;
    const firsts = await this.#firsts(gone.map(({ place }) => place));
    if (this.#positions !== positions) return;
    for (const position of gone) position.next = firsts.get(keyOf(position.place)) ?? position.next;
  }

  async #failed(error: unknown): Promise<void> {
    if (this.#ended) return;
    const now = systemClock.now();
    this.#failingSince ??= now;
    if (now - this.#failingSince > PATIENCE_MS) this.#fail(error);
    else await sleep(RETRY_MS);
  }

  #fail(error: unknown): void {
    if (this.#ended) return;
    this.close();
    this.#parts.onFailed(error);
  }
}
