import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type EventStore, type NewEvent, runStream, uuidv5 } from '@reprise/core';
import { createSqliteStorage } from '@reprise/event-store-sqlite';

export interface RawFigures {
  readonly eventsPerSecond: number;
  /** One append of three events at a time, each waiting for the one before. */
  readonly soloMs: { readonly p50: number; readonly p99: number };
  /** Size of the file per event, less the JSON text of its data. */
  readonly overheadBytesPerEvent: number;
}

export interface RawOptions {
  /** Streams that each have one append outstanding at all times. */
  readonly writers?: number;
  readonly eventsPerAppend?: number;
  readonly seconds?: number;
  /** Appends to one stream before its writer goes on with a new one. */
  readonly appendsPerStream?: number;
}

const DEFAULTS: Required<RawOptions> = { writers: 50, eventsPerAppend: 3, seconds: 3, appendsPerStream: 11 };
const SOLO_APPENDS = 500;

/** The limit of this machine: a bare loop over node:sqlite (WAL, synchronous FULL), one commit for all writers. */
export function measureBareLoop(options: RawOptions = {}): RawFigures {
  const { writers, eventsPerAppend, seconds } = { ...DEFAULTS, ...options };
  return inFolder((path) => {
    const db = new DatabaseSync(path);
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000');
    db.exec(`CREATE TABLE events (
      position INTEGER PRIMARY KEY, stream_id INTEGER NOT NULL, revision INTEGER NOT NULL, id BLOB NOT NULL,
      type TEXT NOT NULL, time INTEGER NOT NULL, data TEXT NOT NULL, causation TEXT NOT NULL) STRICT;
      CREATE UNIQUE INDEX by_stream ON events (stream_id, revision)`);
    const insert = db.prepare('INSERT INTO events VALUES (?,?,?,?,?,?,?,?)');
    const begin = db.prepare('BEGIN IMMEDIATE');
    const commit = db.prepare('COMMIT');
    const { data } = sampleEvent('bare', 0, 0);
    const text = JSON.stringify(data);
    const id = new Uint8Array(16);
    let position = 0;
    const append = (streams: number): void => {
      begin.run();
      const revision = Math.floor(position / streams);
      for (let stream = 0; stream < streams; stream += 1) {
        for (let index = 0; index < eventsPerAppend; index += 1) {
          position += 1;
          insert.run(position, stream + streams, revision + index, id, 'TaskScheduled', 1_700_000_000_000, text, 'cmd');
        }
      }
      commit.run();
    };
    const start = performance.now();
    while (performance.now() - start < seconds * 1000) append(writers);
    const eventsPerSecond = (position / (performance.now() - start)) * 1000;
    const overheadBytesPerEvent = fileBytes(db, path) / position - text.length;
    db.exec('DELETE FROM events');
    position = 0;
    const solo = Array.from({ length: SOLO_APPENDS }, () => timed(() => append(1)));
    db.close();
    return { eventsPerSecond, soloMs: percentiles(solo), overheadBytesPerEvent };
  });
}

/** The event store of the plugin with the same load, through its port. */
export function measureSqliteStore(options: RawOptions = {}): Promise<RawFigures> {
  return inFolder(async (path) => {
    const { events: store } = await createSqliteStorage({ path });
    const figures = await measureStore(store, options);
    await store.close();
    return { ...figures, overheadBytesPerEvent: statSync(path).size / figures.events - sampleBytes() };
  });
}

export async function measureStore(
  store: EventStore,
  options: RawOptions = {},
): Promise<Omit<RawFigures, 'overheadBytesPerEvent'> & { readonly events: number }> {
  const { writers, eventsPerAppend, seconds, appendsPerStream } = { ...DEFAULTS, ...options };
  let events = 0;
  let streams = 0;
  const batch = (stream: string, from: number): NewEvent[] =>
    Array.from({ length: eventsPerAppend }, (_, index) => sampleEvent(stream, from, index));
  const start = performance.now();
  const write = async (): Promise<void> => {
    while (performance.now() - start < seconds * 1000) {
      streams += 1;
      const runId = `m0v7b2k1q${String(streams).padStart(17, '0')}`;
      let revision = -1;
      for (let append = 0; append < appendsPerStream; append += 1) {
        ({ revision } = await store.append(runStream(runId), batch(runId, revision + 1), revision));
        events += eventsPerAppend;
      }
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
  const eventsPerSecond = (events / (performance.now() - start)) * 1000;
  const solo: number[] = [];
  for (let revision = -1, index = 0; index < SOLO_APPENDS; index += 1) {
    const before = performance.now();
    ({ revision } = await store.append(runStream('solo'), batch('solo', revision + 1), revision));
    solo.push(performance.now() - before);
    events += eventsPerAppend;
  }
  return { eventsPerSecond, soloMs: percentiles(solo), events };
}

function sampleEvent(runId: string, revision: number, index: number): NewEvent {
  return {
    id: sampleId(revision + index),
    type: 'TaskScheduled',
    time: 1_700_000_000_000 + revision,
    data: { taskId: 'step3', attempt: 1, agent: 'worker', input: { n: 3, text: 'hello world' }, key: 'a/step3' },
    metadata: { causationId: sampleId(revision), correlationId: runId, schemaVersion: 1 },
  };
}

// Ids are made ahead: their cost is the engine's, not the store's.
const IDS = Array.from({ length: 64 }, (_, index) => uuidv5('bench', String(index)));
const sampleId = (index: number): string => IDS[index % IDS.length] ?? '';
const sampleBytes = (): number => JSON.stringify(sampleEvent('x', 0, 0).data).length;

function timed(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function percentiles(samples: readonly number[]): { readonly p50: number; readonly p99: number } {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0;
  return { p50: at(0.5), p99: at(0.99) };
}

function fileBytes(db: DatabaseSync, path: string): number {
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  return statSync(path).size;
}

function inFolder<T>(work: (path: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-bench-'));
  const clean = (): void => rmSync(folder, { recursive: true, force: true });
  const result = work(join(folder, 'events.db'));
  if (result instanceof Promise) return result.finally(clean) as T;
  clean();
  return result;
}

if (import.meta.main) {
  console.log('bare loop over node:sqlite', measureBareLoop());
  console.log('event-store-sqlite', await measureSqliteStore());
}
