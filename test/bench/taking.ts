import { createReprise, defineAgent, type Json, parseWorkflow } from '@reprise/core';
import { autonomousScheduler } from '@reprise/scheduler-autonomous';

export interface TakingFigures {
  /** Tasks that were awarded, or claimed, and done. */
  readonly takenPerSecond: number;
  /** Decisions of the strategy on record. */
  readonly decisionsPerSecond: number;
}

const SPECS = {
  bid: { mode: 'bid' },
  claim: {
    mode: 'claim',
    members: [
      { agent: 'ann', trigger: 'work.priority >= 0', atOnce: 5 },
      { agent: 'bob', trigger: '!has(board.never)', atOnce: 5 },
    ],
  },
} as const;

/** A team in memory that is ready to do `count` tasks from the start, two of which members bid for, or claim. */
export async function measureTaking(mode: keyof typeof SPECS, count: number): Promise<TakingFigures> {
  const tasks = Object.fromEntries(Array.from({ length: count }, (_, index) => [`t${index}`, { capability: 'work' }]));
  const strategy = { name: 'autonomous', ...SPECS[mode] };
  const flow = parseWorkflow(JSON.stringify({ name: 'taking', strategy, tasks }));
  const member = (name: string, price: number) =>
    defineAgent({
      name,
      capabilities: ['work'],
      handle: ({ input }: { input: Json }) =>
        typeof input === 'object' && input !== null && 'round' in input ? { price } : 'done',
    });
  const reprise = await createReprise({
    workflows: [flow],
    agents: [member('ann', 1), member('bob', 2)],
    plugins: [autonomousScheduler()],
  });
  await reprise.start();
  try {
    const start = performance.now();
    const run = await reprise.startRun<null, Record<string, string>>(flow.definition.name, null);
    if (Object.keys(await run.result()).length !== count) throw new Error('the team gave something else');
    const seconds = (performance.now() - start) / 1000;
    let decisions = 0;
    for await (const { event } of reprise.runs.history(run.id)) if (event.type === 'DecisionMade') decisions += 1;
    return { takenPerSecond: count / seconds, decisionsPerSecond: decisions / seconds };
  } finally {
    await reprise.stop();
  }
}

if (import.meta.main) {
  for (const mode of ['claim', 'bid'] as const)
    for (const count of [100, 100, 1000, 3000]) console.log(mode, count, await measureTaking(mode, count));
}
