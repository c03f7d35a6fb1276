import {
  type Clock,
  ConsumerGroup,
  type DeliveryHandler,
  type ScheduledCall,
  type TransportSubscription,
} from '@reprise/core/plugin';
import type { ConsumeRequest, DriverConsumer, IncomingRecord, KafkaDriver, Place, PlaceOffset } from './driver.ts';
import { PartitionLog } from './partition-log.ts';
import { toEnvelope } from './records.ts';

export interface FeedParts {
  readonly driver: KafkaDriver;
  readonly clock: Clock;
  /** The Kafka group. */
  readonly group: string;
  readonly topics: readonly string[];
  /** Of a broadcast: where it begins. It commits nothing, and its group is deleted at the end. */
  readonly startAt?: readonly PlaceOffset[];
  /** Called after each assignment, with all places that this process has now; with none given, before, while they are being shared out anew. */
  onAssigned?(places?: readonly Place[]): void;
  /** Whether anybody here wants it. */
  wants(record: IncomingRecord): boolean;
  /** Puts what nobody can read, or what was refused, where people find it. */
  bury(record: IncomingRecord, place: Place, cause: string): Promise<void>;
}

/** What may wait in memory, of one topic, beside twice the room of its members. */
const WAITING_RECORDS = 256;
const WAITING_BYTES = 16 * 1024 * 1024;
const COMMIT_EVERY_MS = 100;
const MAX_DELAY_MS = 5000;
const [FIRST_BACKOFF_MS, LAST_BACKOFF_MS] = [200, 5000];

const keyOf = ({ topic, partition }: Place): string => `${topic}/${partition}`;

interface Partition {
  readonly place: Place;
  readonly log: PartitionLog;
}

/**
 * What this process has of one Kafka group: one consumer, whose records are shared by all members that are here.
 *
 *   new ──open()──► running ──lost──► away ──(ever more rarely)──► running
 *    └───────────────────┴──close()─────┴──► closing: handlers end, the last commit ──► closed
 *
 * While it is away, deliveries that are out stay out; what they say is committed when it is back.
 */
