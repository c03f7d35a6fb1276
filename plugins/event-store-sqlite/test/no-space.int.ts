import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { NO_STREAM } from '@reprise/core/plugin';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import { readMark } from '../src/mark.ts';
import { Child } from './child.ts';
import { rejection, temporaryPaths, until } from './folder.ts';
import { sampleEvents } from './sample.ts';

describe('an SQLite event store where nothing can be written', () => {
  const newPath = temporaryPaths();
  const children: Child[] = [];
  const folders: string[] = [];
  const mounted: string[] = [];
  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => child.kill()));
    for (const folder of folders.splice(0)) chmodSync(folder, 0o755);
    for (const folder of mounted.splice(0)) execFileSync('umount', [folder]);
  });

  /** What somebody who may not write there reads. */
  async function look(path: string): Promise<string> {
    // The parent folders are open to others; the files and the folder itself are not to be written by them.
    chmodSync(dirname(dirname(path)), 0o755);
    chmodSync(dirname(path), 0o555);
    folders.push(dirname(path));
    const child = new Child('look', [path]);
    children.push(child);
    await child.end();
    return child.lines[0] ?? child.stderr;
  }

  async function crashed(path: string, events: number): Promise<void> {
    const child = new Child('fill', [path, events]);
    await child.printed(1);
    await until(() => readMark(path)?.position === events - 1);
    await child.kill();
  }

  it('is read in a folder that may not be written', async () => {
    const path = newPath();
    const { events: store } = await createSqliteStorage({ path });
    await store.append('run-a', sampleEvents('a', 0, 5), NO_STREAM);
    await store.close();
    expect(await look(path)).to.equal('5');
  });

  it('is read there with what a crash left in the WAL', async () => {
    const path = newPath();
    await crashed(path, 7);
    expect(await look(path)).to.equal('7');
  });

  it('says what to do there when the file that shares the WAL is missing', async () => {
    const path = newPath();
    await crashed(path, 7);
    rmSync(`${path}-shm`);
    expect(await look(path)).to.match(/^REPRISE_STORE_UNAVAILABLE .*Copy the file and its -wal file/);
  });

  it('looks at the mark there, too', async () => {
    const path = newPath();
    await crashed(path, 7);
    writeFileSync(`${path}-wal`, '');
    expect(await look(path)).to.match(/^REPRISE_STORE_CORRUPT .*lacks events that were acknowledged/);
  });

  /** A disk of its own of 1 MiB; undefined where this process may not mount one. */
  function disk(): string | undefined {
    const folder = dirname(newPath());
    mkdirSync(folder);
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', folder]).status !== 0) return undefined;
    mounted.push(folder);
    return folder;
  }

  function fillUp(folder: string): void {
    spawnSync('dd', ['if=/dev/zero', `of=${join(folder, 'fill')}`, 'bs=4k', 'count=1000']);
    expect(statSync(join(folder, 'fill')).size).to.be.greaterThan(0);
  }

  it('is opened and read on a disk that is full', async function () {
    const folder = disk();
    if (folder === undefined) return this.skip();
    const path = join(folder, 'events.db');
    const { events: store } = await createSqliteStorage({ path });
    await store.append('run-a', sampleEvents('a', 0, 5), NO_STREAM);
    await store.close();
    fillUp(folder);
    const { events: reader } = await createSqliteStorage({ path, readOnly: true });
    expect(await reader.readAll()).to.have.length(5);
    const { message } = await rejection(createSqliteStorage({ path }));
    expect(message).to.include('no space left');
    rmSync(join(folder, 'fill'));
    const { events: again } = await createSqliteStorage({ path });
    await again.append('run-a', sampleEvents('a', 5, 1), 4);
    expect((await rejection(reader.readAll())).message).to.include('Open it again');
    await reader.close();
    await again.close();
  });

  it('rejects appends on a disk that fills up, reads on, and works again with space', async function () {
    const folder = disk();
    if (folder === undefined) return this.skip();
    const path = join(folder, 'events.db');
    const { events: store } = await createSqliteStorage({ path });
    await store.append('run-a', sampleEvents('a', 0, 5), NO_STREAM);
    fillUp(folder);
    const events = sampleEvents('a', 5, 1, 'x'.repeat(100_000));
    for (const round of [1, 2]) {
      const { code, message } = await rejection(store.append('run-a', events, 4));
      expect(code, `round ${round}`).to.equal('REPRISE_STORE_UNAVAILABLE');
      expect(message).to.include('no space left');
    }
    expect(await store.readAll()).to.have.length(5);
    const { events: reader } = await createSqliteStorage({ path, readOnly: true });
    expect(await reader.read('run-a')).to.have.length(5);
    await reader.close();
    rmSync(join(folder, 'fill'));
    expect((await store.append('run-a', events, 4)).revision).to.equal(5);
    await store.close();
    expect(readMark(path)?.position).to.equal(5);
  });
});
