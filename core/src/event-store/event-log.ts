import {
  type AppendResult,
  type EventPage,
  type NewEvent,
  NO_STREAM,
  type ReadAllOptions,
  type ReadOptions,
  type RecordedEvent,
} from './event-store.ts';
import { BEGINNING, decodePosition, encodePosition, type Position } from './position.ts';
import { storeConflict } from './store-errors.ts';

const DEFAULT_READ_LIMIT = 1000;

/** Recorded events in memory, by stream and in their global order: what a store that holds all of its events is made of. Nothing is copied. */
export class EventLog {
  /** By position; undefined where an event was removed. The last one is there: a removal is followed by its record. */
  readonly #all: (RecordedEvent | undefined)[] = [];
  readonly #streams = new Map<string, RecordedEvent[]>();

  /** The last position; BEGINNING when there is none. */
  get end(): Position {
    return this.#all.at(-1)?.position ?? BEGINNING;
  }

  /** The last revision of a stream; NO_STREAM when there is none. */
  endOf(stream: string): number {
    return this.#of(stream).length - 1;
  }

  /** Records the events behind the last of the stream, without asking. */
  add(stream: string, events: readonly NewEvent[]): AppendResult {
    let known = this.#streams.get(stream);
    if (known === undefined && events.length > 0) {
      known = [];
      this.#streams.set(stream, known);
    }
    for (const { id, type, time, data, metadata } of events) {
      const revision = known?.length ?? 0;
      const recorded = { id, type, time, data, metadata, stream, revision, position: encodePosition(this.#all.length) };
      known?.push(recorded);
      this.#all.push(recorded);
    }
    return { revision: this.endOf(stream), position: known?.at(-1)?.position ?? BEGINNING };
  }

  /** What an append comes to that was made before; undefined for one that may be made now. Throws REPRISE_STORE_CONFLICT for any other. */
  repeated(stream: string, events: readonly NewEvent[], expectedRevision: number): AppendResult | undefined {
    const end = this.endOf(stream);
    if (end === expectedRevision) return undefined;
    const there =
      expectedRevision < NO_STREAM
        ? []
        : this.#of(stream).slice(expectedRevision + 1, expectedRevision + 1 + events.length);
    const last = there.at(-1);
    if (last === undefined || !events.every(({ id }, index) => there[index]?.id === id))
      throw storeConflict(stream, expectedRevision, end);
    return { revision: last.revision, position: last.position };
  }

  read(stream: string, options: ReadOptions = {}): EventPage {
    const { from, direction = 'forwards', limit = DEFAULT_READ_LIMIT } = options;
    const events = this.#of(stream);
    if (direction === 'forwards') return page(events, from ?? 0, limit);
    const last = Math.min(from ?? events.length, events.length - 1) + 1;
    return events.slice(Math.max(0, last - limit), Math.max(0, last)).reverse();
  }

  readAll({ after = BEGINNING, limit = DEFAULT_READ_LIMIT }: ReadAllOptions = {}): EventPage {
    const events: RecordedEvent[] = [];
    for (let at = Math.max(0, decodePosition(after) + 1); at < this.#all.length && events.length < limit; at += 1) {
      const event = this.#all[at];
      if (event !== undefined) events.push(event);
    }
    return events;
  }

  /** Forgets a stream. An event has to be added after that. */
  remove(stream: string): void {
    for (const { position } of this.#of(stream)) this.#all[decodePosition(position)] = undefined;
    this.#streams.delete(stream);
  }

  #of(stream: string): readonly RecordedEvent[] {
    return this.#streams.get(stream) ?? [];
  }
}

const page = (events: readonly RecordedEvent[], from: number, limit: number): EventPage =>
  events.slice(Math.max(0, from), Math.max(0, from) + Math.max(0, limit));
