import {
  type AppendResult,
  BEGINNING,
  type EventPage,
  type EventStore,
  type ForeignAppends,
  type NewEvent,
  NO_STREAM,
  type Ownership,
  type ReadAllOptions,
  RepriseError,
  type SnapshotCache,
  type Storage,
  type StoreFinding,
  storeClosed,
  storeConflict,
  systemClock,
  systemIds,
} from '@reprise/core/plugin';
import type { Connection } from './connection.ts';
import { shareConnection } from './connections.ts';
import { Definitions } from './definitions.ts';
import { Feed } from './feed.ts';
import { Followers } from './followers.ts';
import { History, tooOld } from './history.ts';
import { inspect } from './inspect.ts';
import { Lease, readersOwnership } from './lease.ts';
import { Log } from './log.ts';
import { aboutOf, isBy, type Proposed, pack } from './mapping.ts';
import { type EventStoreDBOptions, type ResolvedOptions, resolveOptions } from './options.ts';
import { toPosition } from './position.ts';
import { Snapshots } from './snapshots.ts';
import { type StreamNames, streamNames } from './streams.ts';

/**
 * Opens the storage in an EventStoreDB. Nothing is asked of the server before it is used. Rejects with REPRISE_CONFIG_INVALID.
 */
export async function createEventStoreDBStorage(options: EventStoreDBOptions): Promise<Storage> {
  return new EventStoreDBStorage(resolveOptions(options));
}

/** Of what is followed. */
const PAGE = 500;

type ForeignListener = Parameters<ForeignAppends['onAppend']>[0];

/** See createEventStoreDBStorage. Every handle has a name, by which it knows its own appends among those that it hears of. */
class EventStoreDBStorage implements Storage {
  readonly events: EventStore;
  readonly ownership: Ownership;
  readonly partitioned = true;
  readonly snapshots: SnapshotCache;
  readonly foreign: ForeignAppends;
  readonly inspect: () => Promise<readonly StoreFinding[]>;

  readonly #options: ResolvedOptions;
  readonly #names: StreamNames;
  readonly #writer = systemIds.next().slice(-12);
  readonly #release: () => Promise<void>;
  readonly #log: Log;
  readonly #definitions: Definitions;
  readonly #history: History;
  readonly #followers: Followers;
  readonly #feed: Feed;
  readonly #lease: Lease | undefined;
  readonly #listeners = new Set<ForeignListener>();
  readonly #appends = new Set<Promise<unknown>>();
  #followed = false;
  #closing: Promise<void> | undefined;

