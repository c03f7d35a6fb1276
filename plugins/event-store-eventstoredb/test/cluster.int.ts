import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import grpc from '@grpc/grpc-js';
import { NO_STREAM } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { Connection } from '../src/connection.ts';
import { resolveOptions } from '../src/options.ts';
import { streamRequest } from '../src/requests.ts';
import type { Call } from './support/protocol-server.ts';
import { events, failure, until } from './support/sample.ts';
import { servers } from './support/stores.ts';

const isAppend = ({ kind }: Call): boolean => kind === 'append' || kind === 'batch';

describe('nodes of EventStoreDB', () => {
  const { serve, open } = servers();

  it('are found by gossip, the leader among them, and found again when it is another', async () => {
    const first = await serve({ members: () => members() });
    const second = await serve({ members: () => members(), log: first.log, changed: first.changed });
    let leader = first;
    const members = () =>
      [first, second].map((server) => ({
        port: server.port,
        state: server === leader ? ('leader' as const) : ('follower' as const),
        alive: server === leader || leader === first,
      }));
    const connectionString = `esdb+discover://127.0.0.1:${second.port}?tls=false&discoveryInterval=10`;
    const { events: store } = await open(second, { connectionString, deadlineMs: 2000 });
    await store.append('run-a', events(1), NO_STREAM);
    expect(first.calls.some(isAppend)).to.equal(true);
    expect(second.calls.some(isAppend)).to.equal(false);
    leader = second;
    await first.stop();
    const next = events(1);
    await until(async () => (await store.append('run-a', next, 0).catch(() => undefined))?.revision === 1);
    expect(second.calls.some(isAppend)).to.equal(true);
  });

  it('that do not lead say who does: the append again goes there', async () => {
    const leader = await serve();
    const follower = await serve({ leaderPort: leader.port, log: leader.log, changed: leader.changed });
    const { events: store } = await open(follower, { deadlineMs: 1000 });
    const first = events(1);
    // An answer on the shared stream names no leader; the append by itself is told who it is.
    for (const word of ['Leader info', 'not the leader'])
      expect(String(await failure(store.append('run-a', first, NO_STREAM)))).to.include(word);
    expect((await store.append('run-a', first, NO_STREAM)).revision).to.equal(0);
    expect(leader.calls.some(isAppend)).to.equal(true);
    expect(await store.read('run-a')).to.have.length(1);
  });

  it('that cannot be found are said to be unavailable, at the deadline', async () => {
    const server = await serve({ members: () => [] });
    const connectionString = `esdb+discover://127.0.0.1:${server.port}?tls=false`;
    const { events: store } = await open(server, { connectionString, deadlineMs: 200 });
    const began = Date.now();
    const error = await failure(store.read('run-a'));
    expect(Date.now() - began).to.be.below(1500);
    expect(error).to.have.property('code', 'REPRISE_STORE_UNAVAILABLE');
  });

  it('that are gone, all of them, with calls under way: each call fails, the process goes on, and so do they when the nodes are back', async () => {
    const server = await serve();
    const connectionString = `esdb+discover://127.0.0.1:${server.port}?tls=false&maxDiscoverAttempts=2&discoveryInterval=10&gossipTimeout=1`;
    const { events: store } = await open(server, { connectionString, deadlineMs: 300 });
    const told: unknown[] = [];
    const onRejection = (reason: unknown): void => void told.push(reason);
    process.on('unhandledRejection', onRejection);
    try {
      await store.append('run-a', events(1), NO_STREAM);
      const subscription = await store.subscribe({ onEvents: () => undefined });
      server.fault = ({ kind }) => (kind === 'subscribe' ? undefined : 'hang-before');
      const hanging = Array.from({ length: 10 }, (_, index) =>
        failure(store.append(`run-b${index}`, events(1), NO_STREAM)),
      );
      const reads = Array.from({ length: 10 }, () => failure(store.read('run-a')));
      await new Promise((resolve) => setTimeout(resolve, 50));
      await server.stop();
      const more = Array.from({ length: 10 }, () => failure(store.read('run-a')));
      for (const error of await Promise.all([...hanging, ...reads, ...more]))
        expect(String(error)).to.include('RepriseError: ');
      await new Promise((resolve) => setTimeout(resolve, 500));
      server.fault = undefined;
      await server.start();
      await until(async () => (await store.read('run-a').catch(() => undefined))?.length === 1);
      await subscription.close();
    } finally {
      process.off('unhandledRejection', onRejection);
    }
    expect(told).to.deep.equal([]);
  });

  it('that are looked for in vain end no process: nobody waits for what the client does about an error', async () => {
    const server = await serve({ members: () => [] });
    const text = `esdb+discover://127.0.0.1:${server.port}?tls=false&maxDiscoverAttempts=2&discoveryInterval=10`;
    const connection = new Connection(resolveOptions({ connectionString: text }).connection);
    const told: unknown[] = [];
    const onRejection = (reason: unknown): void => void told.push(reason);
    process.on('unhandledRejection', onRejection);
    try {
      const search = failure(connection.readEvents(streamRequest('run-a', 0, false, 1), 1000, () => true));
      // A call of before fails while a node is being looked for.
      const { handleError } = connection as unknown as { handleError(client: object, error: Error): Promise<void> };
      const error = Object.assign(new Error('14 UNAVAILABLE'), {
        code: 14,
        details: '',
        metadata: new grpc.Metadata(),
      });
      void handleError({ getChannel: () => ({}) }, error);
      expect(String(await search)).to.include('Failed to discover');
      await new Promise((resolve) => setTimeout(resolve, 50));
    } finally {
      process.off('unhandledRejection', onRejection);
      await connection.end();
    }
    expect(told).to.deep.equal([]);
  });

  it('speak to the client itself: appends by batch, conflicts, reads (what the protocol server of these tests must do)', async () => {
    const server = await serve();
    const client = EventStoreDBClient.connectionString(server.connectionString);
    const event = jsonEvent({ type: 'Made', data: { a: 1 }, id: '0197c2a4-6c53-7b3e-a1c0-0a6f4d1b2c3d' });
    const first = await client.appendToStream('order-1', [event], { expectedRevision: 'no_stream' });
    expect([first.success, first.nextExpectedRevision]).to.deep.equal([true, 0n]);
    const again = await client.appendToStream('order-1', [event], { expectedRevision: 'no_stream' });
    expect(again).to.deep.equal(first);
    const conflict = await failure(
      client.appendToStream('order-1', [jsonEvent({ type: 'x', data: {} })], { expectedRevision: 'no_stream' }),
    );
    expect(conflict).to.include({ type: 'wrong-expected-version', actualVersion: 0n });
    expect(server.calls.filter(({ kind }) => kind === 'batch')).to.have.length(3);
    const read: (string | undefined)[] = [];
    for await (const { event: one } of client.readAll()) read.push(one?.streamId);
    expect(read).to.include.members(['order-1', '$ce-order', '$stats-127.0.0.1:2113']);
    await client.dispose();
  });
});
