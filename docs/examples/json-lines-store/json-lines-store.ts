import { type FileHandle, open } from 'node:fs/promises';
import {
  type AppendResult,
  definePlugin,
  EventLog,
  type EventStore,
  type NewEvent,
  type Plugin,
  type ReadAllOptions,
  type ReadOptions,
  RepriseError,
  type Storage,
  type SubscribeOptions,
  Subscriptions,
  storeClosed,
} from '@reprise/core/plugin';

/** History as text: a line for each append, so that an append is there as a whole or not at all. For one process at a time. */
export const jsonLines = (path: string): Plugin<'event-store'> =>
  definePlugin({ name: 'json-lines', kind: 'event-store', create: () => createJsonLinesStorage(path) });

export async function createJsonLinesStorage(path: string): Promise<Storage> {
  const events = new JsonLinesStore(await open(path, 'a+'));
  await events.load();
  return { events };
}

class JsonLinesStore implements EventStore {
  readonly #file: FileHandle;
  readonly #log = new EventLog();
  readonly #subscriptions = new Subscriptions({
    read: (stream, options) => this.read(stream, options),
    readAll: (options) => this.readAll(options),
    end: () => this.#log.end,
    endOf: (stream) => this.#log.endOf(stream),
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
      this.#log.add(stream, events);
    }
    await this.#file.truncate(this.#size);
  }

  async append(stream: string, events: readonly NewEvent[], expectedRevision: number): Promise<AppendResult> {
    this.#assertOpen();
    const appended = this.#last.then(async () => {
      // The same append again is a success that changes nothing.
      const repeated = this.#log.repeated(stream, events, expectedRevision);
      if (repeated !== undefined) return repeated;
      if (events.length > 0) await this.#write(`${JSON.stringify({ stream, events })}\n`);
      const result = this.#log.add(stream, events);
      this.#subscriptions.appended(stream);
      return result;
    });
    this.#last = appended.catch(() => undefined);
    return appended;
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

  async read(stream: string, options?: ReadOptions) {
    this.#assertOpen();
    return this.#log.read(stream, options);
  }

  async readAll(options?: ReadAllOptions) {
    this.#assertOpen();
    return this.#log.readAll(options);
  }

  async subscribe(options: SubscribeOptions) {
    this.#assertOpen();
    return this.#subscriptions.open(options);
  }

  async close(): Promise<void> {
    const first = !this.#closed;
    this.#closed = true;
    await Promise.all([this.#last, this.#subscriptions.close()]);
    if (first) await this.#file.close();
  }

  #assertOpen(): void {
    if (this.#closed) throw storeClosed();
  }
}
