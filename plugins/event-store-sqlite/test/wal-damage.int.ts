import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { NO_STREAM } from '@reprise/core/plugin';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { markPath, readMark } from '../src/mark.ts';
import { Child } from './child.ts';
import { rejection, temporaryPaths, until } from './folder.ts';
import { sampleEvents } from './sample.ts';

const EVENTS = 40;

describe('an SQLite event store whose WAL was damaged after a crash', () => {
  const newPath = temporaryPaths();
  let crashed: string;

  before(async () => {
    crashed = newPath();
    const child = new Child('fill', [crashed, EVENTS]);
    await child.printed(1);
    await until(() => readMark(crashed)?.position === EVENTS - 1);
    await child.kill();
    expect(statSync(`${crashed}-wal`).size, 'the events are in the WAL').to.be.greaterThan(EVENTS * 300);
  });

  /** A copy of the folder as the crash left it. */
  const copy = (): string => {
    const path = newPath();
    cpSync(dirname(crashed), dirname(path), { recursive: true });
    return path;
  };

  const expectReported = async (path: string): Promise<void> => {
    const left = readFileSync(`${path}-wal`);
    for (const readOnly of [false, true, false]) {
      const { code, message } = await rejection(createSqliteStorage({ path, readOnly }));
      expect(code).to.equal('REPRISE_STORE_CORRUPT');
      expect(message).to.match(/to 39 are missing|39 is missing|every event of it is missing/);
      expect(message).to.include(markPath(path));
    }
    expect(readFileSync(`${path}-wal`).equals(left), 'the WAL is left as it was').to.equal(true);
  };

  it('has every event when nothing is damaged', async () => {
    const { events: store } = await createSqliteStorage({ path: copy() });
    expect(await store.readAll()).to.have.length(EVENTS);
    await store.close();
  });

  for (let flip = 0; flip < 16; flip += 1) {
    it(`reports a flipped bit (${flip + 1} of 16)`, async () => {
      const path = copy();
      const wal = readFileSync(`${path}-wal`);
      const at = Math.floor(((flip + 0.5) / 16) * wal.length);
      wal[at] = (wal[at] ?? 0) ^ (1 << (flip % 8));
      writeFileSync(`${path}-wal`, wal);
      await expectReported(path);
    });
  }

  for (let cut = 0; cut < 8; cut += 1) {
    it(`reports a cut (${cut + 1} of 8)`, async () => {
      const path = copy();
      truncateSync(`${path}-wal`, Math.floor((cut / 8) * statSync(`${path}-wal`).size));
      await expectReported(path);
    });
  }

  it('reports a WAL that was removed', async () => {
    const path = copy();
    rmSync(`${path}-wal`);
    const { code, message } = await rejection(createSqliteStorage({ path }));
    expect([code, message.includes('every event of it is missing')]).to.deep.equal(['REPRISE_STORE_CORRUPT', true]);
  });

  it('goes on without what is missing once the mark is removed, and not before', async () => {
    const path = copy();
    truncateSync(`${path}-wal`, Math.floor(statSync(`${path}-wal`).size / 2));
    await rejection(createSqliteStorage({ path }));
    rmSync(markPath(path));
    const { events: store } = await createSqliteStorage({ path });
    const { length } = await store.readAll();
    expect(length).to.be.within(1, EVENTS - 1);
    await store.append('run-a', sampleEvents('a', length, 1), length - 1);
    await store.close();
    await (await createSqliteStorage({ path })).events.close();
  });

  it('takes no torn mark for a loss', async () => {
    const path = copy();
    const mark = readFileSync(markPath(path));
    for (const length of [0, 1, 63, 64, 511, 513, mark.length - 1].filter((size) => size <= mark.length)) {
      writeFileSync(markPath(path), mark.subarray(0, length));
      await (await createSqliteStorage({ path })).events.close();
    }
  });
});

describe('an SQLite event store beside the mark of another state', () => {
  const newPath = temporaryPaths();

  /** A store of `events` events, closed, and a copy of the file as it was after `backup` of them. */
  async function withBackup(
    events: number,
    backup: number,
  ): Promise<{ readonly path: string; readonly older: string }> {
    const path = newPath();
    const older = `${path}.backup`;
    for (const [from, to] of [
      [0, backup],
      [backup, events],
    ] as const) {
      const { events: store } = await createSqliteStorage({ path });
      await store.append('run-a', sampleEvents('a', from, to - from), from - 1);
      await store.close();
      if (to === backup) copyFileSync(path, older);
    }
    return { path, older };
  }

  it('says which positions an older backup lacks, and of when it is', async () => {
    const { path, older } = await withBackup(10, 4);
    copyFileSync(older, path);
    const { message } = await rejection(createSqliteStorage({ path }));
    expect(message).to.include('position 4 to 9 are missing (its last event is of 2023-11-14T22:13:20.003Z)');
    expect(message).to.include('older backup');
  });

  it('notices a file that went on from an older state', async () => {
    const { path, older } = await withBackup(10, 4);
    const mark = readFileSync(markPath(path));
    copyFileSync(older, path);
    rmSync(markPath(path));
    const { events: store } = await createSqliteStorage({ path });
    await store.append('run-b', sampleEvents('b', 0, 20), NO_STREAM);
    await store.close();
    writeFileSync(markPath(path), mark);
    expect((await rejection(createSqliteStorage({ path }))).message).to.include('went on from an older state');
  });

  it('notices the file of another store, and one that is gone', async () => {
    const { path } = await withBackup(3, 1);
    const other = await withBackup(8, 1);
    copyFileSync(other.path, path);
    expect((await rejection(createSqliteStorage({ path }))).message).to.include('another event store');
    rmSync(path);
    for (const readOnly of [true, false]) {
      const { code, message } = await rejection(createSqliteStorage({ path, readOnly }));
      expect([code, message.includes('is gone')]).to.deep.equal(['REPRISE_STORE_CORRUPT', true]);
    }
    expect(statSync(path, { throwIfNoEntry: false })).to.equal(undefined);
  });

  it('does not ask for a mark: a copy of the file alone is a store', async () => {
    const { path } = await withBackup(3, 1);
    const copy = join(dirname(newPath()), 'copy.db');
    mkdirSync(dirname(copy), { recursive: true });
    copyFileSync(path, copy);
    const { events: store } = await createSqliteStorage({ path: copy });
    expect(await store.readAll()).to.have.length(3);
    await store.close();
  });
});
