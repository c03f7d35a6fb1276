import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  createInMemoryStorage,
  createReprise,
  defineAgent,
  definePlugin,
  type Orchestrator,
  type RecordedEvent,
  type Storage,
  workflow,
} from '@reprise/core';
import { recordingMonitor } from '@reprise/core/testing';
import { createSqliteViewStore, sqliteViewStore } from '@reprise/view-store-sqlite';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import { openDatabase } from '../src/node-sqlite.ts';
import { temporaryPaths } from './folder.ts';

const work = defineAgent({ name: 'work', handle: async () => 'done' });
const flow = workflow('flow').task('work', work).build();

/** A store that lists nothing by itself, outlives its orchestrators, and notes how much is read of all streams. */
function lasting() {
  const { events } = createInMemoryStorage();
  const read: RecordedEvent[] = [];
  const storage: Storage = {
    events: {
      ...events,
      readAll: async (request) => {
        const page = await events.readAll(request);
        read.push(...page);
        return page;
      },
      subscribe: (request) =>
        events.subscribe({
          ...request,
          onEvents: (page) => {
            read.push(...page);
            return request.onEvents(page);
          },
        }),
      close: async () => undefined,
    },
  };
  return { read, plugin: definePlugin({ name: 'lasting', kind: 'event-store', create: () => storage }) };
}

describe('a SQLite view store that is begun with the file of another process', () => {
  const paths = temporaryPaths();
  const opened: Orchestrator[] = [];
  afterEach(async () => {
    for (const reprise of opened.splice(0)) await reprise.stop({ drainMs: 0 });
  });

  const open = async (store: ReturnType<typeof lasting>, options: Parameters<typeof sqliteViewStore>[0]) => {
    const monitor = recordingMonitor();
    const reprise = await createReprise({
      workflows: [flow],
      plugins: [store.plugin, sqliteViewStore(options), monitor.plugin],
    });
    opened.push(reprise);
    await reprise.start();
    const told = (): readonly string[] =>
      monitor.notices.flatMap((notice) => (notice.kind === 'log' && notice.level !== 'info' ? [notice.message] : []));
    return { reprise, told };
  };
  const runs = async (reprise: Orchestrator, prefix: string, count: number) => {
    for (let index = 0; index < count; index += 1)
      await (await reprise.startRun(flow, null, { id: `${prefix}-${index}` })).result();
    expect(await reprise.runs.list({ limit: 1000 })).to.have.length.at.least(count);
  };
  const listed = async (reprise: Orchestrator) =>
    (await reprise.runs.list({ limit: 1000 })).map(({ runId, status }) => `${runId} ${status}`);

  it('has what was in that, and folds what came since, while the other goes on', async () => {
    const store = lasting();
    const [peer, path] = [paths(), paths()];
    const { reprise: first } = await open(store, { path: peer });
    await runs(first, 'a', 50);
    // A copy of it is whole at whatever moment: the other process is in the middle of its runs.
    const going = runs(first, 'b', 50);
    store.read.length = 0;
    const { reprise: second, told } = await open(store, { path, seedFrom: peer });
    const seen = new Set(store.read.map(({ stream }) => stream));
    await going;
    expect(await listed(second)).to.have.members(await listed(first));
    expect([...seen].filter((stream) => stream.startsWith('run-a-')).length).to.be.at.most(2);
    expect(told().filter((line) => line.includes('built anew'))).to.deep.equal([]);
    expect(readdirSync(dirname(path)).filter((name) => name.includes('seed'))).to.deep.equal([]);
  });

  it('begins nothing where there is a file', async () => {
    const store = lasting();
    const [peer, path] = [paths(), paths()];
    const { reprise: first } = await open(store, { path });
    await runs(first, 'a', 3);
    await first.stop();
    const { reprise: second, told } = await open(store, { path, seedFrom: peer });
    expect(await listed(second)).to.have.length(3);
    expect(told()).to.deep.equal([]);
  });

  it('is built from its own store, when the other is of another', async () => {
    const [peer, path] = [paths(), paths()];
    const { reprise: stranger } = await open(lasting(), { path: peer });
    await runs(stranger, 'stranger', 5);
    const store = lasting();
    const { reprise: own } = await open(store, { path: paths() });
    await runs(own, 'own', 5);
    await own.stop();
    const { reprise, told } = await open(store, { path, seedFrom: peer });
    expect((await listed(reprise)).every((line) => line.startsWith('own-'))).to.equal(true);
    expect(told().filter((line) => line.includes("The view 'runs' was built from another store"))).to.have.length(1);
  });

  for (const [what, make, why] of [
    ['not there', () => undefined, 'it is not there'],
    ['no database', (file: string) => writeFileSync(file, 'no database at all'.repeat(100)), 'not a database'],
    [
      'that of another application',
      (file: string) => {
        const db = openDatabase(file);
        db.exec('CREATE TABLE t (a); PRAGMA application_id = 7');
        db.close();
      },
      'that of another application',
    ],
    [
      'of a newer version',
      async (file: string) => {
        await (await createSqliteViewStore({ path: file })).close();
        const db = openDatabase(file);
        db.exec('PRAGMA user_version = 99');
        db.close();
      },
      'another version of @reprise/view-store-sqlite',
    ],
  ] as const)
    it(`passes over one that is ${what}, in a line, and folds`, async () => {
      const store = lasting();
      const { reprise: first } = await open(store, { path: paths() });
      await runs(first, 'a', 5);
      await first.stop();
      const [peer, path] = [paths(), paths()];
      mkdirSync(dirname(peer), { recursive: true });
      await make(peer);
      const { reprise, told } = await open(store, { path, seedFrom: peer });
      expect(await listed(reprise)).to.have.length(5);
      expect(told()).to.have.length(1);
      expect(told()[0]).to.include('Views are built anew: ').and.include(peer).and.include(why);
    });

  it('is not begun twice by two processes at once', async () => {
    const store = lasting();
    const [peer, path] = [paths(), paths()];
    const { reprise: first } = await open(store, { path: peer });
    await runs(first, 'a', 10);
    const both = await Promise.all([open(store, { path, seedFrom: peer }), open(store, { path, seedFrom: peer })]);
    for (const { reprise } of both) expect(await listed(reprise)).to.have.length(10);
  });
});
