import { existsSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import type { DriverSign, Storage } from '@reprise/core/plugin';
import { sleep } from '@reprise/core/plugin';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import { signPath } from '../src/driver-sign.ts';
import { Child } from './child.ts';
import { temporaryPaths } from './folder.ts';

describe('the sign of life of the driver of a store', () => {
  const newPath = temporaryPaths();
  const children: Child[] = [];
  const stores: Storage[] = [];
  afterEach(async () => {
    for (const { events } of stores.splice(0)) await events.close();
    await Promise.all(children.splice(0).map((child) => child.kill()));
  });
  const open = async (path: string, readOnly = false): Promise<Storage> => {
    const storage = await createSqliteStorage({ path, readOnly });
    stores.push(storage);
    return storage;
  };
  const own = async (path: string): Promise<Child> => {
    const child = new Child('own', [path]);
    children.push(child);
    await child.printed(1);
    return child;
  };
  const drivers = async ({ ownership }: Storage): Promise<readonly DriverSign[]> =>
    (await ownership?.drivers?.()) ?? [];
  const silence = async (storage: Storage): Promise<number> => (await drivers(storage))[0]?.silentMs ?? -1;
  const age = (path: string): void => {
    const then = Date.now() / 1000 - 60;
    utimesSync(signPath(path), then, then);
  };

  it('says which process it is, to readers, too, and grows old while that is stopped', async () => {
    const path = newPath();
    const child = await own(path);
    for (const storage of [await open(path), await open(path, true)]) {
      const [driver, ...others] = await drivers(storage);
      expect([driver?.pid, others]).to.deep.equal([child.process.pid, []]);
      expect(driver?.since).to.be.within(Date.now() - 60_000, Date.now());
      expect(driver?.host).to.be.a('string').that.is.not.equal('');
    }
    const [storage] = stores as [Storage];
    age(path);
    while ((await silence(storage)) > 10_000) await sleep(50); // it is renewed
    child.process.kill('SIGSTOP');
    age(path);
    await sleep(1500);
    expect(await silence(storage)).to.be.greaterThan(60_000);
    child.process.kill('SIGCONT');
    while ((await silence(storage)) > 10_000) await sleep(50);
  });

  it('is gone after an orderly end, and counts for nothing after another', async () => {
    const path = newPath();
    const storage = await open(path);
    await storage.ownership?.start();
    expect((await drivers(storage))[0]?.pid).to.equal(process.pid);
    await storage.ownership?.stop();
    expect([existsSync(signPath(path)), await drivers(storage)]).to.deep.equal([false, []]);
    const child = await own(path);
    await child.kill();
    expect([existsSync(signPath(path)), await drivers(storage)]).to.deep.equal([true, []]);
    await storage.ownership?.start();
    expect((await drivers(storage)).map(({ pid }) => pid)).to.deep.equal([process.pid]);
  });

  it('is made again when somebody removes it; one that cannot be read says that there is a driver, no more', async () => {
    const path = newPath();
    const storage = await open(path);
    await storage.ownership?.start();
    rmSync(signPath(path));
    expect(await drivers(storage)).to.deep.equal([{}]);
    while (!existsSync(signPath(path))) await sleep(50);
    writeFileSync(signPath(path), '{torn');
    expect(await drivers(storage)).to.deep.equal([{}]);
    writeFileSync(signPath(path), '{"pid":"x"}');
    expect(await drivers(storage)).to.deep.equal([{}]);
  });

  it('harms nobody when something else stands in its place', async () => {
    const path = newPath();
    const storage = await open(path);
    await storage.ownership?.start();
    rmSync(signPath(path));
    mkdirSync(signPath(path));
    expect(await drivers(storage)).to.deep.equal([{}]);
    await storage.ownership?.stop();
    expect(storage.ownership?.owns('any')).to.equal(false);
  });

  it('is left alone by a process that has lost the store: it may be another’s', async () => {
    const path = newPath();
    const storage = await open(path);
    await storage.ownership?.start();
    const lost = new Promise((resolve) => storage.foreign?.onLost?.(resolve));
    rmSync(`${path}-owner`);
    await lost;
    expect([existsSync(signPath(path)), storage.ownership?.owns('any')]).to.deep.equal([true, false]);
  });
});
