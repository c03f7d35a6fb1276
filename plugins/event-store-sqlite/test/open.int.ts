import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isRepriseError, NO_STREAM, type RepriseError } from '@reprise/core/plugin';
import { createSqliteStorage, type SqliteEventStoreOptions } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { temporaryPaths } from './folder.ts';
import { sampleEvents } from './sample.ts';

async function refusal(options: SqliteEventStoreOptions): Promise<RepriseError> {
  const outcome = await createSqliteStorage(options).catch((error: unknown) => error);
  if (isRepriseError(outcome)) return outcome;
  throw new Error('The store opened.');
}

async function fill(path: string, events = 500): Promise<void> {
  const { events: store } = await createSqliteStorage({ path });
  await store.append('run-a', sampleEvents('a', 0, events, 'x'.repeat(200)), NO_STREAM);
  await store.close();
}

describe('opening an SQLite event store', () => {
  const newPath = temporaryPaths();

  it('takes up a file whose maker was killed in the middle of it', async () => {
    const path = newPath();
    mkdirSync(dirname(path));
    // Pages are written before the transaction ends, and the journal that takes them back is there.
    const maker = `
      const { DatabaseSync } = require('node:sqlite');
      const db = new DatabaseSync(process.argv[1]);
      db.exec('CREATE TABLE x (a); DROP TABLE x; VACUUM; PRAGMA cache_size = 1');
      db.exec('BEGIN IMMEDIATE; CREATE TABLE events (a)');
      const insert = db.prepare('INSERT INTO events VALUES (?)');
      for (let n = 0; n < 500; n += 1) insert.run('x'.repeat(500));
      process.kill(process.pid, 'SIGKILL');`;
    const { signal } = spawnSync(process.execPath, ['-e', maker, path]);
    expect([signal, statSync(`${path}-journal`).size > 0]).to.deep.equal(['SIGKILL', true]);
    expect((await refusal({ path, readOnly: true })).message).to.include('open it for writing once');
    await fill(path, 3);
    const reader = await createSqliteStorage({ path, readOnly: true });
    expect(await reader.events.read('run-a')).to.have.length(3);
    await reader.events.close();
  });

  for (const readOnly of [false, true]) {
    describe(readOnly ? 'for reading' : 'for writing', () => {
      it('reports a file that is not SQLite, and leaves it as it is', async () => {
        const path = newPath();
        mkdirSync(dirname(path));
        writeFileSync(path, 'my shopping list: no events here, only bread and milk');
        const error = await refusal({ path, readOnly });
        expect(error.code).to.equal('REPRISE_STORE_CORRUPT');
        expect(error.message).to.include(path).and.include('restore a backup');
        expect(readFileSync(path, 'utf8')).to.include('bread and milk');
      });

      it('reports the database of another application, and leaves it as it is', async () => {
        const path = newPath();
        mkdirSync(dirname(path));
        const db = new DatabaseSync(path);
        db.exec('CREATE TABLE recipes (name TEXT)');
        db.close();
        const before = readFileSync(path);
        const error = await refusal({ path, readOnly });
        expect([error.code, error.message.includes('another application')]).to.deep.equal([
          'REPRISE_STORE_CORRUPT',
          true,
        ]);
        expect(readFileSync(path).equals(before)).to.equal(true);
      });

      for (const [what, keep] of [
        ['half of it', 0.5],
        ['all but its last page', 0.97],
        ['a piece of its first page', 0.005],
      ] as const) {
        it(`reports a file torn down to ${what}`, async () => {
          const path = newPath();
          await fill(path);
          truncateSync(path, Math.floor(statSync(path).size * keep));
          expect((await refusal({ path, readOnly })).code).to.equal('REPRISE_STORE_CORRUPT');
        });
      }

      it('reports damage in the middle of the file', async () => {
        const path = newPath();
        await fill(path);
        const bytes = readFileSync(path);
        bytes.fill(0xa5, 8 * 4096, 12 * 4096);
        writeFileSync(path, bytes);
        expect((await refusal({ path, readOnly })).code).to.equal('REPRISE_STORE_CORRUPT');
      });

      it('reports a store of a newer version as such', async () => {
        const path = newPath();
        await fill(path, 1);
        const db = new DatabaseSync(path);
        db.exec('PRAGMA user_version = 99');
        db.close();
        const error = await refusal({ path, readOnly });
        expect(error.code).to.equal('REPRISE_STORE_UNAVAILABLE');
        expect(error.message).to.include('newer version');
      });

      it('reports a folder in the place of the file', async () => {
        const path = newPath();
        mkdirSync(path, { recursive: true });
        expect((await refusal({ path, readOnly })).message).to.include('not a file');
      });
    });
  }

  it('needs an existing store for reading, and does not make one', async () => {
    const path = newPath();
    const missing = await refusal({ path, readOnly: true });
    expect([missing.code, missing.retryable]).to.deep.equal(['REPRISE_STORE_UNAVAILABLE', false]);
    expect(missing.message).to.include(`There is no event store at ${path}`);
    expect(statSync(path, { throwIfNoEntry: false })).to.equal(undefined);
    mkdirSync(dirname(path));
    writeFileSync(path, '');
    expect((await refusal({ path, readOnly: true })).message).to.include('empty');
  });

  it('makes the folder, and takes an empty file for a new store', async () => {
    const path = newPath('deep/er/events.db');
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, '');
    await fill(path, 3);
    const { events: store } = await createSqliteStorage({ path, readOnly: true });
    expect(await store.readAll()).to.have.length(3);
    await store.close();
  });

  it('finds damage that shows only when an event is read', async () => {
    const path = newPath();
    await fill(path, 3);
    const db = new DatabaseSync(path);
    db.exec("UPDATE events SET data = '{torn' WHERE position = 1");
    db.close();
    const { events: store } = await createSqliteStorage({ path });
    const error = await store.read('run-a').catch((reason: unknown) => reason);
    expect(isRepriseError(error, 'REPRISE_STORE_CORRUPT') && error.message).to.include('position 1');
    await store.close();
  });

  it('is readable with any SQLite tool', async () => {
    const path = newPath();
    await fill(path, 2);
    const db = new DatabaseSync(path, { readOnly: true });
    expect({ ...db.prepare('SELECT stream, revision, type, at, causation FROM history LIMIT 1').get() }).to.deep.equal({
      stream: 'run-a',
      revision: 0,
      type: 'Tested',
      at: '2023-11-14 22:13:20.000',
      causation: 'cmd-0',
    });
    db.close();
  });
});
