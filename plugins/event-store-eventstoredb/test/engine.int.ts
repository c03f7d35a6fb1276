import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createReprise, defineAgent, type Orchestrator, RunReader, workflow } from '@reprise/core';
import {
  createEventStoreDBStorage,
  type EventStoreDBOptions,
  eventstoredbEventStore,
} from '@reprise/event-store-eventstoredb';
import { sqliteViewStore } from '@reprise/view-store-sqlite';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { flow, outputOf, workflows } from './support/flow.ts';
import { ProtocolServer } from './support/protocol-server.ts';
import { until } from './support/sample.ts';
import { LEASE_MS, targets } from './support/targets.ts';

const PROCESS = fileURLToPath(new URL('./support/engine-process.ts', import.meta.url));
const ITEMS = 12;

describe('an engine on EventStoreDB', () => {
  let folder = '';
  const opened: Orchestrator[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'reprise-esdb-'));
  });
  afterEach(async () => {
    for (const reprise of opened.splice(0)) await reprise.stop({ drainMs: 0 });
    rmSync(folder, { recursive: true, force: true });
  });

  let views = 0;
  const newViews = (): string => {
    views += 1;
    return join(folder, `views-${views}.db`);
  };
  const start = async (options: EventStoreDBOptions, path = newViews()): Promise<Orchestrator> => {
    const plugins = [eventstoredbEventStore({ leaseMs: LEASE_MS, ...options }), sqliteViewStore({ path })];
    const reprise = await createReprise({ workflows, plugins, limits: { maxStoreRetryMs: 100, snapshotEvery: 20 } });
    opened.push(reprise);
    await reprise.start();
    return reprise;
  };

  /** A process of its own that drives runs of the flow. */
  const drive = (options: EventStoreDBOptions, path: string, runIds: readonly string[], items: number) =>
    spawn(
      process.execPath,
      ['--conditions=reprise-source', PROCESS, JSON.stringify(options), path, runIds.join(), String(items)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );

  /** The histories as the store has them: whole, each id once, and folded to the state that they recorded. */
  const check = async (options: EventStoreDBOptions, runIds: readonly string[]): Promise<void> => {
    const storage = await createEventStoreDBStorage({ ...options, readOnly: true });
    try {
      const reader = new RunReader(storage);
      for (const runId of runIds) {
        const history = await Array.fromAsync(reader.history(runId));
        expect(history.map(({ revision }) => revision)).to.deep.equal(history.map((_, index) => index));
        expect(new Set(history.map(({ recorded }) => recorded.id)).size).to.equal(history.length);
        expect((await reader.replay(runId)).matches, runId).to.equal(true);
      }
    } finally {
      await storage.events.close();
    }
  };

  for (const { name, fresh } of targets()) {
    describe(name, () => {
      it('carries runs out: retries, a child, agents that talk, a list', async () => {
        const options = fresh();
        const reprise = await start(options);
        expect(reprise.role).to.equal('driver');
        const runs = await Promise.all(['a', 'b', 'c'].map((id) => reprise.startRun(flow, ITEMS, { id })));
        for (const run of runs) expect(await run.result()).to.deep.equal(outputOf(ITEMS));
        const listed = await reprise.runs.list({});
        expect(listed.filter(({ workflow }) => workflow === 'flow').map(({ status }) => status)).to.deep.equal(
          Array(3).fill('completed'),
        );
        await check(options, ['a', 'b', 'c']);
      });

      it('is one driver among several processes: others hand in what they are asked, and take over', async () => {
        const options = fresh();
        const [first, second] = [await start(options), await start(options)];
        expect([first.role, second.role]).to.deep.equal(['driver', 'client']);
        const run = await second.startRun(flow, ITEMS, { id: 'handed-in' });
        expect(await run.result()).to.deep.equal(outputOf(ITEMS));
        const open = await second.startRun(flow, 300, { id: 'left' });
        await until(async () => (await second.runs.last('left')).revision > 100);
        await first.stop({ drainMs: 0 });
        expect(await open.result()).to.deep.equal(outputOf(300));
        expect(second.role).to.equal('driver');
        await check(options, ['handed-in', 'left']);
      });

      it('is killed while another process stands by, which drives its runs to their ends when its lease has run out', async () => {
        const options = { ...fresh(), leaseMs: LEASE_MS };
        const runIds = ['s1', 's2'];
        const child = drive(options, newViews(), runIds, 300);
        const died = once(child, 'close');
        const [role] = await once(createInterface({ input: child.stdout }), 'line');
        const standing = await start(options);
        expect([role, standing.role]).to.deep.equal(['driver', 'client']);
        const moved = async (id: string) => (await standing.runs.last(id).catch(() => undefined))?.revision ?? 0;
        await until(async () => (await moved('s1')) > 60 && (await moved('s2')) > 60);
        child.kill('SIGKILL');
        await died;
        for (const id of runIds) expect(await standing.run(id).result()).to.deep.equal(outputOf(300));
        expect(standing.role).to.equal('driver');
        await check(options, runIds);
      });

      it('is killed again and again, and its runs end as if it had not been', async function () {
        this.timeout(180_000);
        const options = { ...fresh(), leaseMs: LEASE_MS };
        const runIds = ['k1', 'k2', 'k3'];
        const path = newViews();
        let kills = 0;
        const live = async (killAfterMs: number | undefined): Promise<readonly string[]> => {
          const child = drive(options, path, runIds, 120);
          const lines: string[] = [];
          createInterface({ input: child.stdout }).on('line', (line) => {
            lines.push(line);
            if (lines.length === 1 && killAfterMs !== undefined) setTimeout(() => child.kill('SIGKILL'), killAfterMs);
          });
          const [code] = await once(child, 'close');
          if (code === null) kills += 1;
          return lines;
        };
        for (const killAfterMs of [100, 700, 900, 1100, 800, 950]) await live(killAfterMs);
        const lines = await live(undefined);
        expect(kills).to.be.at.least(3);
        const outcomes = runIds.map((id) => `${id} ${JSON.stringify({ status: 'completed', output: outputOf(120) })}`);
        expect(lines.slice(2)).to.deep.equal(outcomes);
        await check(options, runIds);
      });
    });
  }

  it('does not read runs that sleep when it takes them up, and wakes them', async () => {
    const server = await new ProtocolServer().start();
    try {
      const brief = workflow('brief').sleep('nap', { for: '3s' }).build();
      const waiting = workflow('waiting').wait('go', { signal: 'go' }).build();
      const path = newViews();
      const open = async (): Promise<Orchestrator> => {
        const plugins = [
          eventstoredbEventStore({ connectionString: server.connectionString }),
          sqliteViewStore({ path }),
        ];
        const reprise = await createReprise({ workflows: [brief, waiting], plugins });
        opened.push(reprise);
        await reprise.start();
        return reprise;
      };
      const first = await open();
      await first.startRun(waiting, null, { id: 'waits' });
      await first.startRun(brief, null, { id: 'naps' });
      await until(async () => (await first.runs.list({})).every(({ sleepsUntil }) => sleepsUntil !== undefined));
      await first.stop();
      server.calls.length = 0;
      const second = await open();
      const read = () => server.calls.filter(({ kind, stream }) => kind === 'read' && /^(run|snapshot)-/.test(stream));
      expect(read()).to.deep.equal([]);
      expect((await second.run('naps').outcome()).status).to.equal('completed');
      await second.run('waits').signal('go');
      expect((await second.run('waits').outcome()).status).to.equal('completed');
      await check({ connectionString: server.connectionString }, ['naps', 'waits']);
    } finally {
      for (const reprise of opened.splice(0)) await reprise.stop({ drainMs: 0 });
      await server.stop();
    }
  });

  it('goes on from a snapshot that is larger than an append', async () => {
    const server = await new ProtocolServer().start();
    try {
      const big = defineAgent({ name: 'big', handle: async () => randomBytes(50_000).toString('hex') });
      const holding = workflow<number>('holding')
        .task('each', big, { forEach: ({ input }) => Array.from({ length: input }, (_, index) => index) })
        .wait('go', { signal: 'go' }, { after: 'each' })
        .build();
      const options = { connectionString: server.connectionString };
      const limits = { snapshotEvery: 20 };
      const open = async (): Promise<Orchestrator> => {
        const reprise = await createReprise({
          workflows: [holding],
          plugins: [eventstoredbEventStore(options)],
          limits,
        });
        opened.push(reprise);
        await reprise.start();
        return reprise;
      };
      const first = await open();
      await first.startRun(holding, 40, { id: 'a' });
      await until(() => server.log.visible('snapshot-a')?.at(-1)?.type === 'Snapshot');
      await until(async () => (await first.run('a').state()).tasks.get('go')?.status === 'running');
      await first.stop();
      const storage = await createEventStoreDBStorage({ ...options, readOnly: true });
      const snapshot = await storage.snapshots?.load('run-a');
      await storage.events.close();
      expect(snapshot?.state.length).to.be.above(1_500_000);
      const second = await open();
      await second.run('a').signal('go');
      expect((await second.run('a').outcome()).status).to.equal('completed');
      await check(options, ['a']);
    } finally {
      for (const reprise of opened.splice(0)) await reprise.stop({ drainMs: 0 });
      await server.stop();
    }
  });

  describe('whose server is in trouble', () => {
    let server: ProtocolServer;
    beforeEach(async () => {
      server = await new ProtocolServer().start();
    });
    afterEach(async () => {
      server.fault = undefined;
      await server.stop();
    });

    it('goes on: every sixth call meets something', async () => {
      const options = { connectionString: server.connectionString, deadlineMs: 1000, leaseMs: 5000 };
      const reprise = await start(options);
      const faults = [
        'drop-after',
        'timeout-after',
        'busy',
        'drop-before',
        'internal-after',
        'hang-after',
        'not-ready',
      ] as const;
      const ids = ['a', 'b', 'c', 'd'];
      const met = new Set<string>();
      let calls = 0;
      server.fault = () => {
        calls += 1;
        const fault = calls % 6 === 0 ? faults[(calls / 6) % faults.length] : undefined;
        if (fault !== undefined) met.add(fault);
        return fault;
      };
      const runs = await Promise.all(ids.map((id) => reprise.startRun(flow, ITEMS, { id })));
      for (const run of runs) expect(await run.result()).to.deep.equal(outputOf(ITEMS));
      expect([...met]).to.have.members([...faults]);
      server.fault = undefined;
      await check(options, ids);
    });

    it('waits while the server is away, and goes on when it is back', async () => {
      const options = { connectionString: server.connectionString, deadlineMs: 1000 };
      const reprise = await start(options);
      const run = await reprise.startRun(flow, 200, { id: 'a' });
      await until(
        async () =>
          (await reprise.runs.last('a').catch(() => undefined))?.revision !== undefined && server.log.all.length > 200,
      );
      await server.stop();
      await new Promise((resolve) => setTimeout(resolve, 2 * LEASE_MS));
      await server.start();
      expect(await run.result()).to.deep.equal(outputOf(200));
      await check(options, ['a']);
    });
  });
});
