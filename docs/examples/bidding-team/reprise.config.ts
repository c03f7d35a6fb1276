import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type AgentTask, defineAgent, defineConfig, parseWorkflow } from '@reprise/core';
import { autonomousScheduler, bidderAgent, type Call, type Offer, type Refusal } from '@reprise/scheduler-autonomous';
import { describer, inventory, type PackageTask, type Summary, summariser } from '@reprise-examples/dependency-dossier';

// #region bidders
/** Would read all of the README, which costs the more the longer it is. */
async function readers({ work: { input } }: Call<PackageTask>): Promise<Offer | Refusal> {
  if (input === null) return { refuse: 'I do not know which package' };
  const readme = await stat(join(input.folder, input.path, 'README.md')).catch(() => undefined);
  return readme === undefined ? { refuse: 'there is no README.md' } : { price: readme.size, quality: 10 };
}
const reader = bidderAgent<PackageTask, Summary>({
  name: 'reader',
  capabilities: ['summarise'],
  bid: readers,
  async work(task, context) {
    // A README without prose is nothing for it: the next bid takes the package.
    return Promise.resolve(summariser.handle(task, context)).catch((cause: Error) => {
      throw Object.assign(new Error(cause.message, { cause }), { code: 'NO_PROSE', retryable: true });
    });
  },
});
const clerk = bidderAgent<PackageTask, Summary>({
  name: 'clerk',
  capabilities: ['summarise'],
  bid: () => ({ price: 2000, quality: 1, note: 'copies a line of the manifest' }),
  work: (task, context) => describer.handle(task, context),
});
// #endregion

// #region work
/** Puts a task for each package up for bids. */
const lister = defineAgent({
  name: 'lister',
  async handle(task: AgentTask<{ folder: string }>, context) {
    const { folder, packages } = await inventory.handle(task, context);
    const retry = { maxAttempts: 3, initialDelay: 1 };
    for (const [index, one] of packages.entries())
      context.spawn({ [`p${index}`]: { capability: 'summarise', input: { folder, ...one }, retry } });
    return { packages: packages.length };
  },
});
const summaries = parseWorkflow(`
name: summaries
tasks:
  team:
    scope:
      list: { agent: lister, may: [spawn] }
    strategy: { name: autonomous, mode: bid, award: bid.price / bid.quality, bidTimeout: 1m, onNoBid: fail }
`);
// #endregion

export default defineConfig({
  workflows: [summaries],
  agents: [lister, reader, clerk],
  plugins: [autonomousScheduler()],
});
