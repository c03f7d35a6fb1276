import { isDeepStrictEqual } from 'node:util';
import {
  createInMemoryStorage,
  defineAgent,
  definePlugin,
  type Monitor,
  type Orchestrator,
  type RepriseConfig,
  type RunOutcome,
  type Storage,
  workflow,
} from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { changedStore, eventually, orchestrators, storePlugin } from './support.ts';

// Stores and monitors are handed plain JSON, always: what is handed over is what a file, a socket or another thread would get.

/** Says of each value handed over what is not plain JSON about it. */
function customs() {
  const complaints: string[] = [];
  let seen = 0;
  const pass = (what: string, value: unknown): void => {
    seen += 1;
    try {
      const copy: unknown = structuredClone(value);
      if (!isDeepStrictEqual(copy, JSON.parse(JSON.stringify(value))))
        complaints.push(`${what}: JSON loses some of it`);
    } catch (error) {
      complaints.push(`${what}: ${(error as Error).message}`);
    }
  };
  return { complaints, pass, seen: () => seen };
}

const tagged = (name: string) =>
  defineAgent({ name, handle: async ({ input }: { input: unknown }) => ({ name, input }) });
const failing = defineAgent({
  name: 'failing',
  handle: (): null => {
    throw Object.assign(new Error('no'), { details: { call: () => 1 }, retryable: false });
  },
});
const talking = defineAgent({
  name: 'talking',
  handle: async (_task: { input: unknown }, { logger, emit }) => {
    const cycle: Record<string, unknown> = { deep: new Map([['a', 1]]) };
    cycle['self'] = cycle;
    logger.info('odd fields', { call: () => 1, big: 10n, missing: undefined, symbol: Symbol('s'), cycle });
    const hostile = {
      get boom(): never {
        throw new Error('no');
      },
    };
    logger.warn('hostile fields', { hostile, error: new TypeError('mine'), date: new Date(0) });
    emit({ part: 1 });
    return 1;
  },
});

/** Every place of a definition that a function can stand in, and every way a task can end. */
const functions = workflow<{ list: number[] }>('functions', { timeout: '1h' })
  .task('first', tagged('first'), { input: ({ input }) => input.list.length })
  .task('each', tagged('each'), {
    after: 'first',
    forEach: ({ input }) => input.list,
    input: ({ item }) => item as number,
  })
  .task('skipped', tagged('skipped'), { after: 'first', when: () => false })
  .task('again', tagged('again'), { after: 'each', repeat: { until: ({ round }) => round > 1, max: 3 } })
  .task('fallen', failing, { after: 'first', fallback: { value: null } })
  .task('talking', talking, { after: 'first' })
  .output(({ outputs }) => Object.keys(outputs).sort())
  .build();

const broken = workflow('broken')
  .task('fails', failing, { when: () => true, retry: 2 })
  .build();

describe('What stores and monitors are handed', () => {
  const { start } = orchestrators();

  /** Runs the workflow between a store and a monitor that clone everything; the end of the run and what they complain of. */
  async function inspected(
    definition: NonNullable<RepriseConfig['workflows']>[number],
    input: unknown,
    steer: (reprise: Orchestrator, runId: string) => Promise<unknown> = async () => undefined,
  ) {
    const [stored, watched] = [customs(), customs()];
    const inner = createInMemoryStorage();
    const store: Storage = changedStore(
      inner,
      {
        append: (stream, events, expected, options) => {
          for (const event of events) stored.pass(`append of ${event.type}`, event);
          stored.pass('the summary', options?.summary ?? null);
          return inner.events.append(stream, events, expected, options);
        },
      },
      {
        snapshots: {
          load: async (stream) => inner.snapshots?.load(stream),
          save: async (stream, snapshot) => {
            stored.pass('a snapshot', snapshot);
            await inner.snapshots?.save(stream, snapshot);
          },
        },
      },
    );
    const kinds = new Set<string>();
    const monitor: Monitor = {
      name: 'customs',
      onEvent: (observed) => watched.pass(`event ${observed.event.type}`, observed),
      onNotice: (notice) => {
        kinds.add(notice.kind);
        watched.pass(`notice ${JSON.stringify(notice.kind === 'log' ? notice.message : notice.kind)}`, notice);
      },
      forceFlush: async () => undefined,
      shutdown: async () => undefined,
    };
    const reprise = await start({
      plugins: [storePlugin(store), definePlugin({ name: 'customs', kind: 'monitor', create: () => monitor })],
      workflows: [definition],
      limits: { snapshotEvery: 2 },
    });
    const run = await reprise.startRun<unknown, unknown>(definition.definition.name, input);
    await steer(reprise, run.id);
    const outcome: RunOutcome<unknown> = await run.outcome();
    await reprise.stop();
    await eventually(() => watched.seen() > 0);
    return {
      outcome,
      complaints: [...stored.complaints, ...watched.complaints],
      seen: [stored.seen(), watched.seen()],
      kinds,
    };
  }

  it('is plain JSON, whatever functions the definition has and whatever agents log', async () => {
    const { outcome, complaints, seen, kinds } = await inspected(functions, { list: [1, 2] });
    expect(outcome).to.deep.include({ status: 'completed' });
    expect(complaints).to.deep.equal([]);
    for (const count of seen) expect(count).to.be.greaterThan(20);
    expect([...kinds].sort()).to.deep.equal(['dispatched', 'log', 'progress']);
  });

  it('is plain JSON when a run fails, and when it is paused, resumed, cancelled', async () => {
    const failed = await inspected(broken, null);
    expect(failed.outcome.status).to.equal('failed');
    expect(failed.complaints).to.deep.equal([]);
    const cancelled = await inspected(functions, { list: [1] }, async (reprise, runId) => {
      await reprise.run(runId).pause('because');
      await reprise.run(runId).resume();
      await reprise.run(runId).cancel();
    });
    expect(cancelled.complaints).to.deep.equal([]);
  });

  it('is plain JSON when an ended run is tried again', async () => {
    let retried = '';
    const first = await inspected(broken, null, async (reprise, runId) => {
      await reprise.run(runId).outcome();
      const run = await reprise.retryRun(runId);
      retried = run.id;
      await run.outcome();
    });
    expect(retried).to.not.equal('');
    expect(first.complaints).to.deep.equal([]);
  });
});
