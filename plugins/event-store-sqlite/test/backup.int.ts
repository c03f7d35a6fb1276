import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { NO_STREAM, readStream, type Storage } from '@reprise/core/plugin';
import { createSqliteStorage, restoreSqliteStore } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { rejection, temporaryPaths } from './folder.ts';
import { runStream, sampleEvents } from './sample.ts';

const STREAM = runStream('r-1');

async function eventsIn({ events }: Storage): Promise<number> {
  let count = 0;
  for await (const { revision } of readStream(events, STREAM)) count = revision + 1;
  return count;
}

async function countIn(path: string): Promise<number> {
  const storage = await createSqliteStorage({ path, readOnly: true });
  try {
    return await eventsIn(storage);
  } finally {
    await storage.events.close();
  }
}

describe('a backup of an SQLite event store', () => {
  const newPath = temporaryPaths();

  /** A store with so many events, closed, and its backup, made after the first `backedUp` of them while it was open. */
  async function backedUpStore(backedUp: number, events: number) {
    const path = newPath();
    const backup = `${path}.backup`;
    const storage = await createSqliteStorage({ path });
    await storage.events.append(STREAM, sampleEvents('r-1', 0, backedUp), NO_STREAM);
    await storage.backup?.(backup);
    await storage.events.append(STREAM, sampleEvents('r-1', backedUp, events - backedUp), backedUp - 1);
    await storage.events.close();
    return { path, backup };
  }

  it('has what was there, is a store of its own, and leaves what is there as it is', async () => {
    const { path, backup } = await backedUpStore(5, 8);
    expect([await countIn(path), await countIn(backup)]).to.deep.equal([8, 5]);
    const reader = await createSqliteStorage({ path, readOnly: true });
    const refused = await rejection(reader.backup?.(backup));
    expect(refused).to.include({ code: 'REPRISE_STORE_UNAVAILABLE', retryable: false });
    expect(refused.message).to.contain(backup);
    expect((await rejection(reader.backup?.(`${path}-no/folder/x.db`))).message).to.contain('could not be written');
    expect((await rejection(reader.compact?.())).message).to.contain('for reading only');
    expect(await reader.stats?.()).to.deep.include({
      events: 8,
      streams: 1,
      firstAt: 1_700_000_000_000,
      lastAt: 1_700_000_000_007,
    });
    await reader.events.close();
    expect(readdirSync(dirname(path)).filter((name) => name.includes('partial'))).to.deep.equal([]);
  });

  it('is put in the place of the store, which goes on from there; what was there is kept', async () => {
    const { path, backup } = await backedUpStore(5, 8);
    const { kept } = restoreSqliteStore(backup, path, 'before-1');
    expect(kept).to.equal(`${path}.before-1`);
    expect([await countIn(path), await countIn(kept ?? ''), await countIn(backup)]).to.deep.equal([5, 8, 5]);
    const storage = await createSqliteStorage({ path });
    await storage.events.append(STREAM, sampleEvents('r-1', 5, 1, 'otherwise'), 4);
    await storage.compact?.();
    expect(await eventsIn(storage)).to.equal(6);
    await storage.events.close();
    expect(await countIn(path)).to.equal(6);
  });

  it('that was being put there when its process died, leaves a store that says so, and is put there again', async () => {
    const { path, backup } = await backedUpStore(5, 8);
    // Between the two renames.
    renameSync(path, `${path}.before-1`);
    const gone = await rejection(createSqliteStorage({ path }));
    expect(gone.code).to.equal('REPRISE_STORE_CORRUPT');
    expect(existsSync(path), 'it is not begun anew').to.equal(false);
    expect(restoreSqliteStore(backup, path, 'before-2').kept).to.equal(undefined);
    expect(await countIn(path)).to.equal(5);
  });

  it('stops a process that still has the store open', async () => {
    const { path, backup } = await backedUpStore(5, 8);
    const storage = await createSqliteStorage({ path });
    restoreSqliteStore(backup, path, 'before-1');
    const lost = await rejection(storage.events.append(STREAM, sampleEvents('r-1', 8, 1), 7));
    expect(lost.code).to.equal('REPRISE_STORE_REPLACED');
    await storage.events.close();
    expect(await countIn(path)).to.equal(5);
  });

  it('cannot be put where there is no room for a file, and then nothing is changed', async () => {
    const { path, backup } = await backedUpStore(5, 8);
    expect(() => restoreSqliteStore(`${backup}-none`, path, 'before-1')).to.throw('could not be written');
    expect(await countIn(path)).to.equal(8);
    const other = newPath();
    mkdirSync(dirname(other), { recursive: true });
    writeFileSync(`${other}-mark`, '');
    expect(restoreSqliteStore(backup, other, 'x').kept).to.equal(undefined);
    expect(await countIn(other)).to.equal(5);
  });
});
