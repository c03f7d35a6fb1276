import { DatabaseSync } from 'node:sqlite';
import { type EventStore, encodePosition, NO_STREAM } from '@reprise/core/plugin';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { rejection, temporaryPaths } from './folder.ts';
import { sampleEvents } from './sample.ts';

const EVENTS = 10;
const AT = 5;

/** Each changes the event at revision 5 of run-a in one column, or takes it away. */
const DAMAGES: Readonly<Record<string, string>> = {
  id: "UPDATE events SET id = 'another'",
  type: "UPDATE events SET type = 'Texted'",
  time: 'UPDATE events SET time = time + 1',
  data: `UPDATE events SET data = replace(data, 'text', 'test')`,
  causation: "UPDATE events SET causation = 'cmd-7'",
  correlation: "UPDATE events SET correlation = 'b'",
  'schema version': 'UPDATE events SET schema_version = 2',
  traceparent: "UPDATE events SET traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'",
  'other metadata': `UPDATE events SET meta = '{"tenant":"other"}'`,
  checksum: 'UPDATE events SET checksum = checksum # 1',
  'checksum (lost)': 'UPDATE events SET checksum = NULL',
  place: 'DELETE FROM events',
};

describe('the checksum of an event', () => {
  const newPath = temporaryPaths();

  async function damaged(sql: string): Promise<EventStore> {
    const path = newPath();
    const { events: store } = await createSqliteStorage({ path });
    await store.append('run-b', sampleEvents('b', 0, 2), NO_STREAM);
    await store.append('run-a', sampleEvents('a', 0, EVENTS), NO_STREAM);
    await store.close();
    const db = new DatabaseSync(path);
    db.exec('PRAGMA ignore_check_constraints = ON');
    const where = `revision = ${AT} AND stream_id = (SELECT id FROM streams WHERE stream = 'run-a')`;
    db.exec(`${sql.replace('# 1', '+ 1')} WHERE ${where}`);
    db.exec('PRAGMA ignore_check_constraints = OFF');
    db.close();
    return (await createSqliteStorage({ path })).events;
  }

  for (const [what, sql] of Object.entries(DAMAGES)) {
    it(`is wrong when the ${what} of the event was changed, however it is read`, async () => {
      const store = await damaged(sql);
      for (const read of [
        () => store.read('run-a'),
        () => store.read('run-a', { direction: 'backwards' }),
        () => store.read('run-a', { from: AT, limit: 1 }),
        () => store.read('run-a', { from: AT, limit: 1, direction: 'backwards' }),
        () => store.read('run-a', { from: AT + 1 }),
        () => store.readAll(),
        () => store.readAll({ after: encodePosition(AT + 1) }),
      ]) {
        // A changed event is named itself, or by the one after it, whose checksum covers it; one that is gone only so.
        const outcome = await read().catch((error: unknown) => error);
        if (Array.isArray(outcome)) {
          expect(what, 'the chain is wrong from here on').to.not.include('checksum');
          expect(outcome.map(({ revision }) => revision)).to.not.include(AT);
          continue;
        }
        const { code, message } = await rejection(Promise.reject(outcome));
        expect(code).to.equal('REPRISE_STORE_CORRUPT');
        expect(message).to.match(/revision [56] of run-a \(position [78]\)/);
      }
      expect(await store.read('run-a', { limit: AT })).to.have.length(AT);
      expect(await store.read('run-b')).to.have.length(2);
      await store.close();
    });
  }

  it('covers the name of the stream', async () => {
    const path = newPath();
    const { events: other } = await createSqliteStorage({ path });
    await other.append('run-a', sampleEvents('a', 0, 1), NO_STREAM);
    const db = new DatabaseSync(path);
    db.exec("UPDATE streams SET stream = 'run-c'");
    db.close();
    expect((await rejection(other.read('run-c'))).code).to.equal('REPRISE_STORE_CORRUPT');
    await other.close();
  });

  it('goes on over appends, conflicts, repetitions, and a new start of the store', async () => {
    const path = newPath();
    let revision = NO_STREAM;
    for (let round = 0; round < 3; round += 1) {
      const { events: store } = await createSqliteStorage({ path });
      const { events: again } = await createSqliteStorage({ path });
      for (const writer of [store, again, store]) {
        const events = sampleEvents('a', revision + 1, 3, '\u0000ü\u{1F600}');
        await rejection(writer.append('run-a', events, revision + 7));
        await writer.append('run-a', events, revision);
        ({ revision } = await writer.append('run-a', events, revision));
      }
      expect(await store.read('run-a')).to.have.length(revision + 1);
      expect(await store.read('run-a', { direction: 'backwards', limit: 2 })).to.have.length(2);
      await again.close();
      await store.close();
    }
  });

  it('is asked of a snapshot as well: one that was changed is as good as none', async () => {
    const path = newPath();
    const { events: store, snapshots } = await createSqliteStorage({ path });
    const snapshot = { revision: 3, schema: 's', state: '{"a":1}' };
    await snapshots?.save('run-a', snapshot);
    expect(await snapshots?.load('run-a')).to.deep.equal(snapshot);
    const db = new DatabaseSync(path);
    db.exec(`UPDATE snapshots SET state = '{"a":2}'`);
    db.close();
    expect(await snapshots?.load('run-a')).to.equal(undefined);
    await store.close();
  });
});
