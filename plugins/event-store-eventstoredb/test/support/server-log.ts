import type { EventEmitter } from 'node:events';

/** An event as the server keeps it. */
export interface ServerEvent {
  readonly id: string;
  readonly type: string;
  readonly contentType: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
  readonly stream: string;
  readonly revision: number;
  /** Where it stands in the log: bytes, with gaps. */
  readonly position: number;
  readonly created: number;
}

export type Proposal = Pick<ServerEvent, 'id' | 'type' | 'contentType' | 'data' | 'metadata'>;

export type Expected = number | 'any' | 'exists';

export type AppendOutcome =
  | { readonly kind: 'done'; readonly revision: number; readonly position: number }
  | { readonly kind: 'conflict'; readonly actual: number }
  | { readonly kind: 'deleted' };

interface Stream {
  readonly events: ServerEvent[];
  tombstoned: boolean;
}

interface Truncation {
  readonly $maxCount?: number;
  readonly $maxAge?: number;
  readonly $tb?: number;
}

const RECORD_BYTES = 110;

/**
 * The log of an EventStoreDB, in memory: the semantics that a client can see. Positions are byte offsets with gaps, an append of the same ids at
 * the same explicit revision succeeds and changes nothing, metadata streams hide events of theirs, and `$all` has what the system itself writes:
 * a link to each event in the stream of its category, as the projection $by_category does.
 */
export class ServerLog {
  readonly all: ServerEvent[] = [];
  readonly #streams = new Map<string, Stream>();
  readonly #changed: EventEmitter;
  #next = 0;

  constructor(changed: EventEmitter) {
    this.#changed = changed;
    this.#write('$stats-127.0.0.1:2113', [system('$statsCollected', '{}')]);
  }

  append(stream: string, expected: Expected, proposals: readonly Proposal[]): AppendOutcome {
    const found = this.#streams.get(stream);
    if (found?.tombstoned === true) return { kind: 'deleted' };
    const actual = (found?.events.length ?? 0) - 1;
    const repeated = this.#repeated(found, expected, proposals);
    if (repeated !== undefined) return repeated;
    // A stream that was deleted, not tombstoned, may be begun again, behind what it had.
    const begunAnew = expected === -1 && this.visible(stream) === undefined;
    if (typeof expected === 'number' && expected !== actual && !begunAnew) return { kind: 'conflict', actual };
    if (expected === 'exists' && actual < 0) return { kind: 'conflict', actual };
    const last = this.#write(stream, proposals);
    if (!stream.startsWith('$')) this.#link(stream, proposals.length);
    this.#changed.emit('appended');
    return { kind: 'done', revision: last?.revision ?? actual, position: last?.position ?? 0 };
  }

  /** Where in `all` the first event stands whose position is this one or greater. */
  firstFrom(position: number): number {
    let [low, high] = [0, this.all.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.all[middle]?.position ?? 0) < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The events of a stream that can be read; undefined when there are none, or none any more. */
  visible(stream: string): readonly ServerEvent[] | undefined {
    const found = this.#streams.get(stream);
    if (found === undefined) return undefined;
    const { $maxCount, $maxAge, $tb = 0 } = this.#truncationOf(stream);
    const first = Math.max($tb, $maxCount === undefined ? 0 : found.events.length - $maxCount);
    const oldest = $maxAge === undefined ? 0 : Date.now() - $maxAge * 1000;
    const events = found.events.slice(first).filter(({ created }) => created >= oldest);
    return events.length === 0 ? undefined : events;
  }

  isTombstoned(stream: string): boolean {
    return this.#streams.get(stream)?.tombstoned === true;
  }

  /** Nobody may append to it or read it again. */
  tombstone(stream: string): void {
    const found = this.#streams.get(stream) ?? { events: [], tombstoned: true };
    found.tombstoned = true;
    this.#streams.set(stream, found);
  }

  /** What the deletion of a stream does: what was there is hidden, and it may be begun again behind that. */
  delete(stream: string): void {
    this.truncate(stream, { $tb: Number.MAX_SAFE_INTEGER });
  }

  truncate(stream: string, how: Truncation): void {
    this.#write(`$$${stream}`, [system('$metadata', JSON.stringify(how))]);
  }

  /** In an explicit order of expected revision: see IndexWriter of the server. */
  #repeated(found: Stream | undefined, expected: Expected, proposals: readonly Proposal[]): AppendOutcome | undefined {
    if (found === undefined || typeof expected !== 'number' || proposals.length === 0) return undefined;
    const there = found.events.slice(expected + 1, expected + 1 + proposals.length);
    const last = there.at(-1);
    if (last === undefined || there.length < proposals.length) return undefined;
    if (!proposals.every(({ id }, index) => there[index]?.id === id)) return undefined;
    return { kind: 'done', revision: last.revision, position: last.position };
  }

  #write(stream: string, proposals: readonly Proposal[]): ServerEvent | undefined {
    const found = this.#streams.get(stream) ?? { events: [], tombstoned: false };
    this.#streams.set(stream, found);
    for (const proposal of proposals) {
      const position = this.#next;
      this.#next += RECORD_BYTES + stream.length + proposal.data.length + proposal.metadata.length;
      const event = { ...proposal, stream, revision: found.events.length, position, created: Date.now() };
      found.events.push(event);
      this.all.push(event);
    }
    return found.events.at(-1);
  }

  #link(stream: string, count: number): void {
    const [category = ''] = stream.split('-');
    const { events } = this.#streams.get(stream) ?? { events: [] };
    const links = events.slice(-count).map(({ revision }) => system('$>', `${revision}@${stream}`));
    this.#write(`$ce-${category}`, links);
  }

  #truncationOf(stream: string): Truncation {
    const said = this.#streams.get(`$$${stream}`)?.events.at(-1);
    return said === undefined ? {} : JSON.parse(Buffer.from(said.data).toString('utf8'));
  }
}

let made = 0;

function system(type: string, data: string): Proposal {
  made += 1;
  const id = `00000000-0000-4000-8000-${String(made).padStart(12, '0')}`;
  return { id, type, contentType: 'application/json', data: Buffer.from(data), metadata: new Uint8Array() };
}
