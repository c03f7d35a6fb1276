import type { Json, JsonObject } from '../shared/json.ts';
import type { Position } from './position.ts';

/** What is known about an event beside its data: why it came about, in which trace, by whom. */
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
  /** Of what a person or a program asked for: who they say that they are, and why. */
  readonly by?: string;
  readonly reason?: string;
  /**
   * Of what a worker in another process said: which, as it calls itself, and whether it proved that it was handed the attempt. Of what a client in another process
   * sent to whoever drives the run: that client, as it calls itself, which nobody has verified.
   */
  readonly sender?:
    | { readonly worker: string; readonly verified: boolean }
    | { readonly client: string; readonly verified: boolean };
  /** The run that the event was copied from, with its revision. */
  readonly origin?: string;
  /**
   * Of the last event of an append, after which nothing is to be done for the run unless something comes from outside: until when, in ms since the
   * Unix epoch; null for ever. Counts for as long as no other event follows.
   */
  readonly sleepsUntil?: number | null;
  /** What is to come: stores keep all members, whatever they are called. */
  readonly [more: string]: Json | undefined;
}

/** An event that is to be appended. `time`: milliseconds since the Unix epoch. */
export interface NewEvent {
  /** UUID. The same event appended again has the same id. */
  readonly id: string;
  readonly type: string;
  /** Milliseconds since the Unix epoch. */
  readonly time: number;
  readonly data: JsonObject;
  readonly metadata: EventMetadata;
}

/** An event where it stands: in its stream, and in the order of all. */
export interface RecordedEvent extends NewEvent {
  readonly stream: string;
  /** Place in the stream: 0, 1, 2 … without gaps. */
  readonly revision: number;
  /** Place in the global order of all streams. */
  readonly position: Position;
}

/** Expected revision of a stream that must not exist yet. */
export const NO_STREAM = -1;

/** A stream at a glance, as the one who appends sees it. */
export interface StreamSummary {
  readonly kind: string;
  readonly name: string;
  readonly status: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** What else is to be listed with it. A catalog keeps it as it is. */
  readonly attributes?: JsonObject;
}

export interface AppendOptions {
  /** Replaces the summary of the stream, in the same transaction. Stores without a catalog of their own ignore it. */
  readonly summary?: StreamSummary;
}

export interface AppendResult {
  /** Revision of the last event of this append. */
  readonly revision: number;
  /** Position of the last event of this append; of the stream's last one when it was empty (BEGINNING when there is none). */
  readonly position: Position;
}

/** A part of a stream: from which revision, in which direction, how many events. */
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
  /** Only what comes after it. Default BEGINNING. */
  readonly after?: Position;
  /** As in ReadOptions. */
  readonly limit?: number;
}

/** What a subscription calls, one call after the other. */
export interface SubscriptionCallbacks {
  /** Events in their order; the next batch waits for the promise. A throw ends the subscription through onError. */
  onEvents(events: readonly RecordedEvent[]): void | Promise<void>;
  /** Called each time everything that was there has been delivered: at least once, even when there is nothing. */
  onCaughtUp?(): void;
  onError?(error: unknown): void;
}

/** To all streams, in global order. */
export interface SubscribeToAll extends SubscriptionCallbacks {
  readonly stream?: undefined;
  /** Only what comes after it. Default BEGINNING. `'end'`: only what is appended from now on. */
  readonly after?: Position | 'end';
}

/** To one stream, which need not exist yet. */
export interface SubscribeToStream extends SubscriptionCallbacks {
  readonly stream: string;
  /** Only what comes after this revision. Default NO_STREAM: all of it. `'end'`: only what is appended from now on. */
  readonly after?: number | 'end';
}

/** What is subscribed to: all streams after a position, or one after a revision. */
export type SubscribeOptions = SubscribeToAll | SubscribeToStream;

/** Ends what a subscription delivers. After `close` has resolved, no callback is called. */
export interface EventStoreSubscription {
  close(): Promise<void>;
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
  /** The most that one append may take, metadata included, in bytes of JSON. Absent: no limit that would matter. */
  readonly maxAppendBytes?: number;
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
  readAll(options?: ReadAllOptions): Promise<EventPage>;
  /** Only an append to what it is about costs a subscription anything. */
  subscribe(options: SubscribeOptions): Promise<EventStoreSubscription>;
  /** Waits for appends under way, then releases everything. Further calls fail with REPRISE_STORE_CLOSED. */
  close(): Promise<void>;
}
