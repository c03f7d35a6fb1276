import {
  type AppendOptions,
  type AppendResult,
  type EventStore,
  type EventStoreSubscription,
  type ListedStream,
  type NewEvent,
  nextTurn,
  PullSubscription,
  type ReadAllOptions,
  type ReadOptions,
  type RecordedEvent,
  RepriseError,
  type Snapshot,
  type SnapshotCache,
  type StoreOwnership,
  type StreamCatalog,
  type StreamQuery,
  type SubscribeOptions,
  storeClosed,
} from '@reprise/core';
import { ForeignWatch } from './foreign-watch.ts';
import type { ForeignRange } from './group-writer.ts';
import { openReadOnly } from './open.ts';
import { type ResolvedOptions, resolveOptions, type SqliteEventStoreOptions } from './options.ts';
import { OwnerLock } from './owner-lock.ts';
import { Reader } from './reader.ts';
import { translated } from './store-error.ts';
import { listStatements, mergeListed } from './stream-list.ts';
import { WriterThread } from './writer-thread.ts';

/**
 * Opens the event store in a file, creating it when it is not there. Rejects with REPRISE_CONFIG_INVALID,
 * REPRISE_STORE_UNAVAILABLE or REPRISE_STORE_CORRUPT.
 */
export async function createSqliteEventStore(options: SqliteEventStoreOptions = {}): Promise<EventStore> {
  const resolved = resolveOptions(options);
  const store = new SqliteEventStore(resolved);
  await store.open();
  return store;
}

/** Whoever reads page after page shares the loop: a page of this many events or more is followed by everyone else's turn. */
const LONG_PAGE = 200;

async function inTurns(page: readonly RecordedEvent[]): Promise<readonly RecordedEvent[]> {
  if (page.length >= LONG_PAGE) await nextTurn();
  return page;
}

type ForeignListener = (stream: string, revision: number) => void;

/** See createSqliteEventStore. Appends go to the writer's thread, reads to a connection of their own on this one. */
class SqliteEventStore implements EventStore {
  readonly streams: StreamCatalog = { list: async (query) => this.#list(query) };
  readonly snapshots: SnapshotCache = {
    load: async (stream) => this.#open().snapshot(stream),
    save: (stream, snapshot) => this.#saveSnapshot(stream, snapshot),
  };
  readonly ownership?: StoreOwnership;

  readonly #options: ResolvedOptions;
  readonly #writer: WriterThread | undefined;
  readonly #owner: OwnerLock;
  readonly #watch: ForeignWatch;
  readonly #subscriptions = new Map<PullSubscription, () => void>();
  readonly #listeners = new Map<ForeignListener, { readonly from: number; readonly stop: () => void }>();
  #reader: Reader | undefined;
  #dataVersion: number | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: ResolvedOptions) {
    this.#options = options;
    this.#owner = new OwnerLock(options.path);
    this.#watch = new ForeignWatch(options.pollIntervalMs, () => this.#look());
    if (options.readOnly) return;
    this.#writer = new WriterThread(
      { path: options.path, maxFileBytes: options.maxFileBytes },
      { onCommitted: () => this.#wake(), onForeign: (range) => this.#onForeign(range) },
    );
    this.ownership = {
      acquire: async () => this.#acquire(),
      onForeignAppend: (listener) => this.#listen(listener),
    };
  }

  async open(): Promise<void> {
    const { path, readOnly } = this.#options;
    await this.#writer?.open();
    this.#reader = translated(path, () => new Reader(openReadOnly(path, { check: readOnly }), path));
  }

