import { defineAgent, workflow } from '@reprise/core';
import { withReprise } from './setup.ts';

export interface BigRunFigures {
  readonly totalMs: number;
  /** The longest time for which nothing else had its turn of the event loop. */
  readonly longestBlockMs: number;
}

interface Input {
  readonly items: number;
  readonly context: string;
}

const take = defineAgent({ name: 'take', handle: ({ input }: { input: { readonly doc: number } }) => input.doc });
const bigRun = workflow<Input>('big-run')
  .task('each', take, {
    forEach: ({ input }) => Array.from({ length: input.items }, (_, doc) => ({ doc, context: input.context })),
  })
  .build();

/** One run whose items all carry the same large context: what it keeps from everybody else. */
export function measureBigRun(items: number, contextChars: number): Promise<BigRunFigures> {
  return withReprise('sqlite', [bigRun], async (reprise) => {
    let longestBlockMs = 0;
    let running = true;
    let last = performance.now();
    const look = (): void => {
      const now = performance.now();
      longestBlockMs = Math.max(longestBlockMs, now - last);
      last = now;
      if (running) setImmediate(look);
    };
    const start = performance.now();
    setImmediate(look);
    const run = await reprise.startRun(bigRun, { items, context: 'x'.repeat(contextChars) });
    await run.result();
    running = false;
    return { totalMs: performance.now() - start, longestBlockMs };
  });
}

if (import.meta.main) console.log(await measureBigRun(950, 300_000));
