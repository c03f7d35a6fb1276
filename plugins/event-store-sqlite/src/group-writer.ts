import type { StreamEnd, StreamSummary } from '@reprise/core/plugin';
import { chained, checksumOf, rootOf } from './checksum.ts';
import { lookFor, type WatchedFile } from './file-identity.ts';
import { type EventColumns, packId, TRACEPARENT_AT, unpackId } from './mapping.ts';
import type { DatabaseSync, SQLInputValue, StatementSync } from './node-sqlite.ts';
import { EVENT_COLUMNS } from './schema.ts';
import { corrupt, type StoreFault, StoreFaultError, toFault } from './store-fault.ts';
import { packTrace, type Trace, traceFrom, traceOf, traceText } from './trace-packing.ts';
import {
  APPENDED,
  type AppendRequest,
  appendsOf,
  CONFLICT,
  REMOVAL_CONFLICT,
  type WriteMessage,
  type WriteOutcome,
} from './write-messages.ts';

const NO_STREAM = -1;
/** Rows in one INSERT. */
const CHUNK = 16;
/** Commits after which the lock file is looked at again, too; the guard looks every half second besides. */
const LOOK_AT_ALL = 32;
/** Streams whose last revision is remembered. */
const HEADS = 100_000;

interface Head {
  readonly id: number;
  /** Of the stream: see trace-packing.ts. */
  readonly trace: Trace | undefined;
  revision: number;
  /** Of the event at `revision`: what the next one's begins with. */
  checksum: number;
}

export interface ForeignRange {
  readonly from: number;
  readonly to: number;
}

/** The outcome of each message of a group, in order, and what other processes had appended before it. */
export interface GroupOutcome {
  readonly outcomes: readonly WriteOutcome[];
  readonly foreign: ForeignRange | undefined;
}

/**
 * Commits groups of messages, each group in one transaction and so with one fsync. Blocking; it belongs on a thread of its
 * own.
 *
 * Positions are handed out inside the transaction, and SQLite has one write transaction at a time over all processes, so
 * the order of positions is the order of commits and a reader never sees a position before a smaller one.
 *
 * Streams' last revisions are remembered for as long as nobody else commits: PRAGMA data_version changes exactly when
 * another connection did. A conflict rejects its own append; a fault (disk full) rolls back the whole group.
 *
 * A commit is acknowledged when the paths of `files` still name what was opened; before a group is written the first of them,
 * the database, must. A WAL that belongs to another file by now is not written to.
 */
export class GroupWriter {
  readonly #db: DatabaseSync;
  readonly #path: string;
  readonly #heads = new Map<string, Head>();
  readonly #sql: Statements;
  #dataVersion: unknown;
  #position: number;
  #pending: SQLInputValue[] = [];
  #files: readonly WatchedFile[];
  #commits = 0;

  /** `knownHead`: the last position that was seen before; anything after it counts as foreign. */
  constructor(db: DatabaseSync, path: string, knownHead?: number, files: readonly WatchedFile[] = []) {
    this.#db = db;
    this.#path = path;
    this.#files = files;
    this.#sql = prepare(db);
    this.#position = knownHead ?? this.#storedHead();
  }

  /** From now on these are looked at. */
  watch(files: readonly WatchedFile[]): void {
    this.#files = files;
  }

  /** The last position known to this writer; -1 in an empty store. */
  get head(): number {
    return this.#position;
  }

