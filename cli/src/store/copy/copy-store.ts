import {
  BEGINNING,
  decodeEvent,
  type EventStore,
  isEnd,
  lookForDrivers,
  type Position,
  RepriseError,
  type Storage,
  sleep,
  streamRunId,
} from '@reprise/core';
import { copyStream } from './copy-stream.ts';

export interface CopyOptions {
  /** Only runs that have ended. */
  readonly ended?: boolean;
  readonly dryRun?: boolean;
  onProgress?(progress: CopyReport): void;
  onFailed?(stream: string, why: string): void;
}

/** How far a copy is, and what it came to. */
export interface CopyReport {
  /** Streams that were copied, or completed. */
  readonly copied: number;
  /** Streams that were there already. */
  readonly there: number;
  /** Streams that were left out, because their run has not ended. */
  readonly open: number;
  readonly failed: number;
  /** Events that were written (with dryRun: that would be). */
  readonly events: number;
}

const PAGE = 500;
/** How long it is waited for the runs of a process that may have died, in ms, and how often it is looked. */
const OWN_MS = 15_000;
const LOOK_MS = 100;

/** Copies all streams, in the order in which they began. Throws REPRISE_STORE_DRIVEN while somebody drives the runs of one of the stores. */
export async function copyStore(from: Storage, to: Storage, options: CopyOptions = {}): Promise<CopyReport> {
  const { ended = false, dryRun = false } = options;
  if (!ended && (await lookForDrivers(from)).driven === true)
    throw driven('the first store', 'stop it, or copy ended runs only');
  if (!dryRun && (await lookForDrivers(to)).driven === true) throw driven('the second store', 'stop it');
  const release = dryRun ? undefined : await own(to);
  const report = { copied: 0, there: 0, open: 0, failed: 0, events: 0 };
  try {
    for await (const stream of streamsOf(from.events)) {
      if (ended && !(await hasEnded(from.events, stream))) report.open += 1;
      else {
        const done = await copyStream(from, to, stream, dryRun);
        if (done.kind === 'failed') {
          report.failed += 1;
          options.onFailed?.(stream, done.why);
        } else {
          report[done.kind] += 1;
          report.events += done.copied;
        }
      }
      options.onProgress?.({ ...report });
    }
    return report;
  } finally {
    await release?.();
  }
}

/** Nobody else drives the runs until it is given back: half of a history is nothing to go on from. */
async function own({ ownership }: Storage): Promise<(() => Promise<void>) | undefined> {
  if (ownership === undefined) return undefined;
  await ownership.start();
  // Of a process that has ended without a word, it has to be seen that it has.
  for (let waited = 0; !ownership.owns('any') && waited < OWN_MS; waited += LOOK_MS) await sleep(LOOK_MS);
  if (ownership.owns('any')) return () => ownership.stop();
  await ownership.stop();
  throw driven('the second store', 'stop it');
}

/** Each once, by its first event. */
async function* streamsOf(store: EventStore): AsyncGenerator<string, void, undefined> {
  for (let after: Position = BEGINNING; ; ) {
    const page = await store.readAll({ after, limit: PAGE });
    for (const { stream, revision } of page) if (revision === 0) yield stream;
    const last = page.at(-1);
    if (last === undefined || page.complete === true) return;
    after = last.position;
  }
}

async function hasEnded(store: EventStore, stream: string): Promise<boolean> {
  const [last] = await store.read(stream, { direction: 'backwards', limit: 1 });
  if (last === undefined || streamRunId(stream) === undefined) return false;
  try {
    return isEnd(decodeEvent(last));
  } catch {
    return false; // an event that cannot be read
  }
}

const driven = (which: string, fix: string): RepriseError =>
  new RepriseError(
    'REPRISE_STORE_DRIVEN',
    `A process drives the runs of ${which}, so they change while they are copied: ${fix}.`,
  );
