import type { RepriseError } from '../shared/errors.ts';
import type { Finding } from '../shared/finding.ts';
import type { AppendResult, EventStore, NewEvent, StreamSummary } from './event-store.ts';
import type { Ownership } from './ownership.ts';

/** Which streams are listed, newest first. `since`: milliseconds since the Unix epoch; `after`: the cursor of the last one of the page before. */
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

/** A stream in a list, with the cursor to go on after it. */
export interface ListedStream extends StreamSummary {
  readonly stream: string;
  readonly revision: number;
  /** Time of its last event: the summary need not have come with it. */
  readonly lastEventAt: number;
  readonly cursor: string;
}

/** A store's own list of streams by their summaries, newest first. */
export interface StreamCatalog {
  list(query: StreamQuery): Promise<readonly ListedStream[]>;
}

/** A state that was folded up to a revision; a cache, void when its schema is another. */
export interface Snapshot {
  readonly revision: number;
  /** Hash of the shape of `state`: a snapshot of another shape is ignored. */
  readonly schema: string;
  readonly state: string;
}

/** A disposable cache of folded state, one snapshot per stream. Losing one costs time, nothing else. */
export interface SnapshotCache {
  load(stream: string): Promise<Snapshot | undefined>;
  save(stream: string, snapshot: Snapshot): Promise<void>;
}

/** What other processes do to the store. */
export interface ForeignAppends {
  /**
   * Calls back for every append made by another process, with the last revision of the stream: for each that a read of everything (readAll, list of the
   * catalog) which began after this call does not have, at the least. `type` is that of its last event, where the store knows it without reading: whoever
   * waits for another one is spared a look. A store that tells several appends as one leaves it out. Returns a function that stops it.
   */
  onAppend(listener: (stream: string, revision: number, type?: string) => void): () => void;
  /**
   * Calls back once when the store is lost to this process (its file was deleted or replaced, or its lock was): ownership is lost,
   * and every use of the store rejects with that error from then on. Returns a function that stops it.
   */
  onLost?(listener: (error: RepriseError) => void): () => void;
}

/** What a store says of how it is. */
export type StoreFinding = Finding;

/** What a store holds. Sizes are in bytes, times in ms since the Unix epoch; what it cannot tell is absent. */
export interface StoreStats {
  readonly events: number;
  readonly streams: number;
  /** On its disk. */
  readonly bytes?: number;
  /** Of these: what compact() gives back, about. */
  readonly freeBytes?: number;
  /** Of the first event, and of the last. */
  readonly firstAt?: number;
  readonly lastAt?: number;
}

/** A stream, and its last revision. */
export interface StreamEnd {
  readonly stream: string;
  readonly revision: number;
}

/** What is appended where streams are removed: who did it, and why. */
export interface RemovalRecord {
  readonly stream: string;
  /** One at the least. */
  readonly events: readonly NewEvent[];
  readonly expectedRevision: number;
}

/** What a plugin of kind 'event-store' brings: history, and what else its technology can do. All of it is closed by `events.close()`. */
export interface Storage {
  readonly events: EventStore;
  /** Absent: no other process can reach it, so this one drives everything. */
  readonly ownership?: Ownership;
  /** Several processes may drive its runs at a time, each its own: an ownership of the transport takes the place of `ownership`. */
  readonly partitioned?: true;
  readonly snapshots?: SnapshotCache;
  readonly catalog?: StreamCatalog;
  readonly foreign?: ForeignAppends;
  /** What it is connected to, and what there would lose history. Changes nothing. */
  inspect?(): Promise<readonly StoreFinding[]>;
  stats?(): Promise<StoreStats>;
  /** Writes everything, as of one moment, to a new file, which opens as a store of its own; beside whoever writes. Rejects, and leaves it, when a file is there. */
  backup?(to: string): Promise<void>;
  /**
   * Removes whole streams, with all that is kept of them (summary, snapshot), and appends the record, which is of none of them: all of that at once, or nothing.
   * What was removed is never read again; the positions and revisions of everything else stay as they are, and a subscription goes on with what follows. A stream of that name may begin anew. Rejects with
   * REPRISE_STORE_CONFLICT (`details.stream`, `details.actualRevision`) when one of the streams, or that of the record, does not end where it is said to. A removal
   * whose record (by the ids of its events) is there already succeeds, and changes nothing.
   */
  remove?(streams: readonly StreamEnd[], record: RemovalRecord): Promise<AppendResult>;
  /** Gives back the room that nothing takes any more. Appends wait for it. */
  compact?(): Promise<void>;
}