  /** What other processes have appended since the last look. */
  poll(): ForeignRange | undefined {
    if (this.#sql.dataVersion.get()?.data_version === this.#dataVersion) return undefined;
    this.#sql.beginRead.run();
    try {
      return this.#lookForForeign();
    } finally {
      this.#sql.commit.run();
    }
  }

  write(messages: readonly WriteMessage[]): GroupOutcome {
    const before = this.#position;
    let foreign: ForeignRange | undefined;
    try {
      this.#sql.begin.run();
      foreign = this.#lookForForeign();
      const outcomes = messages.map((message) => this.#apply(message));
      this.#flush();
      this.#sql.commit.run();
      const lost = this.#look();
      // Lost: it is committed, but to a file that nobody will find.
      return { outcomes: lost === undefined ? outcomes : messages.map(() => lost), foreign };
    } catch (error) {
      const fault = toFault(error, this.#path);
      this.#rollBack(foreign?.to ?? before);
      return { outcomes: messages.map(() => fault), foreign };
    }
  }

  /**
   * After every commit at the database file and its WAL, now and then at the owner's lock file as well (a new owner waits for longer
   * than the guard needs to see that it is gone): each look is a call of the system.
   */
  #look(): StoreFault | undefined {
    this.#commits += 1;
    return lookFor(this.#commits % LOOK_AT_ALL === 0 ? this.#files : this.#files.slice(0, 2));
  }

  #rollBack(position: number): void {
    this.#pending = [];
    this.#heads.clear();
    this.#position = position;
    if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
  }

  #lookForForeign(): ForeignRange | undefined {
    const version = this.#sql.dataVersion.get()?.data_version;
    if (version === this.#dataVersion) return undefined;
    this.#dataVersion = version;
    this.#heads.clear();
    const from = this.#position + 1;
    const to = this.#storedHead();
    if (to < this.#position) {
      this.#dataVersion = undefined; // so that the next append looks again, and fails as well
      const missing = `the positions from ${to + 1} to ${this.#position} were there before, and are missing`;
      throw new StoreFaultError(corrupt(this.#path, missing));
    }
    this.#position = to;
    return to < from ? undefined : { from, to };
  }

  #storedHead(): number {
    return Number(this.#sql.lastPosition.get()?.position ?? -1);
  }

  #apply(message: WriteMessage): number[] {
    const results: number[] = [];
    for (const append of appendsOf(message.appends)) this.#append(append, results);
    for (const [stream, { revision, schema, state }] of message.snapshots) {
      this.#sql.saveSnapshot.run(stream, revision, schema, state, checksumOf(state));
    }
    return results;
  }

  #append({ stream, expectedRevision, summary, removes, events }: AppendRequest, results: number[]): void {
    let head = this.#head(stream);
    const actual = head?.revision ?? NO_STREAM;
    if (actual !== expectedRevision) {
      const position = this.#repeatedAt(head, events, expectedRevision);
      if (position === undefined) results.push(CONFLICT, actual, 0);
      else results.push(APPENDED, expectedRevision + events.length, position);
      return;
    }
    const removed = removes === null ? [] : (JSON.parse(removes) as readonly StreamEnd[]);
    const moved = removed.findIndex((one) => (this.#head(one.stream)?.revision ?? NO_STREAM) !== one.revision);
    if (moved !== -1) {
      results.push(REMOVAL_CONFLICT, moved, this.#head(removed[moved]?.stream ?? '')?.revision ?? NO_STREAM);
      return;
    }
    for (const one of removed) this.#remove(one.stream);
    if (events.length === 0) {
      results.push(APPENDED, actual, this.#positionOf(head));
      return;
    }
    head ??= this.#create(stream, traceOf(events[0]?.[TRACEPARENT_AT]));
    for (const event of events) this.#insert(head, event);
    if (summary !== null) this.#summarise(head.id, JSON.parse(summary));
    results.push(APPENDED, head.revision, this.#position);
  }

  /** What follows is the record of the removal: the last position never goes back. */
  #remove(stream: string): void {
    const head = this.#head(stream);
    if (head === undefined) return;
    this.#flush();
    this.#sql.removeEvents.run(head.id);
    this.#sql.removeStream.run(head.id);
    this.#sql.removeSnapshot.run(stream);
    this.#heads.delete(stream);
  }

  #insert(head: Head, event: EventColumns): void {
    const [id, type, time, data, causation, correlation, schemaVersion, traceparent, meta] = event;
    this.#position += 1;
    head.revision += 1;
    head.checksum = chained(head.checksum, head.revision, event);
    this.#pending.push(this.#position, head.id, head.revision, packId(id), type, time, data);
    this.#pending.push(
      packId(causation),
      correlation === null ? null : packId(correlation),
      schemaVersion,
      packTrace(traceparent, head.trace),
      head.checksum,
      meta,
    );
    if (this.#pending.length === CHUNK * EVENT_COLUMNS.length) {
      this.#sql.insertChunk.run(...this.#pending);
      this.#pending = [];
    }
  }

  #flush(): void {
    for (let at = 0; at < this.#pending.length; at += EVENT_COLUMNS.length) {
      this.#sql.insertOne.run(...this.#pending.slice(at, at + EVENT_COLUMNS.length));
    }
    this.#pending = [];
  }

  #head(stream: string): Head | undefined {
    const known = this.#heads.get(stream);
    if (known !== undefined) return known;
    const row = this.#sql.streamId.get(stream);
    if (row === undefined) return undefined;
    const id = Number(row.id);
    const last = this.#sql.lastEvent.get(id);
    return this.#remember(stream, {
      id,
      trace: traceFrom(row.trace as string | null),
      revision: Number(last?.revision ?? NO_STREAM),
      checksum: Number(last?.checksum ?? rootOf(stream)),
    });
  }

