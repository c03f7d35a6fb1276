import { type ErrorCode, isRepriseError, NO_STREAM, type RecordedEvent, RepriseError } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Fault } from './support/protocol-server.ts';
import { events, failure, until } from './support/sample.ts';
import { servers } from './support/stores.ts';

const DEADLINE_MS = 250;

const codeOf = (error: unknown): ErrorCode | unknown => (error instanceof RepriseError ? error.code : error);

describe('EventStoreDB in trouble', () => {
  const { serve, open } = servers();

  describe('an append', () => {
    for (const way of ['batch', 'append'] as const)
      for (const [fault, code, done] of [
        ['hang-before', 'REPRISE_STORE_UNKNOWN_OUTCOME', false],
        ['hang-after', 'REPRISE_STORE_UNKNOWN_OUTCOME', true],
        ['drop-before', 'REPRISE_STORE_UNKNOWN_OUTCOME', false],
        ['drop-after', 'REPRISE_STORE_UNKNOWN_OUTCOME', true],
        ['timeout-after', 'REPRISE_STORE_UNKNOWN_OUTCOME', true],
        ['internal-after', 'REPRISE_STORE_UNKNOWN_OUTCOME', true],
        ['not-leader', 'REPRISE_STORE_UNKNOWN_OUTCOME', false],
        ['busy', 'REPRISE_STORE_UNAVAILABLE', false],
        ['not-ready', 'REPRISE_STORE_UNAVAILABLE', false],
        ['denied', 'REPRISE_STORE_DENIED', false],
      ] as const satisfies readonly (readonly [Fault, ErrorCode, boolean])[]) {
        const how = way === 'batch' ? 'on the shared stream' : 'by itself';
        it(`${how} that meets '${fault}' fails with ${code}, and is made once by the same append again`, async () => {
          const server = await serve();
          const { events: store } = await open(server, { deadlineMs: DEADLINE_MS });
          const [first, second] = [events(2), events(3)];
          await store.append('run-a', first, NO_STREAM);
          if (way === 'append') {
            // While something is wrong with the stream, appends go by themselves.
            server.fault = () => 'busy';
            await failure(store.append('run-b', events(1), NO_STREAM));
          }
          let met = 0;
          server.fault = ({ kind }) => {
            if (kind !== way) return undefined;
            met += 1;
            return fault;
          };
          const began = Date.now();
          expect(codeOf(await failure(store.append('run-a', second, 1)))).to.equal(code);
          expect(met).to.equal(1);
          expect(Date.now() - began).to.be.below(DEADLINE_MS * 4);
          server.fault = undefined;
          expect(server.log.visible('run-a')).to.have.length(done ? 5 : 2);
          const { revision } = await store.append('run-a', second, 1);
          expect(revision).to.equal(4);
          const read = await store.read('run-a');
          expect(read.map(({ id }) => id)).to.deep.equal([...first, ...second].map(({ id }) => id));
        });
      }

    it('takes no other append with it that is on the same stream, when it is refused or late', async () => {
      const server = await serve();
      const { events: store } = await open(server, { deadlineMs: DEADLINE_MS });
      await store.append('run-a', events(1), NO_STREAM);
      server.fault = ({ stream }) =>
        stream === 'run-late' ? 'hang-before' : stream === 'run-denied' ? 'denied' : undefined;
      const late = failure(store.append('run-late', events(1), NO_STREAM));
      const denied = failure(store.append('run-denied', events(1), NO_STREAM));
      for (let revision = 0; revision < 20; revision += 1) await store.append('run-a', events(1), revision);
      expect(codeOf(await denied)).to.equal('REPRISE_STORE_DENIED');
      expect(codeOf(await late)).to.equal('REPRISE_STORE_UNKNOWN_OUTCOME');
      expect(server.calls.filter(({ kind }) => kind === 'append')).to.deep.equal([]);
    });

    it('to a server that is not there fails as unavailable, and is made once it is back', async () => {
      const server = await serve();
      const { events: store } = await open(server, { deadlineMs: DEADLINE_MS });
      await store.append('run-a', events(1), NO_STREAM);
      await server.stop();
      const next = events(1);
      await until(async () => codeOf(await failure(store.append('run-a', next, 0))) === 'REPRISE_STORE_UNAVAILABLE');
      await server.start();
      await until(async () => (await store.append('run-a', next, 0).catch(() => undefined))?.revision === 1);
    });

    it('into a network that swallows everything comes back at its deadline', async () => {
      const server = await serve();
      const { events: store } = await open(server, { deadlineMs: DEADLINE_MS });
      await store.append('run-a', events(1), NO_STREAM);
      server.freeze(true);
      const outcomes = await Promise.allSettled([
        store.append('run-a', events(1), 0),
        store.append('run-b', events(1), NO_STREAM),
        store.read('run-a'),
        store.readAll(),
      ]);
      expect(outcomes.map((outcome) => outcome.status === 'rejected' && codeOf(outcome.reason))).to.deep.equal([
        'REPRISE_STORE_UNKNOWN_OUTCOME',
        'REPRISE_STORE_UNKNOWN_OUTCOME',
        'REPRISE_STORE_UNAVAILABLE',
        'REPRISE_STORE_UNAVAILABLE',
      ]);
      server.freeze(false);
      await until(async () => (await store.read('run-a').catch(() => undefined))?.length === 1);
    });

    it('larger than the server takes, though not than it was said to, is too large', async () => {
      const server = await serve({ maxAppendBytes: 10_000 });
      const { events: store } = await open(server);
      const error = await failure(store.append('run-a', events(1, { text: 'x'.repeat(20_000) }), NO_STREAM));
      expect(codeOf(error)).to.equal('REPRISE_STORE_TOO_LARGE');
      expect(String(error)).to.include('10000');
    });

    it('to a stream that was deleted, or has a tombstone, says so', async () => {
      const server = await serve();
      const { events: store } = await open(server);
      for (const stream of ['run-a', 'run-b']) await store.append(stream, events(2), NO_STREAM);
      server.log.tombstone('run-a');
      expect(codeOf(await failure(store.append('run-a', events(1), 1)))).to.equal('REPRISE_STORE_STREAM_DELETED');
      expect(codeOf(await failure(store.read('run-a')))).to.equal('REPRISE_STORE_STREAM_DELETED');
      server.log.delete('run-b');
      expect(await store.read('run-b')).to.deep.equal([]);
      expect(codeOf(await failure(store.append('run-b', events(1), NO_STREAM)))).to.equal(
        'REPRISE_STORE_STREAM_DELETED',
      );
    });

    it('is one of hundreds in flight when the connection breaks: each is made once, whatever it was answered', async () => {
      const server = await serve();
      const { events: store } = await open(server, { deadlineMs: 2000, maxInFlight: 16 });
      let broken = 0;
      const write = async (stream: string): Promise<void> => {
        for (let revision = NO_STREAM; revision < 5; ) {
          const batch = events(2);
          for (;;) {
            try {
              ({ revision } = await store.append(stream, batch, revision));
              break;
            } catch (error) {
              if (
                !isRepriseError(error, 'REPRISE_STORE_UNKNOWN_OUTCOME') &&
                !isRepriseError(error, 'REPRISE_STORE_UNAVAILABLE')
              )
                throw error;
              broken += 1;
              await new Promise((resolve) => setTimeout(resolve, 10));
            }
          }
        }
      };
      let left = 4;
      server.fault = ({ kind }) => {
        if (!['append', 'batch'].includes(kind) || left === 0 || server.calls.length % 60 !== 59) return undefined;
        left -= 1;
        return left % 2 === 0 ? 'drop-after' : 'drop-before';
      };
      await Promise.all(Array.from({ length: 100 }, (_, index) => write(`run-${index}`)));
      expect(broken).to.be.above(4);
      const all = await store.readAll({ limit: 10_000 });
      expect(all).to.have.length(600);
      expect(new Set(all.map(({ id }) => id)).size).to.equal(600);
    });
  });

  describe('a read', () => {
    for (const fault of ['hang-before', 'hang-after', 'drop-before', 'half', 'busy', 'not-leader'] as const) {
      it(`that meets '${fault}' gives nothing but an error, and what is there when it is asked again`, async () => {
        const server = await serve();
        const { events: store } = await open(server, { deadlineMs: DEADLINE_MS });
        await store.append('run-a', events(10), NO_STREAM);
        server.fault = ({ kind }) => (kind === 'read' ? fault : undefined);
        for (const read of [() => store.read('run-a'), () => store.readAll()])
          expect(codeOf(await failure(read()))).to.equal('REPRISE_STORE_UNAVAILABLE');
        server.fault = undefined;
        await until(async () => (await store.read('run-a').catch(() => undefined))?.length === 10);
        expect(await store.readAll()).to.have.length(10);
      });
    }

    it('of a stream that lacks its beginning, or its middle, is told what would lose data', async () => {
      const server = await serve();
      const { events: store } = await open(server);
      await store.append('run-a', events(10), NO_STREAM);
      server.log.truncate('run-a', { $maxCount: 4 });
      const error = await failure(store.read('run-a'));
      expect(codeOf(error)).to.equal('REPRISE_STORE_CORRUPT');
      expect(String(error)).to.include('events 0 to 5').and.include('$maxCount');
      expect(await store.read('run-a', { from: 6 })).to.have.length(4);
    });

    it('of a stream that something else writes to, says so', async () => {
      const server = await serve();
      const { events: store } = await open(server);
      await store.append('run-a', events(1), NO_STREAM);
      const alien = { id: '00000000-0000-4000-8000-000000000009', type: 'Alien', contentType: 'application/json' };
      server.log.append('run-a', 'any', [{ ...alien, data: Buffer.from('{}'), metadata: new Uint8Array() }]);
      expect(codeOf(await failure(store.read('run-a')))).to.equal('REPRISE_STORE_CORRUPT');
      // What is no stream of ours is nobody's business here.
      server.log.append('order-1', 'any', [{ ...alien, data: Buffer.from('{}'), metadata: new Uint8Array() }]);
      expect(await store.read('run-a', { limit: 1 })).to.have.length(1);
      expect(await store.readAll()).to.have.length(1);
    });

    it('of everything passes over what others wrote, however much', async () => {
      const server = await serve();
      const { events: store } = await open(server);
      await store.append('run-a', events(1), NO_STREAM);
      const alien = () => ({
        id: crypto.randomUUID(),
        type: 'Alien',
        contentType: 'application/json',
        data: Buffer.from('{}'),
        metadata: new Uint8Array(),
      });
      for (let index = 0; index < 30; index += 1) server.log.append(`order-${index}`, 'any', [alien()]);
      await store.append('run-a', events(1), 0);
      const [first] = await store.readAll({ limit: 1 });
      const next = await store.readAll({ after: first?.position ?? '', limit: 3 });
      expect(next.map(({ revision }) => revision)).to.deep.equal([1]);
      expect(await store.readAll({ after: next[0]?.position ?? '', limit: 3 })).to.deep.equal([]);
    });
  });

  describe('a subscription', () => {
    const follow = async (
      fault: (server: Awaited<ReturnType<typeof serve>>) => Promise<void>,
      deadlineMs = DEADLINE_MS,
    ) => {
      const server = await serve();
      const { events: store } = await open(server, { deadlineMs });
      const { events: other } = await open(server);
      await store.append('run-a', events(3), NO_STREAM);
      const all: RecordedEvent[] = [];
      const one: RecordedEvent[] = [];
      const errors: unknown[] = [];
      const onError = (error: unknown): void => void errors.push(error);
      const ofAll = await store.subscribe({ onEvents: (page) => void all.push(...page), onError });
      const ofOne = await store.subscribe({
        stream: 'run-a',
        after: 1,
        onEvents: (page) => void one.push(...page),
        onError,
      });
      await until(() => all.length === 3 && one.length === 1);
      for (let round = 0; round < 3; round += 1) {
        await fault(server);
        const batch = events(2);
        await until(
          async () => (await other.append('run-a', batch, 2 + round * 2).catch(() => undefined)) !== undefined,
        );
        await until(
          async () => (await other.append(`run-b${round}`, events(1), NO_STREAM).catch(() => undefined)) !== undefined,
        );
        await until(() => all.length >= 3 + (round + 1) * 3 && one.length >= 1 + (round + 1) * 2);
      }
      server.fault = undefined;
      const expected = await other.readAll();
      expect(all).to.deep.equal(expected);
      expect(one.map(({ revision }) => revision)).to.deep.equal([2, 3, 4, 5, 6, 7, 8]);
      expect(errors).to.deep.equal([]);
      await Promise.all([ofAll.close(), ofOne.close()]);
      await until(() => server.subscriptions === 0);
    };

    it('goes on where it was when its connection breaks', () => follow(async (server) => server.breakConnections()));

    it('goes on where it was when the server is started again', () =>
      follow(async (server) => {
        await server.stop();
        await new Promise((resolve) => setTimeout(resolve, 100));
        await server.start();
      }));

    it('is opened anew when it has fallen deaf without a word', async () => {
      await follow(async (server) => {
        let deaf = true;
        server.fault = ({ kind }) => {
          if (kind !== 'subscribe' || !deaf) return undefined;
          deaf = false;
          return 'deaf';
        };
        server.breakConnections();
        await until(() => !deaf);
      }, 100);
    });

    for (const stream of [undefined, 'run-a'])
      it(`to ${stream ?? 'all'} that hears of an event before the node that it reads from has it, waits for that`, async () => {
        const server = await serve();
        const { events: store } = await open(server);
        const { events: other } = await open(server);
        await store.append('run-a', events(3), NO_STREAM);
        const heard: RecordedEvent[] = [];
        const subscription = await store.subscribe({
          ...(stream === undefined ? {} : { stream }),
          onEvents: (page) => void heard.push(...page),
        });
        await until(() => heard.length === 3 && server.subscriptions === 1);
        let behind = 3;
        server.fault = ({ kind }) => {
          if (kind !== 'read' || behind === 0) return undefined;
          behind -= 1;
          return 'stale';
        };
        await other.append('run-a', events(2), 2);
        await until(() => heard.length === 5);
        expect(heard.map(({ revision }) => revision)).to.deep.equal([0, 1, 2, 3, 4]);
        expect(behind).to.equal(0);
        await subscription.close();
      });

    it('that is cut, or hears everything twice, tells each event once', async () => {
      await follow(async (server) => {
        let times = 2;
        server.fault = ({ kind }) => {
          if (kind !== 'subscribe' || times === 0) return undefined;
          times -= 1;
          return times % 2 === 0 ? 'double' : 'cut';
        };
        server.breakConnections();
        await until(() => server.subscriptions > 0);
      });
    });

    it('of what others append has all that comes after a read, however long it takes to begin', async () => {
      const server = await serve();
      const { events: store, foreign } = await open(server, { deadlineMs: DEADLINE_MS });
      const { events: other } = await open(server);
      await other.append('run-a', events(1), NO_STREAM);
      let first = true;
      server.fault = ({ kind, stream }) => {
        if (kind !== 'read' || stream !== '$all' || !first) return undefined;
        first = false;
        return 'hang-before';
      };
      const heard: number[] = [];
      const deaf = foreign?.onAppend((_stream, revision) => heard.push(revision));
      let read: readonly RecordedEvent[] = [];
      await until(async () => {
        read = await store.readAll().catch(() => []);
        return read.length > 0;
      });
      await other.append('run-a', events(1), 0);
      await until(() => heard.length > 0);
      expect([read.length, heard]).to.deep.equal([1, [1]]);
      deaf?.();
    });

    it('is closed while the server does not answer, and makes nobody wait', async () => {
      const server = await serve();
      const { events: store } = await open(server, { deadlineMs: 60_000 });
      server.fault = () => 'hang-before';
      const subscription = await store.subscribe({ onEvents: () => undefined });
      await new Promise((resolve) => setTimeout(resolve, 50));
      const began = Date.now();
      await subscription.close();
      expect(Date.now() - began).to.be.below(1000);
    });
  });
});
