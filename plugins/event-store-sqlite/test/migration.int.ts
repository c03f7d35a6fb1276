import { chmodSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { encodePosition, type ListedStream, type NewEvent } from '@reprise/core/plugin';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { chained, rootOf } from '../src/checksum.ts';
import { toColumns } from '../src/mapping.ts';
import { OwnerLock } from '../src/owner-lock.ts';
import { rejection, temporaryPaths } from './folder.ts';
import { sampleEvent, sampleEvents } from './sample.ts';

// The schema of version 1, as it was released.
const VERSION_1 = `
  CREATE TABLE streams (
    id INTEGER PRIMARY KEY,
    stream TEXT NOT NULL UNIQUE,
    kind TEXT, name TEXT, status TEXT, created_at INTEGER, updated_at INTEGER
  ) STRICT;
  CREATE INDEX streams_newest ON streams (kind, created_at, id) WHERE kind IS NOT NULL;
  CREATE INDEX streams_by_status ON streams (kind, status, created_at, id) WHERE kind IS NOT NULL;
  CREATE INDEX streams_by_name ON streams (kind, name, created_at, id) WHERE kind IS NOT NULL;
  CREATE TABLE events (
    position INTEGER PRIMARY KEY, stream_id INTEGER NOT NULL, revision INTEGER NOT NULL, id ANY NOT NULL, type TEXT NOT NULL,
    time INTEGER NOT NULL, data TEXT NOT NULL, causation ANY NOT NULL, correlation ANY, schema_version INTEGER NOT NULL,
    traceparent TEXT
  ) STRICT;
  CREATE UNIQUE INDEX events_by_stream ON events (stream_id, revision);
  CREATE TABLE snapshots (stream TEXT PRIMARY KEY, revision INTEGER NOT NULL, schema TEXT NOT NULL, state TEXT NOT NULL) STRICT;
  PRAGMA application_id = 0x52505253;
  PRAGMA user_version = 1;
`;
const INSERT = `INSERT INTO events (position, stream_id, revision, id, type, time, data, causation, schema_version)
  VALUES (?, 1, ?, ?, ?, ?, ?, ?, 1)`;

describe('a store of version 1', () => {
  const newPath = temporaryPaths();

  function make(events: number): { readonly path: string; readonly db: DatabaseSync } {
    const path = newPath();
    mkdirSync(dirname(path));
    const db = new DatabaseSync(path);
    db.exec('PRAGMA journal_mode = WAL');
    db.exec(VERSION_1);
    db.exec("INSERT INTO streams (stream) VALUES ('run-a')");
    for (let revision = 0; revision < events; revision += 1) insert(db, revision);
    db.exec("INSERT INTO snapshots VALUES ('run-a', 1, 's', '{}')");
    return { path, db };
  }

  function insert(db: DatabaseSync, revision: number): void {
    const { id, type, time, data, metadata } = sampleEvent('a', revision);
    db.prepare(INSERT).run(
      revision,
      revision,
      Buffer.from(id.replaceAll('-', ''), 'hex'),
      type,
      time,
      JSON.stringify(data),
      metadata.causationId,
    );
  }

  const dataOf = (count: number): unknown[] => sampleEvents('a', 0, count).map(({ data }) => data);

  it('is read as it is, also where nothing can be written', async () => {
    const { path, db } = make(5);
    db.close();
    chmodSync(path, 0o444);
    const { events: store, snapshots } = await createSqliteStorage({ path, readOnly: true });
    expect((await store.read('run-a')).map(({ data }) => data)).to.deep.equal(dataOf(5));
    expect(await store.read('run-a', { from: 2, limit: 2 })).to.have.length(2);
    expect(await store.readAll({ after: encodePosition(2) })).to.have.length(2);
    expect(await snapshots?.load('run-a')).to.equal(undefined);
    await store.close();
  });

  it('is brought up to date, keeps its events and goes on with checksums from there', async () => {
    const { path, db } = make(5);
    db.close();
    const { events: store } = await createSqliteStorage({ path });
    expect((await store.append('run-a', sampleEvents('a', 5, 2), 4)).position).to.equal(encodePosition(6));
    await store.close();
    const { events: again } = await createSqliteStorage({ path });
    await again.append('run-a', sampleEvents('a', 7, 1), 6);
    for (const read of [await again.read('run-a'), await again.readAll()]) {
      expect(read.map(({ data }) => data)).to.deep.equal(dataOf(8));
    }
    await again.close();
    const changed = new DatabaseSync(path);
    changed.exec("UPDATE events SET type = 'Texted' WHERE revision = 6");
    changed.close();
    const { events: damaged } = await createSqliteStorage({ path });
    expect((await rejection(damaged.read('run-a'))).message).to.include('revision 6 of run-a (position 6)');
    expect(await damaged.read('run-a', { limit: 6 })).to.have.length(6);
    await damaged.close();
  });

  it('takes no event without a checksum any more from a process that has it open', async () => {
    const { path, db } = make(1);
    const { events: store } = await createSqliteStorage({ path });
    expect(() => insert(db, 1)).to.throw('CHECK');
    db.close();
    await store.append('run-a', sampleEvents('a', 1, 1), 0);
    await store.close();
  });

  it('waits for the process that drives it to be stopped', async () => {
    const { path, db } = make(1);
    db.close();
    const old = new OwnerLock(path);
    expect(old.acquire()).to.equal(true);
    const { code, message } = await rejection(createSqliteStorage({ path }));
    expect([code, message.includes('still drives')]).to.deep.equal(['REPRISE_STORE_UNAVAILABLE', true]);
    old.release();
    await (await createSqliteStorage({ path })).events.close();
  });
});

describe('a store of version 3', () => {
  const newPath = temporaryPaths();
  const TRACEPARENTS = [
    '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    '00f067aa0ba902b7',
    '=00f067aa0ba902b7',
    null,
  ] as const;

  /** Its events have whole traceparents, and checksums over them. */
  function make(): string {
    const path = newPath();
    mkdirSync(dirname(path));
    const db = new DatabaseSync(path);
    db.exec('PRAGMA journal_mode = WAL');
    db.exec(VERSION_1);
    db.exec(`CREATE TABLE store (id BLOB NOT NULL, first_checked INTEGER NOT NULL) STRICT;
      INSERT INTO store VALUES (randomblob(16), 0);
      ALTER TABLE events ADD COLUMN checksum INTEGER CHECK (checksum IS NOT NULL OR position < 0);
      ALTER TABLE snapshots ADD COLUMN checksum INTEGER;
      ALTER TABLE events ADD COLUMN meta TEXT;
      INSERT INTO streams (stream) VALUES ('run-a');
      PRAGMA user_version = 3`);
    const insert =
      db.prepare(`INSERT INTO events (position, stream_id, revision, id, type, time, data, causation, schema_version,
      traceparent, checksum) VALUES (?, 1, ?, ?, ?, ?, ?, ?, 1, ?, ?)`);
    let checksum = rootOf('run-a');
    for (const [revision, event] of eventsOf(0).entries()) {
      const columns = toColumns('run-a', event, JSON.stringify(event.data));
      const [id, type, time, data, causation, , , traceparent] = columns;
      checksum = chained(checksum, revision, columns);
      insert.run(
        revision,
        revision,
        Buffer.from(id.replaceAll('-', ''), 'hex'),
        type,
        time,
        data,
        causation,
        traceparent,
        checksum,
      );
    }
    db.close();
    return path;
  }

  const eventsOf = (from: number): NewEvent[] =>
    TRACEPARENTS.map((traceparent, index) => {
      const event = sampleEvent('a', from + index);
      return { ...event, metadata: { ...event.metadata, ...(traceparent === null ? {} : { traceparent }) } };
    });

  const metadataOf = (events: readonly Pick<NewEvent, 'metadata'>[]): unknown[] =>
    events.map(({ metadata }) => metadata);

  it('is read as it is, also where nothing can be written', async () => {
    const path = make();
    chmodSync(path, 0o444);
    const { events: store } = await createSqliteStorage({ path, readOnly: true });
    expect(metadataOf(await store.read('run-a'))).to.deep.equal(metadataOf(eventsOf(0)));
    expect(metadataOf(await store.readAll())).to.deep.equal(metadataOf(eventsOf(0)));
    await store.close();
  });

  it('is brought up to date, and its streams keep traceparents whole', async () => {
    const path = make();
    const { events: store } = await createSqliteStorage({ path });
    const both = [...eventsOf(0), ...eventsOf(4)];
    await store.append('run-a', eventsOf(4), 3);
    expect(metadataOf(await store.read('run-a'))).to.deep.equal(metadataOf(both));
    expect(metadataOf(await store.readAll())).to.deep.equal(metadataOf(both));
    await store.close();
    const db = new DatabaseSync(path);
    expect(db.prepare('SELECT trace FROM streams').get()).to.deep.include({ trace: null });
    const rows = db.prepare('SELECT traceparent FROM events ORDER BY position').all();
    expect(rows.map(({ traceparent }) => traceparent)).to.deep.equal([...TRACEPARENTS, ...TRACEPARENTS]);
    db.close();
  });
});

describe('a store of version 4', () => {
  const newPath = temporaryPaths();
  const summary = { kind: 'run', name: 'w', status: 'failed', createdAt: 1, updatedAt: 2 };

  async function make(): Promise<string> {
    const path = newPath();
    const { events } = await createSqliteStorage({ path });
    await events.append('run-old', sampleEvents('old', 0, 2), -1, { summary });
    await events.close();
    const db = new DatabaseSync(path);
    db.exec('ALTER TABLE streams DROP COLUMN attributes; PRAGMA user_version = 4');
    db.close();
    return path;
  }
  const attributesOf = (listed: readonly ListedStream[] | undefined): unknown[] =>
    (listed ?? []).map(({ stream, attributes, lastEventAt }) => [stream, attributes, lastEventAt]);
  const lastOf = (stream: string): unknown => sampleEvents(stream, 1, 1)[0]?.time;

  it('is listed as it is, also where nothing can be written', async () => {
    const path = await make();
    chmodSync(path, 0o444);
    const { events, catalog } = await createSqliteStorage({ path, readOnly: true });
    expect(attributesOf(await catalog?.list({ kind: 'run' }))).to.deep.equal([['run-old', undefined, lastOf('old')]]);
    await events.close();
  });

  it('is brought up to date: its streams have no attributes until they are appended to', async () => {
    const path = await make();
    const { events, catalog } = await createSqliteStorage({ path });
    const attributes = { version: '1' };
    await events.append('run-new', sampleEvents('new', 0, 2), -1, { summary: { ...summary, attributes } });
    expect(attributesOf(await catalog?.list({ kind: 'run' }))).to.deep.equal([
      ['run-new', attributes, lastOf('new')],
      ['run-old', undefined, lastOf('old')],
    ]);
    await events.append('run-old', sampleEvents('old', 2, 1), 1, { summary: { ...summary, attributes } });
    expect(attributesOf(await catalog?.list({ kind: 'run' })).map((one) => (one as unknown[])[1])).to.deep.equal([
      attributes,
      attributes,
    ]);
    await events.close();
  });
});
