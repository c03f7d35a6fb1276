import { createReprise, defineAgent, definePlugin, parseQuery, workflow } from '@reprise/core';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { openRunReader } from '../src/store/open-run-reader.ts';
import { resolveRun } from '../src/store/resolve-run.ts';
import { fileStore } from '../src/store/store-access.ts';
import { temporaryFolders } from './support.ts';

const folders = temporaryFolders();

describe('reading the runs of a store without a catalog', () => {
  it('asks the run index beside it, which is brought up to date each time', async () => {
    const path = `${folders()}/runs.db`;
    const definition = workflow('w')
      .task('a', defineAgent({ name: 'agent', handle: () => 1 }))
      .build();
    const { catalog: _catalog, ...storage } = await createSqliteStorage({ path });
    const plugin = definePlugin({ name: 'plain', kind: 'event-store', create: () => storage });
    const reprise = await createReprise({ plugins: [plugin], workflows: [definition] });
    await reprise.start();
    const where = parseQuery('status:completed', { now: 0 });
    try {
      for (const id of ['one', 'two']) {
        await (await reprise.startRun(definition, null, { id })).outcome();
        const { reader, close } = openRunReader(storage, fileStore(path));
        expect(await resolveRun(storage, reader, 'last')).to.equal(id);
        expect(await resolveRun(storage, reader, id.slice(0, 2))).to.equal(id);
        expect(await reader.list({ where })).to.have.length(id === 'one' ? 1 : 2);
        await close();
      }
    } finally {
      await reprise.stop();
    }
  });
});
