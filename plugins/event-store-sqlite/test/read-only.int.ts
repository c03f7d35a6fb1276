import { isRepriseError, NO_STREAM, type RecordedEvent } from '@reprise/core/plugin';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import { Child } from './child.ts';
import { temporaryPaths } from './folder.ts';
import { sampleEvents } from './sample.ts';

describe('an SQLite event store opened for reading', () => {
  const newPath = temporaryPaths();
  const children: Child[] = [];
  afterEach(() => Promise.all(children.splice(0).map((child) => child.kill())));

  it('reads, lists and follows while another process writes', async () => {
    const path = newPath();
    const writer = new Child('onDemand', [path]);
    children.push(writer);
    await writer.printed(1);
    const { events: store, catalog } = await createSqliteStorage({ path, readOnly: true, pollIntervalMs: 5 });
    const seen: RecordedEvent[] = [];
    const arrived = Promise.withResolvers<void>();
    await store.subscribe({
      onEvents: (page) => {
        seen.push(...page);
        if (seen.length === 10) arrived.resolve();
      },
    });
    const ofOne: number[] = [];
    const followed = Promise.withResolvers<void>();
    await store.subscribe({
      stream: 'run-a',
      after: 6,
      onEvents: (page) => {
        ofOne.push(...page.map(({ revision }) => revision));
        if (ofOne.length === 3) followed.resolve();
      },
    });
    for (let revision = 0; revision < 10; revision += 1) writer.tell('a');
    await Promise.all([arrived.promise, followed.promise]);
    expect(ofOne).to.deep.equal([7, 8, 9]);
    expect(seen.map(({ revision }) => revision)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(await store.read('run-a')).to.deep.equal(seen);
    expect(await catalog?.list({ kind: 'run' })).to.deep.equal([]);
    await store.close();
  });

  it('refuses to write, and says why', async () => {
    const path = newPath();
    await (await createSqliteStorage({ path })).events.close();
    const { events: store, snapshots, ownership } = await createSqliteStorage({ path, readOnly: true });
    const attempts = [
      store.append('run-a', sampleEvents('a', 0, 1), NO_STREAM),
      snapshots?.save('run-a', { revision: 0, schema: 's', state: '' }),
    ];
    for (const attempt of attempts) {
      const error = await attempt?.catch((reason: unknown) => reason);
      expect(isRepriseError(error, 'REPRISE_STORE_UNAVAILABLE') && error.message).to.include('for reading only');
    }
    await ownership?.start();
    expect(ownership?.owns('any')).to.equal(false);
    await store.close();
  });
});
