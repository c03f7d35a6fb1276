import { createReprise, defineAgent, workflow } from '@reprise/core';
import { sqliteViewStore } from '@reprise/view-store-sqlite';
import { withEventStoreDB } from './eventstoredb.ts';
import { inFolder, openReprise } from './setup.ts';

export interface RestartFigures {
  readonly openRuns: number;
  /** From start() until every run had its agent called again, in ms. */
  readonly allMovingMs: number;
}

/** Leaves `openRuns` runs in the middle of an attempt, then starts another orchestrator over the same file. */
export async function measureRestart(openRuns: number): Promise<RestartFigures> {
  return inFolder(async (path) => {
    const called = new Set<string>();
    let hold = true;
    const work = defineAgent({
      name: 'work',
      concurrency: openRuns,
      handle: ({ runId }: { readonly input: unknown; readonly runId: string }, { signal }) => {
        if (!hold) called.add(runId);
        return hold ? new Promise<null>((resolve) => signal.addEventListener('abort', () => resolve(null))) : null;
      },
    });
    const open = workflow('open', { version: '1' }).task('work', work).build();
    const first = await openReprise(path, [open]);
    await first.start();
    await inParallel(openRuns, 200, () => first.startRun<unknown>(open.definition.name, null));
    while (first.running < openRuns) await new Promise((resolve) => setImmediate(resolve));
    await first.stop({ drainMs: 0 });
    hold = false;

    const second = await openReprise(path, [open]);
    const start = performance.now();
    await second.start();
    while (called.size < openRuns) await new Promise((resolve) => setImmediate(resolve));
    const allMovingMs = performance.now() - start;
    await second.stop();
    return { openRuns, allMovingMs };
  });
}

export interface SleepingFigures {
  readonly runs: number;
  /** What start() takes, in ms. */
  readonly startMs: number;
  /** What the heap has more by that, in MiB. */
  readonly heapMiB: number;
}

/** Leaves `runs` runs asleep, over the protocol of EventStoreDB with views in a file, then starts another orchestrator. */
export function measureSleepingRestart(runs: number): Promise<SleepingFigures> {
  const work = defineAgent({ name: 'work', concurrency: 100, handle: async () => 'done' });
  const asleep = workflow('asleep', { version: '1' })
    .task('work', work)
    .sleep('night', { for: '30d' }, { after: 'work' })
    .build();
  return inFolder((path) =>
    withEventStoreDB(async (store) => {
      const open = () => createReprise({ workflows: [asleep], plugins: [store, sqliteViewStore({ path })] });
      const first = await open();
      await first.start();
      await inParallel(runs, 200, () => first.startRun<unknown>(asleep.definition.name, null));
      while (first.running > 0) await new Promise((resolve) => setTimeout(resolve, 10));
      await first.stop();
      // What the view had not had yet, the second one folds.
      const second = await open();
      await second.start();
      await second.stop();
      const third = await open();
      const before = heapUsed();
      const began = performance.now();
      await third.start();
      const startMs = performance.now() - began;
      const heapMiB = heapUsed() - before;
      await third.stop();
      return { runs, startMs, heapMiB };
    }),
  );
}

function heapUsed(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

async function inParallel(count: number, width: number, work: () => Promise<unknown>): Promise<void> {
  let left = count;
  const loop = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await work();
    }
  };
  await Promise.all(Array.from({ length: width }, loop));
}

if (import.meta.main) {
  const runs = Number(process.argv[2] ?? 10_000);
  console.log(process.argv[3] === 'asleep' ? await measureSleepingRestart(runs) : await measureRestart(runs));
}
