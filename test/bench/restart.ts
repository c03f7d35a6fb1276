import { defineAgent, workflow } from '@reprise/core';
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

if (import.meta.main) console.log(await measureRestart(Number(process.argv[2] ?? 10_000)));
