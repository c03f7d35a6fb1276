import { z } from 'zod';
import { type AgentTask, defineAgent } from '../../src/agent/agent.ts';
import { workflow } from '../../src/definition/builder/workflow-builder.ts';
import { cel } from '../../src/definition/expression.ts';
import type { WorkflowInput, WorkflowOutput } from '../../src/definition/workflow.ts';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const expectType = <T extends true>(): T | undefined => undefined;

interface Pack {
  readonly name: string;
  readonly version: string;
}
const inventory = defineAgent({
  name: 'inventory',
  handle: async (task: AgentTask<{ folder: string }>) => ({
    packages: [{ name: task.input.folder, version: '1' }] as Pack[],
  }),
});
const inspector = {
  name: 'inspector' as const,
  async handle(task: { input: Pack }) {
    return { name: task.input.name, licence: 'MIT' };
  },
};
const auditor = defineAgent({
  name: 'auditor',
  handle: (task: AgentTask<{ mode: 'strict' | 'loose'; facts: readonly { licence: string }[] }>) => ({
    unknown: task.input.facts.map((f) => f.licence),
  }),
});
const legal = defineAgent({
  name: 'legal',
  handle: (_: AgentTask<{ unknown: string[] }>) => Promise.resolve({ verdict: 'ok' }),
});
const critic = defineAgent({
  name: 'critic',
  inputSchema: z.object({ verdict: z.string() }),
  handle: (task) => ({ complete: task.input.verdict === 'ok' }),
});

const dossier = workflow('dossier', {
  version: '1',
  input: z.object({ folder: z.string() }),
  timeout: '10m',
  concurrency: 16,
})
  .task('inventory', inventory)
  .task('inspect', inspector, {
    after: 'inventory',
    forEach: ({ outputs }) => outputs.inventory.packages,
    concurrency: 8,
    retry: { maxAttempts: 2 },
    fallback: { value: null },
  })
  .task('audit', auditor, {
    after: ['inspect'],
    input: ({ outputs }) => {
      expectType<Equal<typeof outputs.inspect, ({ name: string; licence: string } | null)[]>>();
      return { mode: 'strict', facts: outputs.inspect.filter((f) => f !== null) };
    },
  })
  .task('legal', legal, { after: 'audit', when: ({ outputs }) => outputs.audit.unknown.length > 0 })
  .task('critic', critic, { after: 'legal', repeat: { from: 'audit', until: ({ output }) => output.complete, max: 3 } })
  .output(({ outputs }) => {
    expectType<Equal<typeof outputs.critic, { complete: boolean } | null>>();
    return outputs.critic;
  })
  .build();
expectType<Equal<WorkflowInput<typeof dossier>, { folder: string }>>();
expectType<Equal<WorkflowOutput<typeof dossier>, { complete: boolean } | null>>();

const bad = workflow('bad', { input: z.object({ folder: z.string() }) })
  .task('inventory', inventory)
  .task('audit', auditor, { after: 'inventroy' });

export { bad, cel };
