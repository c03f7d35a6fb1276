import { defineAgent, type Orchestrator, workflow } from '@reprise/core';
import { z } from 'zod';
import { percentile, type Storage, withReprise } from './setup.ts';

/** What a call takes, and how many there are at once: 10,000 calls are two seconds. */
const CALL_MS = 4;
const CONCURRENCY = 20;
const SMALL_RUNS = 100;

const call = defineAgent({
  name: 'call',
  concurrency: CONCURRENCY,
  handle: async ({ input }: { input: unknown }): Promise<unknown> => {
    await new Promise((resolve) => setTimeout(resolve, CALL_MS));
    return input;
  },
});

const large = workflow('large', { version: '1', input: z.object({ tasks: z.number() }), concurrency: 1000 })
  .task('each', call, {
    forEach: { items: ({ input }) => Array.from({ length: input.tasks }, (_, index) => index), concurrency: 1000 },
  })
  .build();

const small = workflow('small', { version: '1' })
  .task('one', call)
  .task('two', call, { after: 'one' })
  .task('three', call, { after: 'two' })
  .build();

export interface TenantFigures {
  /** Of 100 small runs of three tasks, started together, from start to end, in ms. */
  readonly aloneP95Ms: number;
  /** The same, while a run of another tenant has `tasks` tasks to do at the same agent. */
  readonly besideP95Ms: number;
  /** Tasks that the large run did meanwhile. */
  readonly largeDone: number;
}

/** A small tenant beside a large one, at an agent that both want more of than there is. */
export async function measureTenants(storage: Storage, tasks: number): Promise<TenantFigures> {
  return withReprise(storage, [large, small], async (reprise) => {
    await smallRuns(reprise);
    const aloneP95Ms = await smallRuns(reprise);
    const run = await reprise.startRun(large, { tasks }, { tenant: 'large' });
    const done = async (): Promise<number> =>
      [...(await run.state()).tasks.values()].filter(({ id, status }) => id !== 'each' && status === 'completed')
        .length;
    while ((await done()) < Math.min(200, tasks / 10)) await new Promise((resolve) => setTimeout(resolve, 50));
    const before = await done();
    const besideP95Ms = await smallRuns(reprise);
    const largeDone = (await done()) - before;
    if (before + largeDone >= tasks) throw new Error('the large run ended before the small ones: nothing was measured');
    await run.cancel();
    return { aloneP95Ms, besideP95Ms, largeDone };
  });
}

async function smallRuns(reprise: Orchestrator): Promise<number> {
  const one = async (): Promise<number> => {
    const start = performance.now();
    await (await reprise.startRun(small, null, { tenant: 'small' })).result();
    return performance.now() - start;
  };
  return percentile(await Promise.all(Array.from({ length: SMALL_RUNS }, one)), 0.95);
}

if (import.meta.main)
  for (const storage of ['in-memory', 'sqlite'] as const) console.log(storage, await measureTenants(storage, 10_000));
