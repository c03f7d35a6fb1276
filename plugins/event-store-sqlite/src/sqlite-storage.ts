import { resolve } from 'node:path';
import {
  type AppendOptions,
  type AppendResult,
  BEGINNING,
  type EventPage,
  type EventStore,
  type EventStoreSubscription,
  encodePosition,
  type ForeignAppends,
  type ListedStream,
  type NewEvent,
  nextTurn,
  type Ownership,
  type RemovalRecord,
  RepriseError,
  type Snapshot,
  type SnapshotCache,
  type Storage,
  type StoreStats,
  type StreamCatalog,
  type StreamEnd,
  type StreamQuery,
  type SubscribeOptions,
  Subscriptions,
  sleep,
  storeClosed,
} from '@reprise/core/plugin';
import { FileGuard } from './file-guard.ts';
import { ForeignWatch } from './foreign-watch.ts';
import type { ForeignRange } from './group-writer.ts';
import { backUp, compactFile, statsOf } from './maintenance.ts';
import { openReadOnly } from './open.ts';
import { type ResolvedOptions, resolveOptions, type SqliteEventStoreOptions } from './options.ts';
import { OwnerLock } from './owner-lock.ts';
import { type AppendedTo, Reader } from './reader.ts';
import { readersOwnership, SqliteOwnership } from './sqlite-ownership.ts';
import { storeError, translated } from './store-error.ts';
import type { StoreFault } from './store-fault.ts';
import { resolveStorePath } from './store-path.ts';
import { listStatements, mergeListed } from './stream-list.ts';
import { WriterThread } from './writer-thread.ts';

/**
 * Opens the storage in a file, creating it when it is not there. Rejects with REPRISE_CONFIG_INVALID,
 * REPRISE_STORE_UNAVAILABLE or REPRISE_STORE_CORRUPT.
 */
export async function createSqliteStorage(options: SqliteEventStoreOptions = {}): Promise<Storage> {
  const resolved = resolveOptions(options);
  const path = translated(resolved.path, () => resolveStorePath(resolved.path));
  const storage = new SqliteStorage({ ...resolved, path });
  await storage.open();
  return storage;
}

/** Whoever reads page after page shares the loop: a page of this many events or more is followed by everyone else's turn. */
const LONG_PAGE = 200;

async function inTurns(page: EventPage): Promise<EventPage> {
  if (page.length >= LONG_PAGE) await nextTurn();
  return page;
}

/** How long an owner may take to notice that its lock file is gone, in ms; looked for twice as often. */
const NOTICED_MS = 1000;

type ForeignListener = (stream: string, revision: number) => void;

/**
 * See createSqliteStorage. Appends go to the writer's thread, reads to a connection of their own on this one.
 *
 *   open ──its files are gone or replaced──► lost ──close()──► closed
 *     └──close()──────────────────────────────────────────────►┘
 *
 * Lost: every use rejects with the same REPRISE_STORE_REPLACED, subscriptions end with it, ownership is given up. What was handed
 * over before is answered by the writer, which has looked for itself.
 */
