import type { ObservedEvent, WatchedEngine } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { RunBook } from '../src/run-book.ts';
import type { Sighting, Telemetry } from '../src/sending/telemetry.ts';
import { EMIT_NONE } from '../src/spans/traces.ts';

const RESEND_MS = 10;
const NOTHING = async (): Promise<void> => undefined;

/** Event `revision` was appended at `revision` ms. */
const eventAt = (revision: number, type = 'SignalReceived', data: object = {}, origin?: string): ObservedEvent => ({
  runId: 'run-1',
  revision,
  event: {
    id: `event-${revision}`,
    type: revision === 0 ? 'RunStarted' : type,
    time: revision,
    data: data as ObservedEvent['event']['data'],
    metadata: { causationId: 'c', correlationId: 'c', schemaVersion: 1, ...(origin === undefined ? {} : { origin }) },
  },
});

/** What is shown of a run of which a store has `stored`. */
function watched(stored: readonly ObservedEvent[] | Error) {
  const seen: Sighting[] = [];
  const lost: string[] = [];
  const known: string[] = [];
  const reads: string[] = [];
  const telemetry: Telemetry = {
    saw: (sighting) => void seen.push(sighting),
    know: (runId) => void known.push(runId),
    span: () => undefined,
    log: () => undefined,
    measured: () => undefined,
    flush: NOTHING,
    close: NOTHING,
  };
  const book = new RunBook(
    { counts: false, resendMs: RESEND_MS, isSampled: () => true, lost: (_count, why) => void lost.push(why) },
    telemetry,
  );
  book.engine = {
    async *history(runId, to, from = 0) {
      reads.push(`${runId} ${from}-${to}`);
      if (stored instanceof Error) throw stored;
      yield* stored.filter(({ revision }) => revision >= from && revision <= to);
    },
    measure: () => {
      throw new Error('nobody asks');
    },
  } satisfies WatchedEngine;
  const revisions = () => seen.map(({ observed }) => observed.revision);
  return { book, seen, lost, known, reads, revisions };
}

const events = (count: number): readonly ObservedEvent[] => Array.from({ length: count }, (_, index) => eventAt(index));

describe('the book of runs', () => {
  it('passes on at once what begins here, and reads nothing', () => {
    const { book, seen, reads, revisions } = watched([]);
    for (const event of events(3)) book.take(event);
    expect(revisions()).to.deep.equal([0, 1, 2]);
    expect(seen.map(({ isFirst, emitFrom }) => [isFirst, emitFrom])).to.deep.equal([
      [true, 0],
      [false, 0],
      [false, 0],
    ]);
    expect(reads).to.deep.equal([]);
  });

  it('reads first what another process began, and sends again only what has just ended', async () => {
    const { book, seen, reads, revisions } = watched(events(100));
    book.take(eventAt(50));
    book.take(eventAt(51));
    await book.settled();
    expect(revisions()).to.deep.equal(Array.from({ length: 52 }, (_, index) => index));
    expect(seen.filter(({ isFirst }) => isFirst).map(({ observed }) => observed.revision)).to.deep.equal([0]);
    expect(new Set(seen.slice(0, 50).map(({ emitFrom }) => emitFrom))).to.deep.equal(new Set([39]));
    expect(seen.slice(50).map(({ emitFrom }) => emitFrom)).to.deep.equal([0, 0]);
    expect(reads).to.deep.equal(['run-1 49-49', 'run-1 0-49']);
  });

  it('reads what another process appended meanwhile, each time, and nothing twice', async () => {
    const { book, seen, reads, revisions } = watched(events(100));
    book.take(eventAt(0));
    book.take(eventAt(30));
    book.take(eventAt(31));
    book.take(eventAt(60));
    await book.settled();
    book.take(eventAt(61));
    book.take(eventAt(61));
    expect(revisions()).to.deep.equal(Array.from({ length: 62 }, (_, index) => index));
    expect(reads).to.deep.equal(['run-1 29-29', 'run-1 1-29', 'run-1 59-59', 'run-1 32-59']);
    expect(seen[1]?.emitFrom).to.equal(19);
    expect(seen[59]?.emitFrom).to.equal(49);
    expect([30, 31, 60, 61].map((revision) => seen[revision]?.emitFrom)).to.deep.equal([0, 0, 0, 0]);
  });

  it('goes on without what cannot be read, and says so', async () => {
    const { book, seen, lost, revisions } = watched(new Error('the disk is gone'));
    book.take(eventAt(5));
    book.take(eventAt(6));
    await book.settled();
    expect(revisions()).to.deep.equal([5, 6]);
    expect(seen.map(({ isFirst }) => isFirst)).to.deep.equal([true, false]);
    expect(lost.join()).to.contain('the disk is gone');
  });

  it('knows the trace of the run that another goes on from, whoever began it, and shows nothing of what was copied', async () => {
    const started = eventAt(0, 'RunStarted', { lineage: { runId: 'run-0', as: 'retry' } });
    const stored = [started, eventAt(1, 'SignalReceived', {}, 'run-0@1'), eventAt(2)];
    for (const first of [0, 2]) {
      const { book, seen, known } = watched(stored);
      for (const event of stored.slice(first)) book.take(event);
      await book.settled();
      expect(known).to.include('run-0');
      expect(seen.map(({ observed }) => observed.revision)).to.deep.equal([0, 1, 2]);
      expect(seen[1]?.emitFrom).to.equal(EMIT_NONE);
    }
  });
});
