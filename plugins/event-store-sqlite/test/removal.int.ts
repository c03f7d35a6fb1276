import { cpSync } from 'node:fs';
import { NO_STREAM, type Storage } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { createSqliteStorage } from '../src/sqlite-storage.ts';
import { temporaryPaths } from './folder.ts';
import { sampleEvents as samples } from './sample.ts';

let made = 0;
/** Events that no other call gives. */
const sampleEvents = (count: number) => {
  made += 1;
  return samples(`sample-${made}`, 0, count);
};

describe('a store from which runs were removed', () => {
  const newPath = temporaryPaths();
  const RECORD = 'audit-runs';

  async function removed(storage: Storage, stream: string, revision: number, type = 'RunDeleted'): Promise<void> {
    const { events } = storage;
    const history = await events.read(stream);
    const positions = { first: history[0]?.position ?? '', last: history.at(-1)?.position ?? '' };
    const [record] = sampleEvents(1);
    if (record === undefined) throw new Error('there is no sample');
    const event = { ...record, type, data: { runId: 'x', positions } };
    await storage.remove?.([{ stream, revision }], { stream: RECORD, events: [event], expectedRevision: NO_STREAM });
  }

  /** A store whose last event was removed, with the mark as it was before: the process was killed in between. */
  async function withOldMark(name: string, type?: string): Promise<string> {
    const path = newPath(`${name}.db`);
    const first = await createSqliteStorage({ path });
    await first.events.append('run-kept', sampleEvents(2), NO_STREAM);
    await first.events.append('run-gone', sampleEvents(3), NO_STREAM);
    await first.events.close();
    const mark = `${path}-kept-mark`;
    cpSync(`${path}-mark`, mark);
    const second = await createSqliteStorage({ path });
    await removed(second, 'run-gone', 2, type);
    await second.events.close();
    cpSync(mark, `${path}-mark`);
    return path;
  }

  it('is whole for its mark, which names an event that is gone on record', async () => {
    const storage = await createSqliteStorage({ path: await withOldMark('on-record') });
    expect(await storage.events.read('run-gone')).to.have.length(0);
    expect((await storage.events.readAll()).map(({ stream }) => stream)).to.deep.equal([
      'run-kept',
      'run-kept',
      RECORD,
    ]);
    await storage.events.close();
  });

  it('is not whole when no record says that the event is gone', async () => {
    const opened = await createSqliteStorage({ path: await withOldMark('off-record', 'Other') }).catch(
      (error: unknown) => error,
    );
    expect(opened).to.have.property('code', 'REPRISE_STORE_CORRUPT');
  });

  it('is the same to another process that had read and written it before', async () => {
    const path = newPath('two.db');
    const one = await createSqliteStorage({ path });
    const other = await createSqliteStorage({ path });
    await one.events.append('run-a', sampleEvents(4), NO_STREAM);
    await other.events.readAll();
    await other.events.append('run-b', sampleEvents(1), NO_STREAM);
    await removed(one, 'run-a', 3);
    expect(await other.events.read('run-a')).to.have.length(0);
    const { revision } = await other.events.append('run-a', sampleEvents(2), NO_STREAM);
    expect(revision).to.equal(1);
    expect((await one.events.readAll()).map(({ stream }) => stream)).to.deep.equal(['run-b', RECORD, 'run-a', 'run-a']);
    await one.events.close();
    await other.events.close();
  });
});
