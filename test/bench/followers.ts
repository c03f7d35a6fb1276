import type { Orchestrator } from '@reprise/core';
import { cpuPerStep } from './cpu.ts';
import { chain, type Storage, waiting, withReprise } from './setup.ts';

/** Processor time for one step of a ten-step chain, 50 at once, while each of `count` other runs, which wait, has a follower, in µs. */
export function measureFollowers(storage: Storage, count: number, runs = 1000): Promise<number> {
  const workflow = chain(10);
  return withReprise(storage, [workflow, waiting], async (reprise) => {
    const leave = new AbortController();
    const followers: Promise<void>[] = [];
    for (let index = 0; index < count; index += 1) {
      const run = await reprise.startRun(waiting, null);
      followers.push(follow(reprise, run.id, leave.signal));
    }
    const used = await cpuPerStep(reprise, workflow.definition.name, runs);
    leave.abort();
    await Promise.all(followers);
    return used;
  });
}

async function follow(reprise: Orchestrator, runId: string, signal: AbortSignal): Promise<void> {
  for await (const { revision } of reprise.runs.follow(runId, 0, signal)) if (revision < 0) return;
}

if (import.meta.main) {
  for (const storage of ['in-memory', 'sqlite'] as const)
    for (const count of [0, 50, 0, 50]) console.log(storage, count, await measureFollowers(storage, count), 'µs/step');
}
