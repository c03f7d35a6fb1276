import { createReprise, defineAgent, type Orchestrator, parseWorkflow } from '@reprise/core';
import { hierarchicalScheduler, managerAgent } from '@reprise/scheduler-hierarchical';

export interface DelegationFigures {
  readonly delegationsPerSecond: number;
  /** Those of the strategy: questions, delegations, and what it accepts. */
  readonly decisionsPerSecond: number;
}

const flow = parseWorkflow(`
name: delegations
strategy:
  name: hierarchical
  goal: Many steps
  manager: lead
  workers: [{ agent: worker, atOnce: 10 }]
  review: none
  bounds: { delegations: 1000 }
tasks: {}
`);

/** A team in memory whose manager delegates `count` steps, of which it plans so many at once. */
export async function measureDelegations(count: number, atOnce: number): Promise<DelegationFigures> {
  let planned = 0;
  const lead = managerAgent({
    name: 'lead',
    decide: () => {
      const progress = { satisfied: planned >= count, progressing: true, looping: false, next: '' };
      if (planned >= count) return { progress, do: [{ finish: planned }] };
      const names = Array.from({ length: Math.min(atOnce, count - planned) }, (_, index) => `s${planned + index}`);
      planned += names.length;
      return {
        progress: { ...progress, satisfied: false },
        do: [{ plan: names.map((step) => ({ step, work: 'work', to: 'worker' })) }],
      };
    },
  });
  const worker = defineAgent({ name: 'worker', handle: () => 'done' });
  const reprise = await createReprise({
    workflows: [flow],
    agents: [lead, worker],
    plugins: [hierarchicalScheduler()],
  });
  await reprise.start();
  try {
    const start = performance.now();
    const run = await reprise.startRun<null, number>(flow.definition.name, null);
    if ((await run.result()) !== count) throw new Error('the team gave something else');
    const seconds = (performance.now() - start) / 1000;
    return {
      delegationsPerSecond: count / seconds,
      decisionsPerSecond: (await decisionsOf(reprise, run.id)) / seconds,
    };
  } finally {
    await reprise.stop();
  }
}

async function decisionsOf(reprise: Orchestrator, runId: string): Promise<number> {
  let count = 0;
  for await (const { event } of reprise.runs.history(runId)) if (event.type === 'DecisionMade') count += 1;
  return count;
}

if (import.meta.main) {
  for (const atOnce of [10, 1000])
    for (const count of [100, 100, 1000]) console.log(atOnce, count, await measureDelegations(count, atOnce));
}
