import { existsSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isRepriseError, sleep, type ViewStore } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { createSqliteViewStore, sqliteViewStore } from '../src/index.ts';
import { temporaryPaths } from './folder.ts';

const VIEW = { name: 'v', version: 1 };

async function fill(store: ViewStore, rows = 2000): Promise<void> {
  const changes = Array.from({ length: rows }, (_, n) => ({ key: `k${n}`, row: { n, text: 'x'.repeat(200) } }));
  await store.commit(VIEW, { expected: await store.checkpoint(VIEW), next: '1', changes });
}

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no error',
    (error: unknown) => (isRepriseError(error) ? error.code : error),
  );

const told = (store: ViewStore): readonly string[] => {
  const messages: string[] = [];
  store.onRemade?.((message) => messages.push(message))();
  return messages;
};

describe('the file of a SQLite view store', () => {
  const newPath = temporaryPaths();

  it('is set aside when it is damaged: rows are gone, and that is told', async () => {
    const path = newPath();
    const store = await createSqliteViewStore({ path });
    await fill(store);
    await store.close();
    writeFileSync(path, 'no database at all, and long enough to be taken for one'.repeat(100));
    const again = await createSqliteViewStore({ path });
    expect(await again.checkpoint(VIEW)).to.equal(undefined);
    expect(told(again)).to.have.length(1);
    expect(told(again)[0]).to.contain('was damaged').and.contain(`${path}-damaged`);
    expect(readFileSync(`${path}-damaged`, 'utf8')).to.contain('no database at all');
    await fill(again);
    await again.close();
    const third = await createSqliteViewStore({ path });
    expect([await third.checkpoint(VIEW), told(third)]).to.deep.equal(['1', []]);
    await third.close();
  });

  it('is closed once what waits for another process is done', async () => {
    const path = newPath();
    const store = await createSqliteViewStore({ path });
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    const committed = codeOf(store.commit(VIEW, { expected: undefined, next: '1', changes: [] }));
    let closed = false;
    const closing = store.close().then(() => {
      closed = true;
    });
    await sleep(60);
    expect(closed).to.equal(false);
    expect(await codeOf(store.checkpoint(VIEW)), 'nothing new is begun').to.equal('REPRISE_VIEW_STORE_CLOSED');
    other.exec('ROLLBACK');
    other.close();
    expect(await committed).to.equal('no error');
    await closing;
    const again = await createSqliteViewStore({ path });
    expect(await again.checkpoint(VIEW)).to.equal('1');
    await again.close();
  });

  it('is set aside when the damage is met later, and the call is answered by the new one', async () => {
    const path = newPath();
    const store = await createSqliteViewStore({ path });
    await fill(store);
    await store.close();
    const { size } = statSync(path);
    const opened = await createSqliteViewStore({ path });
    const messages: string[] = [];
    opened.onRemade?.((message) => messages.push(message));
    truncateSync(path, Math.floor(size / 2));
    const get = async (): Promise<number> =>
      (
        await opened.get(
          VIEW,
          Array.from({ length: 2000 }, (_, n) => `k${n}`),
        )
      ).size;
    expect(await get()).to.equal(0);
    expect(messages).to.have.length(1);
    await fill(opened, 3);
    expect((await opened.get(VIEW, ['k2'])).size).to.equal(1);
    await opened.close();
    expect(existsSync(`${path}-damaged`)).to.equal(true);
  });

  it('is set aside when a table of it is missing', async () => {
    const path = newPath();
    const store = await createSqliteViewStore({ path });
    await fill(store);
    await store.close();
    const { DatabaseSync } = await import('node:sqlite');
    const db = new DatabaseSync(path);
    db.exec('DROP TABLE rows');
    db.close();
    const again = await createSqliteViewStore({ path });
    const messages: string[] = [];
    again.onRemade?.((message) => messages.push(message));
    expect((await again.list(VIEW, {})).rows).to.deep.equal([]);
    expect(messages).to.have.length(1);
    await again.close();
  });

  it('is emptied when it is of another schema version', async () => {
    const path = newPath();
    const store = await createSqliteViewStore({ path });
    await fill(store, 3);
    await store.close();
    const db = new DatabaseSync(path);
    db.exec('PRAGMA user_version = 99; ALTER TABLE rows RENAME COLUMN row TO line');
    db.close();
    const again = await createSqliteViewStore({ path });
    expect(told(again)[0]).to.contain('another version');
    expect(await again.checkpoint(VIEW)).to.equal(undefined);
    await fill(again, 3);
    expect((await again.list(VIEW, {})).rows).to.have.length(3);
    await again.close();
  });

  it('is left alone when it is that of another application, or cannot be opened', async () => {
    const path = newPath();
    mkdirSync(dirname(path), { recursive: true });
    const db = new DatabaseSync(path);
    db.exec('CREATE TABLE mine (a); INSERT INTO mine VALUES (1)');
    db.close();
    const before = readFileSync(path);
    expect(await codeOf(createSqliteViewStore({ path }))).to.equal('REPRISE_VIEW_STORE_UNAVAILABLE');
    expect(readFileSync(path).equals(before)).to.equal(true);
    expect(await codeOf(createSqliteViewStore({ path: dirname(path) }))).to.equal('REPRISE_VIEW_STORE_UNAVAILABLE');
    expect(await codeOf(createSqliteViewStore({ path: `${path}/below` }))).to.equal('REPRISE_VIEW_STORE_UNAVAILABLE');
  });

  it('says that another process holds it too long, and goes on when it lets go', async () => {
    const path = newPath();
    const store = await createSqliteViewStore({ path, busyMs: 0 });
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    expect(await codeOf(fill(store, 1))).to.equal('REPRISE_VIEW_STORE_UNAVAILABLE');
    const patient = await createSqliteViewStore({ path });
    const filling = fill(patient, 1);
    setImmediate(() => other.exec('COMMIT'));
    await filling;
    expect((await store.list(VIEW, {})).rows).to.have.length(1);
    other.close();
    await store.close();
    await patient.close();
  });

  it('has an index for each order that is asked for, which the list uses', async () => {
    const path = newPath();
    const store = await createSqliteViewStore({ path });
    await fill(store, 10);
    const order = { path: ['n'], descending: true } as const;
    await store.list(VIEW, { order });
    const where = {
      terms: [{ field: 'status', type: 'text', path: ['status'], operator: ':', values: [{ equals: 'x' }] }],
    } as const;
    await store.list(VIEW, { order, where });
    await store.close();
    const db = new DatabaseSync(path);
    const indexes = db
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'index' AND name LIKE 'view%' ORDER BY name")
      .all();
    expect(indexes.map(({ name }) => name)).to.deep.equal(['view_1_n_desc', 'view_1_status_n_desc']);
    db.close();
  });
});

describe('the options of a SQLite view store', () => {
  it('are checked at once', () => {
    for (const options of [
      { path: '' },
      { path: ':memory:' },
      { path: 7 },
      { busyMs: -1 },
      { busyMs: 1.5 },
      { paht: 'x' },
      null,
      [],
    ])
      expect(() => sqliteViewStore(options as never), JSON.stringify(options))
        .to.throw(/view-store-sqlite/)
        .with.property('code', 'REPRISE_CONFIG_INVALID');
    expect(sqliteViewStore({ path: 'x' })).to.include({ name: 'sqlite-views', kind: 'view-store' });
  });
});