class SqliteStorage implements Storage {
  readonly events: EventStore = {
    append: (...request) => this.#append(...request),
    read: async (stream, options) => inTurns(this.#open().read(stream, options)),
    readAll: async (options) => inTurns(this.#open().readAll(options)),
    subscribe: async (options) => this.#subscribe(options),
    close: () => this.#close(),
  };
  readonly catalog: StreamCatalog = { list: async (query) => this.#list(query) };
  readonly snapshots: SnapshotCache = {
    load: async (stream) => this.#open().snapshot(stream),
    save: (stream, snapshot) => this.#saveSnapshot(stream, snapshot),
  };
  readonly ownership: Ownership;
  readonly foreign?: ForeignAppends;
  readonly stats = async (): Promise<StoreStats> => statsOf(this.#pathNow());
  readonly backup = async (to: string): Promise<void> => backUp(this.#pathNow(), resolve(to));
  readonly remove = async (streams: readonly StreamEnd[], record: RemovalRecord): Promise<AppendResult> => {
    this.#open();
    const data = record.events.map((event) => this.#encode(event));
    const { stream, expectedRevision, events } = record;
    return this.#writable().append(stream, expectedRevision, events, data, { removes: streams });
  };
  readonly compact = async (): Promise<void> => {
    this.#writable();
    compactFile(this.#pathNow());
  };

  readonly #options: ResolvedOptions;
  readonly #writer: WriterThread | undefined;
  readonly #owner: OwnerLock;
  readonly #owning: SqliteOwnership | undefined;
  readonly #watch: ForeignWatch;
  readonly #guard: FileGuard;
  readonly #lostListeners = new Set<(error: RepriseError) => void>();
  readonly #subscriptions: Subscriptions;
  readonly #watches = new Map<EventStoreSubscription, () => void>();
  readonly #listeners = new Map<ForeignListener, { readonly from: number; readonly stop: () => void }>();
  #reader: Reader | undefined;
  #dataVersion: number | undefined;
  /** Without a writer: the last position that subscriptions know of. */
  #seen: number | undefined;
  #lost: RepriseError | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: ResolvedOptions) {
    this.#options = options;
    this.#owner = new OwnerLock(options.path);
    this.#watch = new ForeignWatch(options.pollIntervalMs, () => this.#look());
    this.#guard = new FileGuard(NOTICED_MS / 2, (fault) => this.#lose(fault));
    this.#subscriptions = new Subscriptions({
      read: async (stream, request) => inTurns(this.#unlost().read(stream, request)),
      readAll: async (request) => inTurns(this.#unlost().readAll(request)),
      end: () => positionOf(this.#unlost().head()),
      endOf: (stream) => this.#unlost().endOf(stream),
      onEnded: (ended) => {
        this.#watches.get(ended)?.();
        this.#watches.delete(ended);
      },
    });
    this.ownership = readersOwnership(options.path);
    if (options.readOnly) return;
    this.#writer = new WriterThread(
      { path: options.path, maxFileBytes: options.maxFileBytes },
      {
        onCommitted: (stream) => this.#subscriptions.appended(stream),
        onForeign: (range) => this.#onForeign(range),
        onOpened: (files) => this.#guard.watch(files),
        onLost: (fault) => this.#lose(fault),
      },
    );
    this.#owning = new SqliteOwnership(options.path, () => this.#acquire());
    this.ownership = this.#owning;
    this.foreign = {
      onAppend: (listener) => this.#listen(listener),
      onLost: (listener) => this.#onLost(listener),
    };
  }

  async open(): Promise<void> {
    const { path, readOnly } = this.#options;
    await this.#writer?.open();
    try {
      this.#reader = translated(path, () => new Reader(openReadOnly(path, { check: readOnly }), path));
      if (readOnly) this.#guard.watchPath(path);
      this.#guard.look();
      if (this.#lost !== undefined) throw this.#lost;
    } catch (error) {
      await this.#release();
      throw error;
    }
  }

  async #append(
    stream: string,
    events: readonly NewEvent[],
    expectedRevision: number,
    options?: AppendOptions,
  ): Promise<AppendResult> {
    this.#open();
    const data = events.map((event) => this.#encode(event));
    return this.#writable().append(stream, expectedRevision, events, data, options);
  }

  #subscribe(options: SubscribeOptions): EventStoreSubscription {
    this.#seen ??= this.#open().head();
    const subscription = this.#subscriptions.open(options);
    this.#watches.set(subscription, this.#watch.watch(true));
    return subscription;
  }

  #close(): Promise<void> {
    this.#closing ??= this.#release();
    return this.#closing;
  }

  /** The reader goes before the writer: the last connection of all folds the WAL into the file, and must be able to write. */
  async #release(): Promise<void> {
    this.#guard.stop();
    this.#owning?.withdraw();
    for (const { stop } of this.#listeners.values()) stop();
    this.#listeners.clear();
    for (const stop of this.#watches.values()) stop();
    await this.#subscriptions.close();
    this.#reader?.close();
    await this.#writer?.close();
    await this.#owning?.stop();
  }

  #open(): Reader {
    if (this.#closing !== undefined) throw storeClosed();
    return this.#unlost();
  }

  /** Of the file that this process has open. */
  #pathNow(): string {
    this.#open();
    return this.#options.path;
  }

  #unlost(): Reader {
    if (this.#reader === undefined) throw storeClosed();
    if (this.#lost !== undefined) throw this.#lost;
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
    const rows = listStatements(query, reader.version).flatMap(({ sql, parameters }) => reader.query(sql, parameters));
    return mergeListed(rows, query);
  }

  async #saveSnapshot(stream: string, snapshot: Snapshot): Promise<void> {
    this.#open();
    await this.#writable().saveSnapshot(stream, snapshot);
  }

  async #acquire(): Promise<(() => void) | undefined> {
    this.#open();
    if (!translated(this.#options.path, () => this.#owner.acquire())) return undefined;
    const { file, madeAnew } = this.#owner;
    const release = (): void => {
      if (this.#owner.file !== file) return;
      this.#guard.watchOwner(undefined);
      this.#writer?.own(undefined);
      this.#owner.release();
    };
    this.#guard.watchOwner(file);
    this.#writer?.own(file);
    if (!madeAnew) return release;
    // Somebody removed the lock file: whoever owned the store may not have noticed yet.
    await sleep(NOTICED_MS);
    try {
      this.#open();
    } catch (error) {
      release();
      throw error;
    }
    return release;
  }

  #onLost(listener: (error: RepriseError) => void): () => void {
    const own = (error: RepriseError): void => listener(error);
    this.#lostListeners.add(own);
    return () => {
      this.#lostListeners.delete(own);
    };
  }

  #lose(fault: StoreFault): void {
    if (this.#lost !== undefined) return;
    const error = storeError(fault);
    this.#lost = error;
    this.#guard.stop();
    this.#owning?.lose();
    this.#owner.release();
    this.#subscriptions.wakeAll();
    for (const listener of [...this.#lostListeners]) listener(error);
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
    this.#met(() => {
      const reader = this.#unlost();
      const version = reader.dataVersion();
      if (version === this.#dataVersion) return [];
      this.#dataVersion = version;
      const from = (this.#seen ?? -1) + 1;
      this.#seen = reader.head();
      return this.#appendedTo({ from, to: this.#seen });
    });
  }

  #onForeign(range: ForeignRange): void {
    if (this.#lost === undefined) this.#met(() => this.#appendedTo(range));
  }

  /** One query, however many want to know. */
  #appendedTo({ from, to }: ForeignRange): readonly AppendedTo[] {
    return to < from ? [] : this.#unlost().appendedTo(from, to);
  }

  /** Tells of what other processes have appended. */
  #met(look: () => readonly AppendedTo[]): void {
    let found: readonly AppendedTo[] = [];
    try {
      found = look();
    } catch {
      // The subscriptions read the same file: they meet the same error, and have someone to tell.
      this.#subscriptions.wakeAll();
    }
    for (const { stream, revision, position } of found) {
      this.#subscriptions.appended(stream);
      for (const [listener, { from: since }] of [...this.#listeners]) if (position >= since) listener(stream, revision);
    }
  }
}

const positionOf = (head: number): string => (head < 0 ? BEGINNING : encodePosition(head));
