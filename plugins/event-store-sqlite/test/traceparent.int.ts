import { DatabaseSync } from 'node:sqlite';
import { type EventStore, type NewEvent, NO_STREAM } from '@reprise/core/plugin';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { rejection, temporaryPaths } from './folder.ts';
import { sampleEvent } from './sample.ts';

const HEAD = '00-4bf92f3577b34da6a3ce929d0e0e4736-';
const inTrace = (span: number): string => `${HEAD}${span.toString(16).padStart(16, '0')}-01`;
/** Of another trace, of other flags, of another version, and what is none. */
const FOREIGN = [
  '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  inTrace(7).replace(/01$/, '00'),
  `${inTrace(7)}-more`,
  '00f067aa0ba902b7',
  '=00f067aa0ba902b7',
  '',
  'höher',
];

const traced = (runId: string, traceparents: readonly (string | undefined)[], from = 0): NewEvent[] =>
  traceparents.map((traceparent, index) => {
    const event = sampleEvent(runId, from + index);
    const metadata = { ...event.metadata, ...(traceparent === undefined ? {} : { traceparent }), tenant: 'a' };
    return { ...event, metadata };
  });

describe('the traceparent of an event', () => {
  const newPath = temporaryPaths();

  async function expectSame(store: EventStore, stream: string, events: readonly NewEvent[]): Promise<void> {
    const metadata = events.map((event) => event.metadata);
    expect((await store.read(stream)).map((event) => event.metadata)).to.deep.equal(metadata);
    const backwards = await store.read(stream, { direction: 'backwards' });
    expect(backwards.map((event) => event.metadata).reverse()).to.deep.equal(metadata);
    const all = (await store.readAll()).filter((event) => event.stream === stream);
    expect(all.map((event) => event.metadata)).to.deep.equal(metadata);
  }

  /** What is in the rows of a stream, and the trace of the stream. */
  function rowsOf(path: string, stream: string): readonly unknown[] {
    const db = new DatabaseSync(path, { readOnly: true });
    const { id, trace } = db.prepare('SELECT id, trace FROM streams WHERE stream = ?').get(stream) ?? {};
    const rows = db.prepare('SELECT traceparent FROM events WHERE stream_id = ? ORDER BY revision').all(id ?? null);
    db.close();
    return [trace, ...rows.map(({ traceparent }) => traceparent)];
  }

  it('is kept as its span, where it is of the trace of its stream', async () => {
    const path = newPath();
    const { events: store } = await createSqliteStorage({ path });
    const events = traced('a', [inTrace(1), inTrace(2), undefined, inTrace(1)]);
    await store.append('run-a', events.slice(0, 2), NO_STREAM);
    await store.append('run-a', events.slice(2), 1);
    await expectSame(store, 'run-a', events);
    await store.close();
    const spans = ['0000000000000001', '0000000000000002', null, '0000000000000001'];
    expect(rowsOf(path, 'run-a')).to.deep.equal([`${HEAD}-01`, ...spans]);
    const { events: again } = await createSqliteStorage({ path });
    const more = traced('a', [inTrace(3)], 4);
    await again.append('run-a', more, 3);
    await expectSame(again, 'run-a', [...events, ...more]);
    await again.close();
    expect(rowsOf(path, 'run-a').at(-1)).to.equal('0000000000000003');
  });

  for (const first of [inTrace(1), undefined, ...FOREIGN]) {
    it(`comes back as it was, whatever it is, in a stream that begins with ${JSON.stringify(first)}`, async () => {
      const path = newPath();
      const { events: store } = await createSqliteStorage({ path });
      const events = traced('a', [first, inTrace(1), ...FOREIGN, undefined, inTrace(2)]);
      await store.append('run-a', events.slice(0, 1), NO_STREAM);
      await store.append('run-a', events.slice(1), 0);
      await expectSame(store, 'run-a', events);
      await store.close();
      const { events: reader } = await createSqliteStorage({ path, readOnly: true });
      await expectSame(reader, 'run-a', events);
      await reader.close();
    });
  }

  it('is missed when the trace of its stream was changed or lost', async () => {
    for (const trace of [`'${HEAD.replace('4', '5')}-01'`, `'${HEAD}-00'`, 'NULL', "''"]) {
      const path = newPath();
      const { events: store } = await createSqliteStorage({ path });
      await store.append('run-a', traced('a', [inTrace(1), inTrace(2)]), NO_STREAM);
      await store.close();
      const db = new DatabaseSync(path);
      db.exec(`UPDATE streams SET trace = ${trace}`);
      db.close();
      const { events: damaged } = await createSqliteStorage({ path });
      for (const read of [damaged.read('run-a'), damaged.read('run-a', { from: 1 }), damaged.readAll()])
        expect((await rejection(read)).code, trace).to.equal('REPRISE_STORE_CORRUPT');
      await damaged.close();
    }
  });
});
