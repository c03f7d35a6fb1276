import type { Orchestrator } from '@reprise/core';
import { chain, type Storage, withReprise } from './setup.ts';

const WIDTH = 50;

/** Processor time of this process (writer thread included) for one step of a ten-step chain, 50 at once, in µs. */
export function measureCpuPerStep(storage: Storage, runs = 2000): Promise<number> {
  const workflow = chain(10);
  return withReprise(storage, [workflow], (reprise) => cpuPerStep(reprise, workflow.definition.name, runs));
}

/** The same of ten-step chains of that name, once they have been run as often before. */
export async function cpuPerStep(reprise: Orchestrator, name: string, runs: number): Promise<number> {
  await batch(reprise, name, runs);
  const before = process.cpuUsage();
  await batch(reprise, name, runs);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (runs * 10);
}

/** So many runs of the workflow, fifty at once, each with `n: 0`; resolves once all have ended. */
export async function batch(reprise: Orchestrator, name: string, runs: number): Promise<void> {
  let left = runs;
  const loop = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const run = await reprise.startRun<unknown>(name, { n: 0 });
      await run.result();
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, loop));
}

if (import.meta.main) {
  for (const storage of ['in-memory', 'sqlite', 'eventstoredb'] as const)
    console.log(storage, await measureCpuPerStep(storage), 'µs/step');
}
