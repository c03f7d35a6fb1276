import type { Orchestrator } from '@reprise/core';
import { chain, percentile, type Storage, withReprise } from './setup.ts';

const STEPS = 10;
const SOLO_RUNS = 200;

export interface ChainFigures {
  /** Steps in a second, with 50 runs at once. */
  readonly stepsPerSecond: number;
  /** One run alone, from start to result, in ms. */
  readonly soloP50Ms: number;
  readonly soloP99Ms: number;
}

/** Ten-step chains: 50 at once for `seconds`, then one after the other. */
export function measureChains(storage: Storage, seconds: number): Promise<ChainFigures> {
  const workflow = chain(STEPS);
  return withReprise(storage, [workflow], async (reprise) => {
    await together(reprise, workflow.definition.name, 50, Math.min(1, seconds));
    const stepsPerSecond = await together(reprise, workflow.definition.name, 50, seconds);
    const solo: number[] = [];
    for (let index = 0; index < SOLO_RUNS; index += 1) solo.push(await one(reprise, workflow.definition.name));
    return { stepsPerSecond, soloP50Ms: percentile(solo, 0.5), soloP99Ms: percentile(solo, 0.99) };
  });
}

/** Chains, so many at once, for some seconds: steps in a second. */
export async function together(reprise: Orchestrator, name: string, width: number, seconds: number): Promise<number> {
  let steps = 0;
  const start = performance.now();
  const loop = async (): Promise<void> => {
    while (performance.now() - start < seconds * 1000) {
      await one(reprise, name);
      steps += STEPS;
    }
  };
  await Promise.all(Array.from({ length: width }, loop));
  return (steps / (performance.now() - start)) * 1000;
}

async function one(reprise: Orchestrator, name: string): Promise<number> {
  const start = performance.now();
  const run = await reprise.startRun<unknown, { n: number }>(name, { n: 0 });
  const { n } = await run.result();
  if (n !== STEPS) throw new Error(`a chain gave ${n} instead of ${STEPS}`);
  return performance.now() - start;
}

const STORAGES: readonly Storage[] = ['in-memory', 'sqlite', 'eventstoredb'];

if (import.meta.main) {
  const storage = STORAGES.find((one) => one === process.argv[2]) ?? 'sqlite';
  console.log(storage, await measureChains(storage, Number(process.argv[3] ?? 3)));
}
