import type { Orchestrator } from '@reprise/core';
import { chain, type Storage, withReprise } from './setup.ts';

const WIDTH = 50;

/** Processor time of this process (writer thread included) for one step of a ten-step chain, 50 at once, in µs. */
export function measureCpuPerStep(storage: Storage, runs = 2000): Promise<number> {
  const workflow = chain(10);
  return withReprise(storage, [workflow], (reprise) => cpuPerStep(reprise, workflow.definition.name, runs));
}

/** The same for ten-step chains of that name, once they have been run as often before. `usage`: of what, default this process. */
export async function cpuPerStep(
  reprise: Orchestrator,
  name: string,
  runs: number,
  usage: () => NodeJS.CpuUsage = () => process.cpuUsage(),
): Promise<number> {
  const batch = async (count: number): Promise<void> => {
    let left = count;
    const loop = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const run = await reprise.startRun<unknown>(name, { n: 0 });
        await run.result();
      }
    };
    await Promise.all(Array.from({ length: WIDTH }, loop));
  };
  await batch(runs);
  const before = usage();
  await batch(runs);
  const after = usage();
  return (after.user + after.system - before.user - before.system) / (runs * 10);
}

if (import.meta.main) {
  for (const storage of ['in-memory', 'sqlite', 'eventstoredb'] as const)
    console.log(storage, await measureCpuPerStep(storage), 'µs/step');
}