  constructor(options: ResolvedOptions) {
    this.#options = options;
    this.#names = streamNames(options.prefix);
    const { connection, release } = shareConnection(options.connection);
    this.#release = release;
    this.#log = new Log(connection, options);
    this.#definitions = new Definitions(this.#log, this.#names);
    this.#history = new History(this.#log, this.#names, this.#definitions);
    this.#feed = this.#makeFeed(connection);
    this.#followers = new Followers({
      read: (stream, request) => this.#history.read(stream, request),
      readAll: (request) => this.#readHeard(request),
      end: async () => {
        const end = await this.#log.end();
        return end === undefined ? BEGINNING : toPosition(end);
      },
      endOf: (stream) => this.#log.lastRevision(this.#names.of(stream)),
      onFollowed: (followed) => {
        this.#followed = followed;
        this.#heed();
      },
    });
    this.events = {
      maxAppendBytes: options.maxAppendBytes,
      append: (stream, events, expectedRevision) => this.#whileOpen(this.#append(stream, events, expectedRevision)),
      read: async (stream, request) => this.#open(() => this.#history.read(stream, request)),
      readAll: async (request) => this.#open(() => this.#readAll(request)),
      subscribe: async (request) => this.#open(() => this.#followers.open(request)),
      close: () => this.#close(),
    };
    const snapshots = new Snapshots(this.#log, this.#names, options.maxAppendBytes);
    this.snapshots = {
      load: async (stream) => this.#open(() => snapshots.load(stream)),
      save: async (stream, snapshot) => this.#open(() => this.#writable(() => snapshots.save(stream, snapshot))),
    };
    const { lease } = this.#names;
    this.#lease = options.readOnly ? undefined : new Lease(this.#log, lease, options.leaseMs);
    this.ownership = this.#ownershipOf(this.#lease ?? readersOwnership(this.#log, lease, options.leaseMs));
    this.foreign = { onAppend: (listener) => this.#listen(listener) };
    const { deadlineMs } = options;
    this.inspect = async () =>
      this.#open(() => inspect({ connection, log: this.#log, names: this.#names, deadlineMs }));
  }

  /** Whoever listens hears of all that is appended after what this has read: what a take-up of runs has not seen, it is told. */
  async #readAll(request?: ReadAllOptions): Promise<EventPage> {
    const { deadlineMs } = this.#options;
    const late = Promise.withResolvers<boolean>();
    const timer = systemClock.schedule(deadlineMs, () => late.resolve(true));
    const isLate = await Promise.race([this.#feed.placed(), late.promise]);
    timer.cancel();
    if (isLate === true)
      throw new RepriseError(
        'REPRISE_STORE_UNAVAILABLE',
        `EventStoreDB did not say within ${deadlineMs} ms where its log ends.`,
      );
    return this.#history.readAll(request);
  }

  /** For who follows all streams: what the server has sent already is not asked for again. */
  async #readHeard({ after = BEGINNING, limit = PAGE }: ReadAllOptions = {}): Promise<EventPage> {
    const heard = this.#feed.recent.after(after, limit);
    const page = heard && (await this.#history.pageOf(heard.answers, heard.complete));
    return page === undefined || page.length === 0 ? this.#history.readAll({ after, limit }) : page;
  }

  async #append(stream: string, events: readonly NewEvent[], expectedRevision: number): Promise<AppendResult> {
    return this.#open(() => this.#writable(() => this.#appendAll(stream, events, expectedRevision)));
  }

  async #appendAll(stream: string, events: readonly NewEvent[], expectedRevision: number): Promise<AppendResult> {
    const name = this.#names.of(stream);
    if (events.length === 0 || expectedRevision < NO_STREAM)
      return this.#appendNothing(stream, events, expectedRevision);
    const proposed: Proposed[] = [];
    for (const [index, event] of events.entries()) {
      const { event: kept, ...shared } = await this.#definitions.share(event);
      const more = index < events.length - 1 ? ({ more: true } as const) : {};
      proposed.push(pack(kept, { writer: this.#writer, ...more, ...shared }));
    }
    this.#log.assertFits(stream, proposed, events);
    const outcome = await this.#log.append(name, proposed, expectedRevision);
    if (outcome.kind === 'conflict')
      throw storeConflict(stream, expectedRevision, await this.#actual(name, outcome.actual, expectedRevision));
    const { revision, position } = outcome;
    if (revision !== expectedRevision + events.length)
      throw deleted(stream, revision, expectedRevision + events.length);
    if (position === undefined) throw tooOld(stream);
    const place = { revision, position: toPosition(position) };
    this.#followers.appended(stream, place);
    return place;
  }

  /** Some refusals name no revision, or one that has passed. */
  async #actual(name: string, told: number, expected: number): Promise<number> {
    return told === expected || told < 0 ? this.#log.lastRevision(name) : told;
  }

  async #appendNothing(stream: string, events: readonly NewEvent[], expectedRevision: number): Promise<AppendResult> {
    const last = await this.#log.last(this.#names.of(stream));
    const revision = last?.kept.revision ?? NO_STREAM;
    if (events.length > 0 || revision !== expectedRevision) throw storeConflict(stream, expectedRevision, revision);
    return { revision, position: last?.position === undefined ? BEGINNING : toPosition(last.position) };
  }

  #makeFeed(connection: Connection): Feed {
    return new Feed({
      connection,
      log: this.#log,
      filter: this.#names.filter,
      quietMs: this.#options.deadlineMs,
      onAnswer: ({ kept, position }) => {
        const stream = this.#names.from(kept.stream);
        if (stream === undefined || position === undefined) return;
        if (isBy(kept, this.#writer))
          return this.#followers.appended(stream, { revision: kept.revision, position: toPosition(position) });
        const about = aboutOf(kept);
        // Once for each append; a follower of what somebody else writes to is to see that it is so.
        if (about?.more === true) return;
        if (about === undefined) return this.#followers.wakeAll();
        this.#followers.appended(stream, { revision: kept.revision, position: toPosition(position) });
        for (const listener of [...this.#listeners]) listener(stream, kept.revision, kept.type);
      },
      onGap: () => this.#followers.wakeAll(),
    });
  }

  #listen(listener: ForeignListener): () => void {
    const own: ForeignListener = (...append) => listener(...append);
    this.#listeners.add(own);
    this.#heed();
    return () => {
      this.#listeners.delete(own);
      this.#heed();
    };
  }

  /** The server is listened to while somebody here does. */
  #heed(): void {
    if ((this.#followed || this.#listeners.size > 0) && this.#closing === undefined) this.#feed.start();
    else this.#feed.stop();
  }

  #ownershipOf(ownership: Ownership): Ownership {
    return {
      start: async () => this.#open(() => ownership.start()),
      owns: (runId) => ownership.owns(runId),
      onChange: (listener) => ownership.onChange(listener),
      drain: () => ownership.drain?.(),
      stop: () => ownership.stop(),
      drivers: async () => this.#open(async () => (await ownership.drivers?.()) ?? []),
    };
  }

  #close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    this.#listeners.clear();
    await this.#followers.close();
    this.#feed.stop();
    await Promise.allSettled(this.#appends);
    await this.#lease?.stop();
    await this.#release();
  }

  #open<T>(use: () => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) throw storeClosed();
    return use();
  }

  #writable<T>(use: () => Promise<T>): Promise<T> {
    if (!this.#options.readOnly) return use();
    throw new RepriseError(
      'REPRISE_STORE_UNAVAILABLE',
      'The event store in EventStoreDB was opened for reading only, so nothing can be written to it.',
      { retryable: false },
    );
  }

  /** close() waits for it. */
  async #whileOpen<T>(work: Promise<T>): Promise<T> {
    this.#appends.add(work);
    try {
      return await work;
    } finally {
      this.#appends.delete(work);
    }
  }
}

const deleted = (stream: string, revision: number, expected: number): RepriseError =>
  new RepriseError(
    'REPRISE_STORE_STREAM_DELETED',
    `Stream ${stream} was deleted in EventStoreDB, and goes on behind what was there: an append came to revision ${revision}, not to ${expected}.`,
    { details: { stream } },
  );
