import { type FileHandle, open } from 'node:fs/promises';
import {
  type AppendResult,
  BEGINNING,
  decodePosition,
  definePlugin,
  type EventStore,
  encodePosition,
  type NewEvent,
  type Plugin,
  type RecordedEvent,
  RepriseError,
  type Storage,
  Subscriptions,
  storeClosed,
  storeConflict,
} from '@reprise/core/plugin';

/** History as text: a line for each append, so that an append is there as a whole or not at all. For one process at a time. */
export const jsonLines = (path: string): Plugin<'event-store'> =>
  definePlugin({ name: 'json-lines', kind: 'event-store', create: () => createJsonLinesStorage(path) });

export async function createJsonLinesStorage(path: string): Promise<Storage> {
  const file = await open(path, 'a+');
  const events = new JsonLinesStore(file);
  await events.load();
  return { events };
}

class JsonLinesStore implements EventStore {
  readonly #file: FileHandle;
  readonly #log: RecordedEvent[] = [];
  readonly #streams = new Map<string, RecordedEvent[]>();
  readonly #subscriptions = new Subscriptions({
    read: (stream, options) => this.read(stream, options),
    readAll: (options) => this.readAll(options),
    end: () => this.#log.at(-1)?.position ?? BEGINNING,
    endOf: (stream) => this.#of(stream).length - 1,
  });
  #size = 0;
  /** One append after the other: the revision is compared when it is an append's turn. */
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** A last line without its end was never acknowledged: it is cut off. */
  async load(): Promise<void> {
    const text = await this.#file.readFile();
    this.#size = text.lastIndexOf('\n') + 1;
    for (const line of text.toString('utf8', 0, this.#size).split('\n').slice(0, -1)) {
      const { stream, events } = JSON.parse(line) as { readonly stream: string; readonly events: NewEvent[] };
      this.#record(stream, events);
    }
    await this.#file.truncate(this.#size);
  }

  async append(stream: string, events: readonly NewEvent[], expectedRevision: number): Promise<AppendResult> {
    if (this.#closed) throw storeClosed();
    const appended = this.#last.then(() => this.#append(stream, events, expectedRevision));
    this.#last = appended.catch(() => undefined);
    return appended;
  }

  async #append(stream: string, events: readonly NewEvent[], expected: number): Promise<AppendResult> {
    const known = this.#of(stream);
    if (known.length - 1 !== expected) {
      const there = known.slice(expected + 1, expected + 1 + events.length);
      const last = there.at(-1);
      // The same append again is a success that changes nothing.
      const isRepeated = expected >= -1 && last !== undefined && events.every(({ id }, at) => there[at]?.id === id);
      if (!isRepeated) throw storeConflict(stream, expected, known.length - 1);
      return { revision: last.revision, position: last.position };
    }
    if (events.length > 0) {
      await this.#write(`${JSON.stringify({ stream, events })}\n`);
      this.#record(stream, events);
      this.#subscriptions.appended(stream);
    }
    return { revision: expected + events.length, position: this.#of(stream).at(-1)?.position ?? BEGINNING };
  }

  /** Acknowledged only when it is on disk. What was written in part is taken back, so that the next line begins where this one did. */
  async #write(line: string): Promise<void> {
    try {
      await this.#file.appendFile(line);
      await this.#file.datasync();
      this.#size += Buffer.byteLength(line);
    } catch (cause) {
      await this.#file.truncate(this.#size);
      throw new RepriseError('REPRISE_STORE_UNAVAILABLE', 'The line could not be written.', { cause, retryable: true });
    }
  }

  async read(stream: string, options: Parameters<EventStore['read']>[1] = {}): Promise<readonly RecordedEvent[]> {
    if (this.#closed) throw storeClosed();
    const { from, direction = 'forwards', limit = 1000 } = options;
    const all = this.#of(stream);
    if (direction === 'forwards') return all.slice(from ?? 0, (from ?? 0) + limit);
    const end = Math.min(from ?? all.length, all.length - 1) + 1;
    return all.slice(Math.max(0, end - limit), end).reverse();
  }

  async readAll({ after = BEGINNING, limit = 1000 } = {}): Promise<readonly RecordedEvent[]> {
    if (this.#closed) throw storeClosed();
    const from = decodePosition(after) + 1;
    return this.#log.slice(from, from + limit);
  }

  async subscribe(options: Parameters<EventStore['subscribe']>[0]) {
    if (this.#closed) throw storeClosed();
    return this.#subscriptions.open(options);
  }

  async close(): Promise<void> {
    const first = !this.#closed;
    this.#closed = true;
    await Promise.all([this.#last, this.#subscriptions.close()]);
    if (first) await this.#file.close();
  }

  #of(stream: string): readonly RecordedEvent[] {
    return this.#streams.get(stream) ?? [];
  }

  #record(stream: string, events: readonly NewEvent[]): void {
    const known = this.#streams.get(stream) ?? [];
    this.#streams.set(stream, known);
    for (const event of events) {
      const recorded = { ...event, stream, revision: known.length, position: encodePosition(this.#log.length) };
      known.push(recorded);
      this.#log.push(recorded);
    }
  }
}
