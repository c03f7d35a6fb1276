import { randomBytes } from 'node:crypto';
import { type Json, NO_STREAM, sha256 } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { events, failure } from './support/sample.ts';
import { servers } from './support/stores.ts';

const large = (name: string): { readonly [member: string]: Json } => ({ name, tasks: 'x'.repeat(20_000) });

describe('what EventStoreDB keeps beside histories', () => {
  const { serve, open } = servers();

  const started = (definition: Json, more: { readonly [name: string]: Json } = {}) =>
    events(1, { ...more, definition, input: 1 }).map((event) => ({ ...event, type: 'RunStarted' }));

  it('is a large definition, once for all runs, which read as they were started', async () => {
    const server = await serve();
    const { events: store } = await open(server);
    const definition = large('a');
    const runs = ['run-a', 'run-b', 'run-c'];
    for (const stream of runs) await store.append(stream, started(definition), NO_STREAM);
    const { events: other } = await open(server, {
      connectionString: `${server.connectionString}&connectionName=other`,
    });
    for (const stream of runs) {
      const [event] = await other.read(stream);
      // In the order of its members, too: checksums are over text.
      expect(JSON.stringify(event?.data)).to.equal(JSON.stringify({ n: event?.data.n, definition, input: 1 }));
      const kept = server.log.visible(stream)?.[0];
      expect(kept?.data.length).to.be.below(100);
    }
    const name = `definition-${sha256(JSON.stringify(definition))}`;
    expect(server.log.visible(name)).to.have.length(1);
    expect(await other.readAll()).to.have.length(3);
  });

  it('is no small definition, and none of other events', async () => {
    const server = await serve();
    const { events: store } = await open(server);
    await store.append('run-a', started({ name: 'small' }), NO_STREAM);
    await store.append('run-b', events(1, { definition: large('b') }), NO_STREAM);
    expect(server.log.all.some(({ stream }) => stream.startsWith('definition-'))).to.equal(false);
  });

  it('is written again after an outcome that nobody knew, and by two at once', async () => {
    const server = await serve();
    const [one, other] = [await open(server), await open(server)];
    let failed = false;
    server.fault = ({ kind, stream }) => {
      if (kind === 'read' || failed || !stream.startsWith('definition-')) return undefined;
      failed = true;
      return 'timeout-after';
    };
    const first = started(large('c'));
    await failure(one.events.append('run-a', first, NO_STREAM));
    expect(await one.events.read('run-a')).to.deep.equal([]);
    await Promise.all([
      one.events.append('run-a', first, NO_STREAM),
      other.events.append('run-b', started(large('c')), NO_STREAM),
    ]);
    expect(await other.events.readAll()).to.have.length(2);
  });

  it('is looked for again where the node that answers is behind', async () => {
    const server = await serve();
    const { events: store } = await open(server);
    await store.append('run-a', started(large('e')), NO_STREAM);
    const { events: other } = await open(server);
    let behind = 2;
    server.fault = ({ kind, stream }) => {
      if (kind !== 'read' || !stream.startsWith('definition-') || behind === 0) return undefined;
      behind -= 1;
      return 'stale';
    };
    expect((await other.read('run-a'))[0]?.data)
      .to.have.property('definition')
      .that.deep.equals(large('e'));
    expect(behind).to.equal(0);
  });

  it('is missed when somebody deletes it', async () => {
    const server = await serve();
    const { events: store } = await open(server);
    const definition = large('d');
    await store.append('run-a', started(definition), NO_STREAM);
    server.log.delete(`definition-${sha256(JSON.stringify(definition))}`);
    const { events: other } = await open(server);
    const error = await failure(other.read('run-a'));
    expect(String(error)).to.match(/definition in stream definition-.* is not there/);
  });

  describe('is the last snapshot of a run', () => {
    const snapshot = { revision: 4, schema: 's', state: JSON.stringify({ text: 'żółć'.repeat(50_000) }) };
    const MAX = 20_000;
    /** Of which nothing can be packed. */
    const large = (mebibytes: number): string => randomBytes(mebibytes * 700_000).toString('base64');

    it('packed', async () => {
      const server = await serve();
      const { snapshots } = await open(server, { maxAppendBytes: MAX });
      for (const revision of [1, 2, 3]) await snapshots?.save('run-a', { ...snapshot, revision });
      expect(await snapshots?.load('run-a')).to.deep.equal({ ...snapshot, revision: 3 });
      expect(server.log.visible('snapshot-a')).to.have.length(1);
    });

    it('in parts, where it is too large for an append; of those before, no more than one is kept', async () => {
      const server = await serve({ maxAppendBytes: MAX });
      const { snapshots } = await open(server, { maxAppendBytes: MAX });
      const state = large(1);
      const parts = Math.ceil(state.length / MAX);
      for (let revision = 0; revision < 5; revision += 1)
        await snapshots?.save('run-a', { ...snapshot, revision, state });
      expect(await snapshots?.load('run-a')).to.deep.equal({ ...snapshot, revision: 4, state });
      expect(server.log.visible('snapshot-a')).to.have.length.within(parts, 4 * parts);
      expect(server.log.all.filter(({ stream }) => stream === '$$snapshot-a')).to.have.length(1);
      // One that has become small again, and large again.
      await snapshots?.save('run-a', { ...snapshot, revision: 5 });
      expect(await snapshots?.load('run-a')).to.deep.equal({ ...snapshot, revision: 5 });
      await snapshots?.save('run-a', { ...snapshot, revision: 6, state });
      expect(await snapshots?.load('run-a')).to.deep.equal({ ...snapshot, revision: 6, state });
    });

    it('as large as the engine makes one, by the limit of the server', async () => {
      const server = await serve();
      const { snapshots } = await open(server);
      const state = large(16);
      await snapshots?.save('run-a', { ...snapshot, state });
      const found = await snapshots?.load('run-a');
      expect(found?.state === state).to.equal(true);
    });

    it('not one that was not saved to its end, but the one before, however often that happened', async () => {
      const server = await serve();
      const { snapshots } = await open(server, { maxAppendBytes: MAX });
      const state = large(1);
      await snapshots?.save('run-a', { ...snapshot, state });
      let left = 0;
      server.fault = ({ kind, stream }) => {
        if (kind !== 'append' || stream !== 'snapshot-a') return undefined;
        left -= 1;
        return left < 0 ? 'not-ready' : undefined;
      };
      const before = server.log.all.length;
      for (const parts of [1, 3, 20]) {
        left = parts;
        await failure(snapshots?.save('run-a', { ...snapshot, revision: 9, state }) ?? Promise.resolve());
      }
      server.fault = undefined;
      expect(server.log.all.length - before).to.be.at.least(24);
      expect(await snapshots?.load('run-a')).to.deep.equal({ ...snapshot, state });
      await snapshots?.save('run-a', { ...snapshot, revision: 10, state });
      expect((await snapshots?.load('run-a'))?.revision).to.equal(10);
    });

    it('of two that are saved at once, one of them, whole', async () => {
      const server = await serve();
      const [one, other] = [await open(server, { maxAppendBytes: MAX }), await open(server, { maxAppendBytes: MAX })];
      const states = [large(1), large(1)];
      await Promise.all(
        [one, other].map(({ snapshots }, index) =>
          snapshots?.save('run-a', { ...snapshot, revision: index, state: states[index] ?? '' }),
        ),
      );
      const found = await one.snapshots?.load('run-a');
      expect(found).to.deep.equal({ ...snapshot, revision: found?.revision, state: states[found?.revision ?? -1] });
    });

    it('none of which a part is gone, or that is not what it was', async () => {
      const server = await serve();
      const { snapshots } = await open(server, { maxAppendBytes: MAX });
      const state = large(1);
      await snapshots?.save('run-a', { ...snapshot, state });
      server.log.truncate('snapshot-a', { $tb: 2 });
      expect(await snapshots?.load('run-a')).to.equal(undefined);
      const alien = { id: crypto.randomUUID(), type: 'Snapshot', contentType: 'application/json' };
      const data = Buffer.from(JSON.stringify({ revision: 1, schema: 's', packed: 'no gzip' }));
      server.log.append('snapshot-a', 'any', [{ ...alien, data, metadata: new Uint8Array() }]);
      expect(await snapshots?.load('run-a')).to.equal(undefined);
    });
  });
});
