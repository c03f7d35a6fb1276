import { fanOut, type Storage, withReprise } from './setup.ts';

export interface FanOutFigures {
  readonly width: number;
  readonly totalMs: number;
  readonly usPerTask: number;
}

/** One run that fans out to `width` items and joins them; the best of three. */
export async function measureFanOut(storage: Storage, width: number): Promise<FanOutFigures> {
  return withReprise(storage, [fanOut], async (reprise) => {
    let totalMs = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 3; round += 1) {
      const start = performance.now();
      const run = await reprise.startRun(fanOut, { n: width });
      const sum = await run.result();
      totalMs = Math.min(totalMs, performance.now() - start);
      const expected = ((width - 1) * width * (2 * width - 1)) / 6;
      if (sum !== expected) throw new Error(`the join gave ${sum} instead of ${expected}`);
    }
    return { width, totalMs, usPerTask: (totalMs * 1000) / width };
  });
}

if (import.meta.main) {
  for (const storage of ['in-memory', 'sqlite'] as const) {
    for (const width of [100, 1000, 10_000]) console.log(storage, await measureFanOut(storage, width));
  }
}