  async append(
    stream: string,
    events: readonly NewEvent[],
    expectedRevision: number,
    options?: AppendOptions,
  ): Promise<AppendResult> {
    this.#open();
    const data = events.map((event) => this.#encode(event));
    return this.#writable().append(stream, expectedRevision, events, data, options);
  }

  async read(stream: string, options?: ReadOptions): Promise<readonly RecordedEvent[]> {
    return inTurns(this.#open().read(stream, options));
  }

  async readAll(options?: ReadAllOptions): Promise<readonly RecordedEvent[]> {
    return inTurns(this.#open().readAll(options));
  }

  async subscribe(options: SubscribeOptions): Promise<EventStoreSubscription> {
    const reader = this.#open();
    const from = options.from === 'end' ? reader.head() + 1 : (options.from ?? 0);
    const subscription = new PullSubscription(options, from, {
      readPage: async (next, limit) => inTurns(reader.readAll({ from: next, limit })),
      onEnded: (ended) => {
        this.#subscriptions.get(ended)?.();
        this.#subscriptions.delete(ended);
      },
    });
    this.#subscriptions.set(subscription, this.#watch.watch(true));
    return subscription;
  }

  close(): Promise<void> {
    this.#closing ??= this.#release();
    return this.#closing;
  }

  /** The reader goes before the writer: the last connection of all folds the WAL into the file, and must be able to write. */
  async #release(): Promise<void> {
    for (const { stop } of this.#listeners.values()) stop();
    this.#listeners.clear();
    for (const stop of this.#subscriptions.values()) stop();
    await Promise.allSettled([...this.#subscriptions.keys()].map((subscription) => subscription.close()));
    this.#reader?.close();
    await this.#writer?.close();
    this.#owner.release();
  }

  #open(): Reader {
    if (this.#reader === undefined || this.#closing !== undefined) throw storeClosed();
    return this.#reader;
  }

  #writable(): WriterThread {
    if (this.#writer !== undefined) return this.#writer;
    throw new RepriseError(
      'REPRISE_STORE_UNAVAILABLE',
      `The event store ${this.#options.path} was opened for reading only, so nothing can be written to it.`,
      { retryable: false },
    );
  }

  #encode(event: NewEvent): string {
    let text: string | undefined;
    try {
      text = JSON.stringify(event.data);
    } catch (error) {
      throw new RepriseError('REPRISE_INVALID_PAYLOAD', `The data of event ${event.id} has no JSON form.`, {
        cause: error,
      });
    }
    if (text === undefined) {
      throw new RepriseError('REPRISE_INVALID_PAYLOAD', `Event ${event.id} has no data.`);
    }
    const { maxEventBytes } = this.#options;
    if (text.length * 3 > maxEventBytes && Buffer.byteLength(text) > maxEventBytes) {
      throw new RepriseError(
        'REPRISE_STORE_TOO_LARGE',
        `Event ${event.id} (${event.type}) has ${Buffer.byteLength(text)} bytes of data; this store takes ${maxEventBytes}.`,
      );
    }
    return text;
  }

  #list(query: StreamQuery): readonly ListedStream[] {
    const reader = this.#open();
    const rows = listStatements(query).flatMap(({ sql, parameters }) => reader.query(sql, parameters));
    return mergeListed(rows, query);
  }

  async #saveSnapshot(stream: string, snapshot: Snapshot): Promise<void> {
    this.#open();
    await this.#writable().saveSnapshot(stream, snapshot);
  }

  #acquire(): (() => Promise<void>) | undefined {
    this.#open();
    if (!this.#owner.acquire()) return undefined;
    let owned = true;
    return async () => {
      if (owned) this.#owner.release();
      owned = false;
    };
  }

  #listen(listener: ForeignListener): () => void {
    const from = this.#open().head() + 1;
    const own: ForeignListener = (stream, revision) => listener(stream, revision);
    this.#listeners.set(own, { from, stop: this.#watch.watch(false) });
    return () => {
      this.#listeners.get(own)?.stop();
      this.#listeners.delete(own);
    };
  }

  /** With a writer, it knows which commits were not its own. Without one, every commit is another process's. */
  #look(): void {
    if (this.#writer !== undefined) {
      this.#writer.poll();
      return;
    }
    try {
      const version = this.#reader?.dataVersion();
      if (version === this.#dataVersion) return;
      this.#dataVersion = version;
    } catch {
      // The subscriptions read the same file: they meet the same error, and have someone to tell.
    }
    this.#wake();
  }

  #onForeign({ from, to }: ForeignRange): void {
    this.#wake();
    for (const [listener, { from: since }] of [...this.#listeners]) {
      if (to < since || this.#reader === undefined) continue;
      for (const { stream, revision } of this.#reader.appendedTo(Math.max(from, since), to)) listener(stream, revision);
    }
  }

  #wake(): void {
    for (const subscription of this.#subscriptions.keys()) subscription.wake();
  }
}
