import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import { type ErrorCode, type NewEvent, NO_STREAM, RepriseError, sleep, systemClock } from '@reprise/core/plugin';
import type { ANY, Appended } from './append.ts';
import type { Connection } from './connection.ts';
import { Limiter } from './limiter.ts';
import { type Proposed, sizeOf } from './mapping.ts';
import type { LogPosition } from './position.ts';
import { type Answer, allRequest, answerOf, endRequest, streamRequest } from './requests.ts';
import { type Call, storeError } from './store-error.ts';

export interface LogOptions {
  readonly deadlineMs: number;
  readonly maxAppendBytes: number;
  readonly maxInFlight: number;
}

/** A page ends with the event that takes its data to this many bytes. */
const PAGE_BYTES = 4 * 1024 * 1024;

/** Before a read is tried again, in ms; doubled each time. */
const FIRST_PAUSE_MS = 20;

/** Answers in their order. `complete`: nothing followed when they were read. */
export interface Page {
  readonly answers: readonly Answer[];
  readonly complete: boolean;
}

/** Appends and reads of one handle, each with a deadline and its errors sorted. Streams are called as EventStoreDB calls them. */
export class Log {
  readonly #connection: Connection;
  readonly #options: LogOptions;
  readonly #limiter: Limiter;

  constructor(connection: Connection, options: LogOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#limiter = new Limiter(options.maxInFlight);
  }

  /** Throws REPRISE_STORE_TOO_LARGE for events that are too large for one append. */
  assertFits(stream: string, proposed: readonly Proposed[], events: readonly NewEvent[]): void {
    const { maxAppendBytes } = this.#options;
    let bytes = 0;
    for (const [index, one] of proposed.entries()) {
      const size = sizeOf(one);
      bytes += size;
      if (size <= maxAppendBytes && bytes <= maxAppendBytes) continue;
      const { id, type } = events[index] ?? one;
      const what =
        size > maxAppendBytes
          ? `Event ${id} (${type}) of ${stream} has ${size} bytes`
          : `${proposed.length} events for ${stream} have more than ${bytes} bytes`;
      throw new RepriseError(
        'REPRISE_STORE_TOO_LARGE',
        `${what}; EventStoreDB takes ${maxAppendBytes} in one append.`,
        {
          fix: 'Pass large data by reference; or raise --max-append-size of every node, and the option maxAppendBytes with it.',
        },
      );
    }
  }

  append(stream: string, events: readonly Proposed[], expected: number | typeof ANY): Promise<Appended> {
    const { deadlineMs } = this.#options;
    return this.#call({ what: 'append', of: `stream ${stream}` }, () =>
      this.#connection.appendEvents(stream, events, expected, deadlineMs),
    );
  }

  /** Empty for a stream that is not there. `from` is inclusive. */
  readStream(stream: string, from: number | undefined, backwards: boolean, count: number): Promise<Page> {
    return this.#page(streamRequest(stream, from, backwards, count), count, `stream ${stream}`);
  }

  /** The last event of a stream; undefined when there is none. */
  async last(stream: string): Promise<Answer | undefined> {
    return (await this.readStream(stream, undefined, true, 1)).answers[0];
  }

  /** The last revision of a stream; NO_STREAM when there is none. */
  async lastRevision(stream: string): Promise<number> {
    return (await this.last(stream))?.kept.revision ?? NO_STREAM;
  }

  /** Events of streams that fit `filter`, from a position on, the one at it included. */
  readAll(filter: string, from: LogPosition | undefined, count: number): Promise<Page> {
    return this.#page(allRequest(filter, from, count), count, 'all streams ($all)');
  }

  /** Where the log ends, whoever wrote there; undefined for a log that nobody ever wrote to. */
  async end(): Promise<LogPosition | undefined> {
    return (await this.#page(endRequest(), 1, 'all streams ($all)')).answers[0]?.position;
  }

  async #page(request: ReadReq, count: number, of: string): Promise<Page> {
    const answers: Answer[] = [];
    let bytes = 0;
    const ended = await this.#again({ what: 'read', of }, (deadlineMs) => {
      answers.length = 0;
      bytes = 0;
      return this.#connection.readEvents(request, deadlineMs, (answer) => {
        const one = answerOf(answer);
        if (one === undefined) return true;
        answers.push(one);
        bytes += one.kept.data.length + one.kept.metadata.length;
        return bytes < PAGE_BYTES;
      });
    });
    return { answers, complete: ended !== false && answers.length < count };
  }

  /** What changes nothing is asked again until its deadline. */
  async #again<T>(call: Call, work: (deadlineMs: number) => Promise<T>): Promise<T> {
    const until = systemClock.now() + this.#options.deadlineMs;
    for (let pause = FIRST_PAUSE_MS; ; pause *= 2) {
      try {
        return await this.#call(call, () => work(Math.max(1, until - systemClock.now())));
      } catch (error) {
        if (!mayPass(error) || systemClock.now() + pause >= until) throw error;
        await sleep(pause);
      }
    }
  }

  async #call<T>(call: Call, work: () => Promise<T>): Promise<T> {
    try {
      return await this.#limiter.run(work);
    } catch (error) {
      throw storeError(error, call);
    }
  }
}

/** Whether the same may be asked again, and be answered then. */
export function mayPass(error: unknown): boolean {
  const codes: readonly ErrorCode[] = ['REPRISE_STORE_UNAVAILABLE', 'REPRISE_STORE_UNKNOWN_OUTCOME'];
  return error instanceof RepriseError && codes.includes(error.code);
}
