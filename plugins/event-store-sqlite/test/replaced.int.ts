import { copyFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { NO_STREAM, type RepriseError, type Storage } from '@reprise/core/plugin';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { rejection, temporaryPaths } from './folder.ts';
import { sampleEvents } from './sample.ts';

const FAULTS: Readonly<Record<string, (path: string) => void>> = {
  'was deleted': (path) => rmSync(path),
  'was replaced by another file': (path) => {
    writeFileSync(`${path}.new`, 'other');
    renameSync(`${path}.new`, path);
  },
  'was replaced by a copy of itself': (path) => {
    copyFileSync(path, `${path}.new`);
    renameSync(`${path}.new`, path);
  },
  'was moved with its folder': (path) => renameSync(dirname(path), `${dirname(path)}-moved`),
  'was deleted and made again': (path) => {
    rmSync(path);
    mkdirSync(`${path}.keep-the-inode`);
    writeFileSync(`${path}.other`, '');
    writeFileSync(path, '');
  },
  'has lost its WAL': (path) => rmSync(`${path}-wal`),
};

const lossOf = ({ foreign }: Storage): Promise<RepriseError> => new Promise((resolve) => foreign?.onLost?.(resolve));

describe('an SQLite event store whose file', () => {
  const newPath = temporaryPaths();

  for (const [what, damage] of Object.entries(FAULTS)) {
    describe(what, () => {
      it('acknowledges nothing more, not even what is appended right then', async () => {
        const path = newPath();
        const storage = await createSqliteStorage({ path });
        const { events: store } = storage;
        await store.append('run-a', sampleEvents('a', 0, 1), NO_STREAM);
        const waiting = Promise.allSettled(
          Array.from({ length: 20 }, (_, index) =>
            store.append(`run-${index}`, sampleEvents(`${index}`, 0, 1), NO_STREAM),
          ),
        );
        damage(path);
        const after = store.append('run-a', sampleEvents('a', 1, 1), 0);
        expect((await rejection(after)).code).to.equal('REPRISE_STORE_REPLACED');
        // Some may have been answered before the damage was done; none is left without an answer.
        for (const outcome of await waiting) {
          if (outcome.status === 'rejected') expect(outcome.reason).to.include({ code: 'REPRISE_STORE_REPLACED' });
        }
        const late = await rejection(store.append('run-a', sampleEvents('a', 1, 1), 0));
        expect([late.code, late.retryable]).to.deep.equal(['REPRISE_STORE_REPLACED', false]);
        for (const use of [
          () => store.read('run-a'),
          () => store.readAll(),
          () => store.subscribe({ onEvents: () => undefined }),
          () => storage.catalog?.list({ kind: 'run' }),
          () => storage.ownership?.start(),
        ]) {
          expect((await rejection(use() as Promise<unknown>)).code).to.equal('REPRISE_STORE_REPLACED');
        }
        await store.close();
      });

      it('is noticed without any use; ownership is given up and subscriptions end', async () => {
        const path = newPath();
        const storage = await createSqliteStorage({ path });
        const { events: store } = storage;
        await store.append('run-a', sampleEvents('a', 0, 1), NO_STREAM);
        await storage.ownership?.start();
        expect(storage.ownership?.owns('any')).to.equal(true);
        const ended = new Promise<unknown>((resolve) => {
          void store.subscribe({ onEvents: () => undefined, onError: resolve });
        });
        const lost = lossOf(storage);
        damage(path);
        const error = await lost;
        expect(error.code).to.equal('REPRISE_STORE_REPLACED');
        expect(await ended).to.equal(error);
        expect(storage.ownership?.owns('any')).to.equal(false);
        await store.close();
      });
    });
  }

  it('is put back under a reader is given up by that, too', async () => {
    const path = newPath();
    const { events: writer } = await createSqliteStorage({ path });
    await writer.append('run-a', sampleEvents('a', 0, 1), NO_STREAM);
    await writer.close();
    const { events: store } = await createSqliteStorage({ path, readOnly: true });
    const ended = new Promise<unknown>((resolve) => {
      void store.subscribe({ onEvents: () => undefined, onError: resolve });
    });
    copyFileSync(path, `${path}.new`);
    renameSync(`${path}.new`, path);
    expect(await ended).to.include({ code: 'REPRISE_STORE_REPLACED' });
    await store.close();
  });

  it('was replaced is not touched by the process that lost it', async () => {
    const path = newPath();
    const backup = `${path}.backup`;
    const { events: first } = await createSqliteStorage({ path });
    await first.append('run-a', sampleEvents('a', 0, 2), NO_STREAM);
    await first.close();
    copyFileSync(path, backup);
    const storage = await createSqliteStorage({ path });
    const { events: store } = storage;
    const lost = lossOf(storage);
    copyFileSync(backup, `${path}.new`);
    renameSync(`${path}.new`, path);
    await lost;
    await store.close();
    const { events: again } = await createSqliteStorage({ path });
    expect(await again.readAll()).to.have.length(2);
    await again.close();
  });
});
