import {
  BEGINNING,
  type EventPage,
  type ReadAllOptions,
  type ReadOptions,
  type RecordedEvent,
  RepriseError,
} from '@reprise/core/plugin';
import type { Definitions } from './definitions.ts';
import type { Log, Page } from './log.ts';
import { unpack } from './mapping.ts';
import { fromPosition, toPosition } from './position.ts';
import type { Answer } from './requests.ts';
import type { StreamNames } from './streams.ts';

const DEFAULT_LIMIT = 1000;

/** Reads histories, page by page, as the engine knows them. A stream that is not whole, or not ours alone, is not read. */
export class History {
  readonly #log: Log;
  readonly #names: StreamNames;
  readonly #definitions: Definitions;

  constructor(log: Log, names: StreamNames, definitions: Definitions) {
    this.#log = log;
    this.#names = names;
    this.#definitions = definitions;
  }

  async read(
    stream: string,
    { from, direction = 'forwards', limit = DEFAULT_LIMIT }: ReadOptions = {},
  ): Promise<EventPage> {
    if (limit <= 0 || (from ?? 0) < 0) return [];
    const backwards = direction === 'backwards';
    const name = this.#names.of(stream);
    let page = await this.#log.readStream(name, from, backwards, limit);
    // From behind the end some servers begin with an empty stretch.
    if (backwards && from !== undefined && page.answers.length === 0)
      page = await this.#log.readStream(name, undefined, true, limit);
    const read = await this.#readOf(page.answers);
    assertWhole(stream, page.answers, read, backwards ? undefined : (from ?? 0));
    return pageOf(read, page.complete);
  }

  async readAll({ after = BEGINNING, limit = DEFAULT_LIMIT }: ReadAllOptions = {}): Promise<EventPage> {
    let from = fromPosition(after);
    if (limit <= 0) return [];
    // Until there is something of ours, or nothing more: without a namespace the streams of others may be among them.
    for (;;) {
      // A position is included in what is read from it.
      const page: Page = await this.#log.readAll(
        this.#names.filter,
        from,
        Math.min(limit + 1, Number.MAX_SAFE_INTEGER),
      );
      const fresh = page.answers.filter(({ position }) => position !== undefined && toPosition(position) > after);
      const read = (await this.#readOf(fresh)).slice(0, limit);
      if (read.length > 0 || page.complete) return pageOf(read, page.complete && read.length < limit);
      const last = page.answers.at(-1)?.position;
      if (last === undefined || (from !== undefined && toPosition(last) === toPosition(from))) return pageOf([], true);
      from = last;
    }
  }

  /** A page of answers that are at hand. `complete`: as far as is known, nothing follows. */
  async pageOf(answers: readonly Answer[], complete: boolean): Promise<EventPage> {
    return pageOf(await this.#readOf(answers), complete);
  }

  /** Those that are events of this namespace. */
  async #readOf(answers: readonly Answer[]): Promise<readonly RecordedEvent[]> {
    const read: RecordedEvent[] = [];
    for (const { kept, position } of answers) {
      const stream = this.#names.from(kept.stream);
      const unpacked = stream === undefined ? undefined : unpack(kept);
      if (stream === undefined || unpacked === undefined) continue;
      if (position === undefined) throw tooOld(stream);
      const {
        event,
        about: { definition },
      } = unpacked;
      const data = definition === undefined ? event.data : await this.#definitions.restore(event.data, definition);
      const { id, type, time, metadata } = event;
      const place = { stream, revision: kept.revision, position: toPosition(position) };
      read.push({ id, type, time, data, metadata, ...place });
    }
    return read;
  }
}

const pageOf = (events: readonly RecordedEvent[], complete: boolean): EventPage =>
  complete ? Object.assign([...events], { complete }) : events;

/** `from`: the revision that was asked for first, when reading forwards. */
function assertWhole(
  stream: string,
  answers: readonly Answer[],
  read: readonly RecordedEvent[],
  from: number | undefined,
): void {
  const foreign = answers.length - read.length;
  if (foreign > 0) {
    const message = `Stream ${stream} in EventStoreDB has ${foreign} events that Reprise did not write. Something else writes to it.`;
    throw new RepriseError('REPRISE_STORE_CORRUPT', message, {
      details: { stream },
      fix: 'Keep other programs away from the streams of Reprise, or give it a namespace of its own.',
    });
  }
  let before = from === undefined ? undefined : from - 1;
  for (const { revision } of read) {
    if (before !== undefined && Math.abs(revision - before) !== 1) throw truncated(stream, before + 1, revision - 1);
    before = revision;
  }
}

const truncated = (stream: string, first: number, last: number): RepriseError =>
  new RepriseError(
    'REPRISE_STORE_CORRUPT',
    `Stream ${stream} in EventStoreDB lacks the events ${first} to ${last}: they were truncated ($maxAge, $maxCount or $tb in its metadata), or scavenged.`,
    {
      details: { stream },
      fix: 'Remove $maxAge, $maxCount and $tb from the metadata of the stream. What a scavenge has not removed is there again then.',
    },
  );

export const tooOld = (stream: string): RepriseError =>
  new RepriseError(
    'REPRISE_STORE_REFUSED',
    `EventStoreDB does not say where the events of ${stream} stand in its log.`,
    {
      fix: 'Use EventStoreDB 22.6 or newer.',
    },
  );
