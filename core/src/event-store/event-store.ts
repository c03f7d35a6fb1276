import type { RepriseError } from '../shared/errors.ts';
import type { Json, JsonObject } from '../shared/json.ts';

export interface EventMetadata {
  /** The id of the command that caused the event. */
  readonly causationId: string;
  /** What belongs together across streams: the id of the run, or of the one at the root of those that it was started in. */
  readonly correlationId: string;
  /** Version of the event type's schema; upcasters bring older ones up to date. */
  readonly schemaVersion: number;
  /** W3C trace context: the trace of the run, the span of the attempt or else of the run. */
  readonly traceparent?: string;
  /** On whose behalf the run is. */
  readonly tenant?: string;
  /** The run that the event was copied from, with its revision. */
  readonly origin?: string;
  /** What is to come: stores keep all members, whatever they are called. */
  readonly [more: string]: Json | undefined;
}

export interface NewEvent {
  /** UUID. The same event appended again has the same id. */
  readonly id: string;
  readonly type: string;
  /** Milliseconds since the Unix epoch. */
  readonly time: number;
  readonly data: JsonObject;
  readonly metadata: EventMetadata;
}

export interface RecordedEvent extends NewEvent {
  readonly stream: string;
  /** Place in the stream: 0, 1, 2 … without gaps. */
  readonly revision: number;
  /** Place in the global order of all streams: growing, gaps allowed. */
  readonly position: number;
}

/** Expected revision of a stream that must not exist yet. */
export const NO_STREAM = -1;

/** A stream at a glance, kept by stores that can list streams. */
export interface StreamSummary {
  readonly kind: string;
  readonly name: string;
  readonly status: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface AppendOptions {
  /** Replaces the summary of the stream, in the same transaction. Stores without `streams` ignore it. */
  readonly summary?: StreamSummary;
}

export interface AppendResult {
  /** Revision of the last event of this append. */
  readonly revision: number;
  /** Position of the last event of this append. */
  readonly position: number;
}

export interface ReadOptions {
  /** First revision to return (inclusive). Default: 0 forwards, the last one backwards. */
  readonly from?: number;
  readonly direction?: 'forwards' | 'backwards';
  /** Events at most. Default 1,000. A page may be shorter, when its events are large: see EventPage. */
  readonly limit?: number;
}

/** One page of events. */
export interface EventPage extends ReadonlyArray<RecordedEvent> {
  /** Nothing followed it when it was read. Without this, only an empty page is the end. */
  readonly complete?: boolean;
}

export interface ReadAllOptions {
  /** First position to return (inclusive). Default 0. */
  readonly from?: number;
  /** As in ReadOptions. */
  readonly limit?: number;
}

export interface SubscribeOptions {
  /** First position to deliver (inclusive). Default 0. `'end'`: only what is appended from now on. */
  readonly from?: number | 'end';
  /** Events in global order; the next batch waits for the promise. A throw ends the subscription through onError. */
  onEvents(events: readonly RecordedEvent[]): void | Promise<void>;
  /** Called each time everything that was there has been delivered: at least once, even for an empty store. */
  onCaughtUp?(): void;
  onError?(error: unknown): void;
}

export interface EventStoreSubscription {
  close(): Promise<void>;
}

export interface StreamQuery {
  readonly kind: string;
  readonly statuses?: readonly string[];
  readonly name?: string;
  /** Created at or after this time (ms). */
  readonly since?: number;
  /** Prefix of the stream's name. */
  readonly prefix?: string;
  readonly limit?: number;
  /** From the last stream of the page before: its `cursor`. */
  readonly after?: string;
}

export interface ListedStream extends StreamSummary {
  readonly stream: string;
  readonly revision: number;
  readonly cursor: string;
}

/** Optional ability: summaries of streams, newest first. The engine needs it, to find open runs when it starts. */
export interface StreamCatalog {
  list(query: StreamQuery): Promise<readonly ListedStream[]>;
}

export interface Snapshot {
  readonly revision: number;
  /** Hash of the shape of `state`: a snapshot of another shape is ignored. */
  readonly schema: string;
  readonly state: string;
}

/** Optional ability: a disposable cache of folded state, one snapshot per stream. Losing one costs time, nothing else. */
export interface SnapshotCache {
  load(stream: string): Promise<Snapshot | undefined>;
  save(stream: string, snapshot: Snapshot): Promise<void>;
}

/** Optional ability: one process at a time drives the runs of the store; released when that process ends, however it ends. */
export interface StoreOwnership {
  /** Resolves to a release function; undefined when another process owns the store now. */
  acquire(): Promise<(() => Promise<void>) | undefined>;
  /** Calls back for every append made by another process. Returns a function that stops it. */
  onForeignAppend(listener: (stream: string, revision: number) => void): () => void;
  /**
   * Calls back once when the store is lost to this process (its file was deleted or replaced, or its lock was): ownership is given up,
   * and every use of the store rejects with that error from then on. Returns a function that stops it.
   */
  onLost?(listener: (error: RepriseError) => void): () => void;
}

/**
 * Append-only streams of events with one global order. Events are plain JSON: `structuredClone` and JSON keep all of them. A store
 * may keep what it is handed and must not change it.
 *
 * Failures are RepriseErrors: REPRISE_STORE_CONFLICT (`details.actualRevision`), REPRISE_STORE_UNKNOWN_OUTCOME,
 * REPRISE_STORE_UNAVAILABLE, REPRISE_STORE_TOO_LARGE, REPRISE_STORE_CLOSED, REPRISE_STORE_CORRUPT,
 * REPRISE_STORE_REPLACED.
 */
export interface EventStore {
  /**
   * Appends all events or none, durably, at `expectedRevision + 1`; `expectedRevision` is the stream's last revision, or
   * NO_STREAM. An append whose events (by id) are already at those revisions succeeds and changes nothing.
   */
  append(
    stream: string,
    events: readonly NewEvent[],
    expectedRevision: number,
    options?: AppendOptions,
  ): Promise<AppendResult>;
  /** One page of a stream; empty for a stream that does not exist. */
  read(stream: string, options?: ReadOptions): Promise<EventPage>;
  /** One page of all streams in global order. */
  readAll(options?: ReadAllOptions): Promise<readonly RecordedEvent[]>;
  subscribe(options: SubscribeOptions): Promise<EventStoreSubscription>;
  /** Waits for appends under way, then releases everything. Further calls fail with REPRISE_STORE_CLOSED. */
  close(): Promise<void>;
  readonly streams?: StreamCatalog;
  readonly snapshots?: SnapshotCache;
  readonly ownership?: StoreOwnership;
}
