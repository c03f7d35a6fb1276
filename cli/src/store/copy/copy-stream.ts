import {
  type EventStore,
  type HistoryEntry,
  isRepriseError,
  type NewEvent,
  NO_STREAM,
  type RecordedEvent,
  Replay,
  type ReplayResult,
  RunReader,
  readStream,
  type Storage,
  type StreamSummary,
  sleep,
  streamRunId,
  summaryOf,
} from '@reprise/core';

/** What became of one stream. */
export type Copied =
  | { readonly kind: 'copied' | 'there'; readonly events: number; readonly copied: number }
  | { readonly kind: 'failed'; readonly why: string };

/** Events of one append, at most. */
const BATCH = 500;
/** What an event takes in a store beside what its JSON says, in bytes. */
const BESIDE = 512;
/** Of what a store takes at once, the share that is used: stores count in ways of their own. */
const SHARE = 0.75;
const DEFAULT_BATCH_BYTES = 4 * 1024 * 1024;
/** Pauses while a store does not answer, in ms, and how often it is asked. */
const PAUSE_MS = 200;
const TRIES = 25;

/**
 * Copies one stream, and verifies it. The source is read twice, once before anything is written: a history that cannot be folded is not copied. In
 * memory there is one page, and the state of one run.
 */
export async function copyStream(from: Storage, to: Storage, stream: string, dryRun: boolean): Promise<Copied> {
  try {
    const source = await foldedOf(from, stream);
    const there = await lastOf(to.events, stream);
    const differs = there === undefined ? undefined : await difference(from.events, stream, there, source.events);
    if (differs !== undefined) return { kind: 'failed', why: differs };
    const begun = (there?.revision ?? NO_STREAM) + 1;
    const copied = source.events - begun;
    if (!dryRun && copied > 0) await appendFrom(from.events, to.events, stream, begun, source.summary);
    if (!dryRun) {
      const target = await foldedOf(to, stream);
      if (target.events !== source.events || target.digest !== source.digest)
        return { kind: 'failed', why: 'what was written does not come to the same state' };
    }
    return { kind: copied > 0 ? 'copied' : 'there', events: source.events, copied };
  } catch (error) {
    if (isRepriseError(error)) return { kind: 'failed', why: `${error.code}: ${error.message}` };
    throw error;
  }
}

interface Folded {
  readonly events: number;
  /** Of what the events say, and of the state that they come to. */
  readonly digest: string;
  /** What a catalog is told of it. */
  readonly summary: StreamSummary | undefined;
}

/** Reads a whole stream, and folds it where it is a run's. Throws for a run whose recorded state is not what it comes to. */
async function foldedOf(storage: Storage, stream: string): Promise<Folded> {
  const runId = streamRunId(stream);
  if (runId === undefined) {
    let events = 0;
    let last = '';
    for await (const { id } of readStream(storage.events, stream)) {
      events += 1;
      last = id;
    }
    return { events, digest: last, summary: undefined };
  }
  const replay = new Replay();
  let last: HistoryEntry | undefined;
  for await (const entry of new RunReader(storage).history(runId)) {
    replay.fold(entry.event);
    last = entry;
  }
  const { events, replayedDigest, state }: ReplayResult = replay.result();
  return { events, digest: `${replayedDigest} ${last?.recorded.id}`, summary: summaryOf(state) };
}

async function lastOf(store: EventStore, stream: string): Promise<RecordedEvent | undefined> {
  const [last] = await store.read(stream, { direction: 'backwards', limit: 1 });
  return last;
}

/** Why what is there is not the beginning of what is to be copied; undefined when it is. */
async function difference(
  from: EventStore,
  stream: string,
  there: RecordedEvent,
  events: number,
): Promise<string | undefined> {
  if (there.revision >= events) return `it has ${there.revision + 1} events there, and ${events} here`;
  const [same] = await from.read(stream, { from: there.revision, limit: 1 });
  return same?.id === there.id ? undefined : `its event ${there.revision} there is another one`;
}

async function appendFrom(
  from: EventStore,
  to: EventStore,
  stream: string,
  begin: number,
  summary: StreamSummary | undefined,
): Promise<void> {
  const most = (to.maxAppendBytes ?? DEFAULT_BATCH_BYTES / SHARE) * SHARE;
  let batch: NewEvent[] = [];
  let bytes = 0;
  let expected = begin - 1;
  const flush = async (last: boolean): Promise<void> => {
    if (batch.length === 0) return;
    const events = batch;
    // What lists runs is told with the end, so that a part of one is not listed.
    const options = last && summary !== undefined ? { summary } : {};
    await known(() => to.append(stream, events, expected, options));
    expected += events.length;
    batch = [];
    bytes = 0;
  };
  for await (const { id, type, time, data, metadata } of readStream(from, stream, begin)) {
    const event = { id, type, time, data, metadata };
    const size = Buffer.byteLength(JSON.stringify(event)) + BESIDE;
    if (batch.length === BATCH || bytes + size > most) await flush(false);
    batch.push(event);
    bytes += size;
  }
  await flush(true);
}

/** Again while it is not known what became of it: the same append is harmless. */
async function known<T>(use: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await use();
    } catch (error) {
      const again =
        isRepriseError(error, 'REPRISE_STORE_UNKNOWN_OUTCOME') || isRepriseError(error, 'REPRISE_STORE_UNAVAILABLE');
      if (!again || tries === TRIES) throw error;
      await sleep(PAUSE_MS);
    }
  }
}
