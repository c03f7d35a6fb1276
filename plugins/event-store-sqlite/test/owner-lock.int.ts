import { linkSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { NO_STREAM, sleep } from '@reprise/core/plugin';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import { ownerPath } from '../src/owner-lock.ts';
import { resolveStorePath } from '../src/store-path.ts';
import { Child } from './child.ts';
import { rejection, temporaryPaths } from './folder.ts';
import { sampleEvents } from './sample.ts';

describe('the owner of an SQLite event store', () => {
  const newPath = temporaryPaths();
  const children: Child[] = [];
  const start = (program: string, path: string): Child => {
    const child = new Child(program, [path]);
    children.push(child);
    return child;
  };
  afterEach(() => Promise.all(children.splice(0).map((child) => child.kill())));

  it('is the same for whoever comes by a link to the file, or to its folder', async () => {
    const path = newPath();
    mkdirSync(dirname(path));
    const links = [join(dirname(path), 'link.db'), join(`${dirname(path)}-folder`, 'events.db')] as const;
    symlinkSync(path, links[0]); // dangling: there is no store yet
    symlinkSync(dirname(path), dirname(links[1]));
    const driver = start('own', links[0]);
    await driver.printed(1);
    expect(driver.lines).to.deep.equal(['owner']);
    for (const way of [path, ...links]) {
      const { events: other, ownership } = await createSqliteStorage({ path: way });
      await ownership?.start();
      expect(ownership?.owns('any'), way).to.equal(false);
      await other.close();
    }
    const { events: reader } = await createSqliteStorage({ path, readOnly: true });
    expect(await reader.readAll()).to.deep.equal([]);
    await reader.close();
  });

  it('is stopped when its lock file is deleted, before another drives', async () => {
    const path = newPath();
    const driver = start('drive', path);
    await driver.printed(1);
    rmSync(ownerPath(path));
    const { events: other, ownership } = await createSqliteStorage({ path });
    await ownership?.start();
    expect(ownership?.owns('any')).to.equal(true);
    await driver.printed(3);
    expect(driver.lines).to.deep.equal(['owner', 'REPRISE_STORE_REPLACED', 'REPRISE_STORE_REPLACED']);
    expect(await driver.end(), driver.stderr).to.equal(0);
    await other.append('run-b', sampleEvents('b', 0, 1), NO_STREAM);
    await other.close();
  });

  it('has noticed that it lost the store by the time that another owns it', async () => {
    const path = newPath();
    const [first, second] = [await createSqliteStorage({ path }), await createSqliteStorage({ path })];
    const told: string[] = [];
    first.foreign?.onLost?.(({ code }) => told.push(code));
    await first.ownership?.start();
    rmSync(ownerPath(path));
    await second.ownership?.start();
    expect([first.ownership?.owns('any'), second.ownership?.owns('any')]).to.deep.equal([false, true]);
    expect(told).to.deep.equal(['REPRISE_STORE_REPLACED']);
    await first.events.close();
    await second.events.close();
  });

  it('appends nothing any more soon after its lock file is gone, sooner than a new owner begins', async () => {
    const path = newPath();
    const { events: store, ownership } = await createSqliteStorage({ path });
    await ownership?.start();
    await store.append('run-a', sampleEvents('a', 0, 1), NO_STREAM);
    rmSync(ownerPath(path));
    const appendOn = async (): Promise<never> => {
      for (let revision = 0; ; revision += 1) {
        await store.append('run-a', sampleEvents('a', revision + 1, 1), revision);
        await sleep(10);
      }
    };
    expect((await rejection(appendOn())).code).to.equal('REPRISE_STORE_REPLACED');
    await store.close();
  });

  it('is nobody after a release, whatever becomes of the lock file', async () => {
    const path = newPath();
    const { events: store, ownership } = await createSqliteStorage({ path });
    await ownership?.start();
    await ownership?.stop();
    rmSync(ownerPath(path));
    await store.append('run-a', sampleEvents('a', 0, 1), NO_STREAM);
    await store.close();
  });

  it('cannot be two by a hard link: such a file is not opened for writing', async () => {
    const path = newPath();
    await (await createSqliteStorage({ path })).events.close();
    linkSync(path, `${path}-second`);
    for (const name of [path, `${path}-second`]) {
      const { code, message, retryable } = await rejection(createSqliteStorage({ path: name }));
      expect([code, retryable]).to.deep.equal(['REPRISE_STORE_UNAVAILABLE', false]);
      expect(message).to.include('2 names');
    }
  });
});

describe('the one name of a store file', () => {
  const newPath = temporaryPaths();

  it('follows links in the folder and the name, to files that are there or not, and ends at a circle', () => {
    const path = newPath();
    const folder = dirname(path);
    mkdirSync(join(folder, 'real'), { recursive: true });
    symlinkSync('real', join(folder, 'short'));
    symlinkSync(join('short', 'x.db'), join(folder, 'link.db'));
    symlinkSync('round.db', join(folder, 'round.db'));
    const real = resolveStorePath(join(folder, 'real', 'x.db'));
    expect(resolveStorePath(join(folder, 'short', 'x.db'))).to.equal(real);
    expect(resolveStorePath(join(folder, 'link.db'))).to.equal(real);
    expect(resolveStorePath(join(folder, 'short', 'not', 'there', 'x.db'))).to.equal(
      join(dirname(real), 'not', 'there', 'x.db'),
    );
    expect(() => resolveStorePath(join(folder, 'round.db'))).to.throw('ELOOP');
  });
});