  #create(stream: string, trace: Trace | undefined): Head {
    const { lastInsertRowid } = this.#sql.createStream.run(stream, traceText(trace));
    const head = { id: Number(lastInsertRowid), trace, revision: NO_STREAM, checksum: rootOf(stream) };
    return this.#remember(stream, head);
  }

  #remember(stream: string, head: Head): Head {
    if (this.#heads.size >= HEADS) {
      this.#flush(); // what is asked of the database from here on must include this group
      this.#heads.clear();
    }
    this.#heads.set(stream, head);
    return head;
  }

  #summarise(id: number, { kind, name, status, createdAt, updatedAt, attributes }: StreamSummary): void {
    const more = attributes === undefined ? null : JSON.stringify(attributes);
    this.#sql.summarise.run(kind, name, status, createdAt, updatedAt, more, id);
  }

  #positionOf(head: Head | undefined): number {
    if (head === undefined) return -1;
    this.#flush();
    return Number(this.#sql.eventAt.get(head.id, head.revision)?.position ?? -1);
  }

  /** Position of the last of `events`, when all of them are already there right after `expectedRevision`. */
  #repeatedAt(head: Head | undefined, events: readonly EventColumns[], expectedRevision: number): number | undefined {
    if (head === undefined || events.length === 0 || expectedRevision + events.length > head.revision) return undefined;
    this.#flush();
    let position: number | undefined;
    for (const [index, [id]] of events.entries()) {
      const row = this.#sql.eventAt.get(head.id, expectedRevision + 1 + index);
      if (row === undefined || unpackId(row.id) !== id) return undefined;
      position = Number(row.position);
    }
    return position;
  }
}

interface Statements {
  readonly begin: StatementSync;
  readonly beginRead: StatementSync;
  readonly commit: StatementSync;
  readonly dataVersion: StatementSync;
  readonly lastPosition: StatementSync;
  readonly streamId: StatementSync;
  readonly lastEvent: StatementSync;
  readonly eventAt: StatementSync;
  readonly createStream: StatementSync;
  readonly insertOne: StatementSync;
  readonly insertChunk: StatementSync;
  readonly summarise: StatementSync;
  readonly saveSnapshot: StatementSync;
  readonly removeEvents: StatementSync;
  readonly removeStream: StatementSync;
  readonly removeSnapshot: StatementSync;
}

function prepare(db: DatabaseSync): Statements {
  const row = `(${EVENT_COLUMNS.map(() => '?').join(',')})`;
  const insert = `INSERT INTO events (${EVENT_COLUMNS.join(',')}) VALUES `;
  return {
    begin: db.prepare('BEGIN IMMEDIATE'),
    beginRead: db.prepare('BEGIN'),
    commit: db.prepare('COMMIT'),
    dataVersion: db.prepare('PRAGMA data_version'),
    lastPosition: db.prepare('SELECT max(position) AS position FROM events'),
    streamId: db.prepare('SELECT id, trace FROM streams WHERE stream = ?'),
    lastEvent: db.prepare('SELECT revision, checksum FROM events WHERE stream_id = ? ORDER BY revision DESC LIMIT 1'),
    eventAt: db.prepare('SELECT position, id FROM events WHERE stream_id = ? AND revision = ?'),
    createStream: db.prepare('INSERT INTO streams (stream, trace) VALUES (?, ?)'),
    insertOne: db.prepare(insert + row),
    insertChunk: db.prepare(insert + Array(CHUNK).fill(row).join(',')),
    summarise: db.prepare(
      'UPDATE streams SET kind = ?, name = ?, status = ?, created_at = ?, updated_at = ?, attributes = ? WHERE id = ?',
    ),
    removeEvents: db.prepare('DELETE FROM events WHERE stream_id = ?'),
    removeStream: db.prepare('DELETE FROM streams WHERE id = ?'),
    removeSnapshot: db.prepare('DELETE FROM snapshots WHERE stream = ?'),
    saveSnapshot: db.prepare(
      `INSERT INTO snapshots (stream, revision, schema, state, checksum) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (stream) DO UPDATE SET revision = excluded.revision, schema = excluded.schema, state = excluded.state,
         checksum = excluded.checksum`,
    ),
  };
}