export class Feed {
  readonly #parts: FeedParts;
  readonly #partitions = new Map<string, Partition>();
  readonly #rooms = new Map<string, ConsumerGroup>();
  readonly #paused = new Set<string>();
  readonly #placeListeners = new Set<() => void>();
  #consumer: DriverConsumer | undefined;
  #commitDue: ScheduledCall | undefined;
  #committing: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(parts: FeedParts) {
    this.#parts = parts;
  }

  /** Resolves when it takes records. */
  async open(): Promise<void> {
    const consumer = await this.#parts.driver.consume(this.#request());
    if (this.#closed === undefined) this.#consumer = consumer;
    else await consumer.close();
  }

  /** What this process has of the group. */
  get places(): readonly Place[] {
    return [...this.#partitions.values()].map(({ place }) => place);
  }

  /** Calls back after each assignment. Returns a function that stops it. */
  onPlaces(listener: () => void): () => void {
    const own = (): void => listener();
    this.#placeListeners.add(own);
    return () => this.#placeListeners.delete(own);
  }

  /** It is a member of its group now. */
  get running(): boolean {
    return this.#consumer !== undefined && this.#closed === undefined;
  }

  get group(): string {
    return this.#parts.group;
  }

  join(topic: string, handler: DeliveryHandler, concurrency: number): TransportSubscription {
    const room = this.#room(topic);
    const member = room.join(handler, concurrency);
    return { close: () => room.leave(member) };
  }

  /** Waits for handlers that run, commits what can be, and leaves the group: what is unacknowledged then is revoked. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#rooms.values()].map((room) => room.stop()));
    this.#commitDue?.cancel();
    await this.#committing;
    if (this.#consumer === undefined) return;
    await this.#commit();
    await this.#consumer.close();
    const { driver, group, startAt } = this.#parts;
    if (startAt !== undefined) await driver.deleteGroup(group).catch(() => undefined);
  }

  #request(): ConsumeRequest {
    const { group, topics } = this.#parts;
    return {
      group,
      topics,
      owned: () => this.places,
      onAssigned: (places) => this.#assigned(places),
      onRebalancing: () => this.#parts.onAssigned?.(),
      onRecords: (place, from, records) => this.#take(place, from, records),
      onLost: () => void this.#reopen(),
    };
  }

  async #reopen(): Promise<void> {
    this.#consumer = undefined;
    for (let delayMs = FIRST_BACKOFF_MS; this.#closed === undefined; delayMs = Math.min(LAST_BACKOFF_MS, 2 * delayMs)) {
      await new Promise<void>((resolve) => this.#parts.clock.schedule(delayMs, resolve));
      if (this.#closed !== undefined) return;
      try {
        return await this.open();
      } catch {
        // Whoever publishes is told; here there is nobody to tell, and it is tried until somebody closes.
      }
    }
  }

  #assigned(places: readonly Place[]): readonly PlaceOffset[] {
    const now = new Set(places.map(keyOf));
    for (const [key, { log }] of [...this.#partitions]) {
      if (now.has(key)) continue;
      this.#partitions.delete(key);
      log.close();
    }
    for (const place of places) {
      const known = this.#partitions.get(keyOf(place));
      if (known === undefined)
        this.#partitions.set(keyOf(place), { place, log: new PartitionLog(this.#startOf(place)) });
      else known.log.assigned();
    }
    this.#paused.clear();
    this.#consumer?.resume(places);
    this.#parts.onAssigned?.(places);
    for (const listener of this.#placeListeners) listener();
    if (this.#parts.startAt === undefined) {
      this.#commitSoon();
      return [];
    }
    return [...this.#partitions.values()].map(({ place, log }) => ({ ...place, offset: log.next ?? 0n }));
  }

  #startOf({ topic, partition }: Place): bigint | undefined {
    const { startAt } = this.#parts;
    if (startAt === undefined) return undefined;
    // A partition that was added since is new as a whole.
    return startAt.find((one) => one.topic === topic && one.partition === partition)?.offset ?? 0n;
  }

  #take(place: Place, from: bigint, records: readonly IncomingRecord[]): void {
    const partition = this.#partitions.get(keyOf(place));
    if (partition === undefined || this.#closed !== undefined) return;
    partition.log.fetchedFrom(from);
    for (const record of records) if (partition.log.isNew(record.offset)) this.#add(partition, record);
    this.#commitSoon();
    this.#pauseOrResume(place.topic);
  }

  #add({ place, log }: Partition, record: IncomingRecord): void {
    if (!this.#parts.wants(record)) return log.skip(record.offset);
    const envelope = toEnvelope(record);
    log.add(record.offset, record.value?.byteLength ?? 0, (done) => {
      const settled = (): void => {
        done();
        this.#commitSoon();
        if (this.#paused.has(place.topic)) this.#pauseOrResume(place.topic);
      };
      const bury = (cause: string): void => {
        void this.#bury(record, place, cause).then((isKept) => {
          if (isKept) settled();
        });
      };
      if (!('unreadable' in envelope)) return this.#room(place.topic).add(envelope, settled, bury);
      bury(envelope.unreadable);
      return undefined;
    });
  }

  /** Tries until it is done: before that the mark does not pass it. False when it is closed before: it comes again, then. */
  async #bury(record: IncomingRecord, place: Place, cause: string): Promise<boolean> {
    while (this.#closed === undefined) {
      try {
        await this.#parts.bury(record, place, cause);
        return true;
      } catch {
        await new Promise<void>((resolve) => this.#parts.clock.schedule(LAST_BACKOFF_MS, resolve));
      }
    }
    return false;
  }

  #room(topic: string): ConsumerGroup {
    let room = this.#rooms.get(topic);
    if (room === undefined) {
      room = new ConsumerGroup(this.#parts.clock, MAX_DELAY_MS);
      this.#rooms.set(topic, room);
    }
    return room;
  }

  #pauseOrResume(topic: string): void {
    const own = [...this.#partitions.values()].filter(({ place }) => place.topic === topic);
    const records = own.reduce((sum, { log }) => sum + log.size, 0);
    const bytes = own.reduce((sum, { log }) => sum + log.bytes, 0);
    const most = WAITING_RECORDS + 2 * this.#room(topic).room;
    const places = own.map(({ place }) => place);
    if (records >= most || bytes >= WAITING_BYTES) {
      if (this.#paused.has(topic)) return;
      this.#paused.add(topic);
      this.#consumer?.pause(places);
    } else if (records <= most / 2 && bytes <= WAITING_BYTES / 2 && this.#paused.delete(topic))
      this.#consumer?.resume(places);
  }

  #commitSoon(): void {
    if (this.#commitDue !== undefined || this.#parts.startAt !== undefined || this.#closed !== undefined) return;
    this.#commitDue = this.#parts.clock.schedule(COMMIT_EVERY_MS, () => {
      this.#committing = this.#commit().finally(() => {
        this.#commitDue = undefined;
        if (this.#marks().length > 0) this.#commitSoon();
      });
    });
  }

  #marks(): { place: Place; log: PartitionLog; mark: bigint }[] {
    return [...this.#partitions.values()].flatMap(({ place, log }) => {
      const mark = log.uncommitted;
      return mark === undefined ? [] : [{ place, log, mark }];
    });
  }

  /** A commit that fails is made good by the next one. */
  async #commit(): Promise<void> {
    const marks = this.#marks();
    if (this.#consumer === undefined || this.#parts.startAt !== undefined || marks.length === 0) return;
    try {
      await this.#consumer.commit(marks.map(({ place, mark }) => ({ ...place, offset: mark })));
      for (const { log, mark } of marks) log.committed(mark);
    } catch {
      // The group is being shared out anew, or the broker is away: the marks are kept.
    }
  }
}
