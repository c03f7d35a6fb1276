import { readFileSync, statSync } from 'node:fs';
import { isRepriseError, NO_STREAM, type RecordedEvent } from '@reprise/core/plugin';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import { Child } from './child.ts';
import { temporaryPaths } from './folder.ts';
import { sampleEvents } from './sample.ts';

describe('an SQLite event store shared by processes', () => {
  const newPath = temporaryPaths();
  const children: Child[] = [];
  const start = (program: string, ...args: (string | number)[]): Child => {
    const child = new Child(program, args);
    children.push(child);
    return child;
  };
  afterEach(() => Promise.all(children.splice(0).map((child) => child.kill())));

  it('is created once by several that open it at the same moment, and each append wins or conflicts', async () => {
    const path = newPath();
    const writers = ['x', 'y', 'z'].map((name) => start('contend', path, 'shared', 60, name));
    for (const writer of writers) expect(await writer.end(), writer.stderr).to.equal(0);
    const { events: store } = await createSqliteStorage({ path });
    const recorded = await store.read('run-shared');
    expect(recorded.map(({ revision }) => revision)).to.deep.equal(Array.from({ length: 180 }, (_, index) => index));
    expect(new Set(recorded.map(({ id }) => id)).size).to.equal(180);
    await store.close();
  });

  it('gives a conflict with the revision that another process made', async () => {
    const path = newPath();
    const { events: store } = await createSqliteStorage({ path });
    const other = start('onDemand', path);
    await store.append('run-a', sampleEvents('a', 0, 1), NO_STREAM);
    other.tell('a');
    await other.printed(2);
    const error = await store.append('run-a', sampleEvents('other', 0, 1), 0).catch((reason: unknown) => reason);
    expect(isRepriseError(error, 'REPRISE_STORE_CONFLICT') && error.details.actualRevision).to.equal(1);
    expect((await store.append('run-a', sampleEvents('other', 0, 1), 1)).revision).to.equal(2);
    await store.close();
  });

  it('shows subscribers every append of every process once and in order, and listeners the foreign ones only', async () => {
    const path = newPath();
    const { events: store, foreign } = await createSqliteStorage({ path, pollIntervalMs: 5 });
    const other = start('onDemand', path);
    await other.printed(1);
    const seen: RecordedEvent[] = [];
    const heard = new Map<string, number>();
    const all = Promise.withResolvers<void>();
    const check = (): void => {
      if (seen.length === 80 && heard.get('run-theirs') === 39) all.resolve();
    };
    const stop = foreign?.onAppend((stream, revision) => {
      heard.set(stream, revision);
      check();
    });
    await store.subscribe({
      onEvents: (page) => {
        seen.push(...page);
        check();
      },
    });
    for (let revision = -1; revision < 39; revision += 1) {
      other.tell('theirs');
      await store.append('run-ours', sampleEvents('ours', revision + 1, 1), revision);
    }
    await all.promise;
    expect(seen).to.deep.equal(await store.readAll());
    expect([...heard.keys()]).to.deep.equal(['run-theirs']);
    stop?.();
    await store.close();
  });

  it('keeps the lock that says to other processes that it is in use', async function () {
    // Closing any descriptor of the file would let go of it (https://www.sqlite.org/howtocorrupt.html, 2.2).
    if (process.platform !== 'linux') return this.skip();
    const path = newPath();
    const { events: store } = await createSqliteStorage({ path });
    const { events: second } = await createSqliteStorage({ path });
    await second.close();
    const locks = readFileSync('/proc/locks', 'utf8').split('\n');
    const own = locks.filter((line) => line.includes(` ${process.pid} `) && line.includes(`:${statSync(path).ino} `));
    expect(own).to.have.length(1);
    await store.close();
  });

  it('has one owner among them, and is free at once when that is killed', async () => {
    const path = newPath();
    const first = start('own', path);
    await first.printed(1);
    const { events: store, ownership } = await createSqliteStorage({ path });
    const second = start('own', path);
    await second.printed(1);
    await ownership?.start();
    expect([first.lines[0], second.lines[0], ownership?.owns('any')]).to.deep.equal(['owner', 'refused', false]);
    await store.append('run-a', sampleEvents('a', 0, 1), NO_STREAM);
    await second.kill();
    const gained = new Promise((resolve) => ownership?.onChange(resolve));
    await first.kill();
    expect(await gained).to.deep.equal({ gained: true, lost: false });
    expect(ownership?.owns('any')).to.equal(true);
    await store.close();
  });
});
