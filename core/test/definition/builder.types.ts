// Type tests: what is asserted here is asserted by the compiler (npm run check:types).
import { z } from 'zod';
import {
  type AgentTask,
  cel,
  defineAgent,
  type Json,
  remoteAgent,
  template,
  type WorkflowInput,
  type WorkflowOutput,
  workflow,
} from '../../src/index.ts';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <T extends true>(): T | undefined => undefined;

interface Pack {
  readonly name: string;
  readonly version: string;
}
interface Facts {
  readonly licence: string;
}

const inventory = defineAgent({
  name: 'inventory',
  handle: async (task: AgentTask<{ folder: string }>) => ({
    packages: [{ name: task.input.folder, version: '1' }] as Pack[],
  }),
});
const inspector = {
  name: 'inspector',
  handle: (task: { readonly input: Pack }): Facts => ({ licence: task.input.name }),
};
const auditor = defineAgent({
  name: 'auditor',
  handle: (task: AgentTask<{ mode: 'strict' | 'loose'; facts: Facts[] }>) => ({
    unknown: task.input.facts.map((one) => one.licence),
  }),
});
const legal = defineAgent({
  name: 'legal',
  handle: async (_task: AgentTask<{ unknown: string[] }>) => ({ verdict: 'fine' }),
});
const editor = defineAgent({ name: 'editor', handle: (_task: AgentTask<unknown>) => 'report' });
const critic = defineAgent({
  name: 'critic',
  inputSchema: z.object({ report: z.string(), round: z.number() }),
  outputSchema: z.object({ complete: z.boolean() }),
  handle: (task) => ({ complete: task.input.report !== '' }),
});
const silent = defineAgent({ name: 'silent', handle: async (_task: AgentTask<unknown>): Promise<void> => undefined });
const manual = {
  name: 'manual',
  handle: (task: { input: { input: Pack; error: { code: string } } }) => task.input.error.code,
};

const begun = workflow('dossier', {
  version: '1',
  input: z.object({ folder: z.string().default('.') }),
  timeout: '10m',
})
  .task('inventory', inventory)
  .task('inspect', inspector, {
    after: 'inventory',
    forEach: ({ outputs, input }) => {
      same<Equal<typeof input, { folder: string }>>();
      same<Equal<keyof typeof outputs, 'inventory'>>();
      return outputs.inventory.packages;
    },
    concurrency: 8,
    onItemFailure: 'continue',
    fallback: { value: { licence: 'unknown' } },
  });

const dossier = begun
  .task('audit', auditor, {
    after: ['inspect'],
    input: ({ outputs }) => {
      same<Equal<typeof outputs.inspect, (Facts | { licence: string } | null)[]>>();
      same<Equal<keyof typeof outputs, 'inspect' | 'inventory'>>();
      return { mode: 'strict', facts: outputs.inspect.filter((one) => one !== null) };
    },
  })
  .task('legal', legal, { after: 'audit', when: ({ outputs }) => outputs.audit.unknown.length > 0 })
  .task('edit', editor, { after: ['audit', 'legal'], retry: 2, timeout: { attempt: '5s', heartbeat: 1000 } })
  .task('critic', critic, {
    after: 'edit',
    input: ({ outputs, round, feedback }) => {
      same<Equal<typeof outputs.legal, { verdict: string } | null>>();
      same<Equal<typeof feedback, { complete: boolean } | null>>();
      return { report: outputs.edit, round };
    },
    repeat: {
      from: 'edit',
      until: ({ output }) => {
        same<Equal<typeof output, { complete: boolean }>>();
        return output.complete;
      },
      max: 3,
    },
  });

// The input is what a caller passes; the tasks see what the schema made of it.
const built = dossier.build();
same<Equal<WorkflowInput<typeof built>, { folder?: string | undefined }>>();
// The output is that of the only leaf.
same<Equal<WorkflowOutput<typeof built>, { complete: boolean }>>();

const mapped = dossier
  .output(({ outputs }) => ({ report: outputs.edit, verdict: outputs.legal?.verdict ?? null }))
  .build();
same<Equal<WorkflowOutput<typeof mapped>, { report: string; verdict: string | null }>>();

// Several leaves: their outputs by id; null for one that may be skipped.
const leaves = begun
  .task('say', silent, { after: 'inspect' })
  .task('note', editor, { after: 'inventory', when: cel('true') })
  .build();
same<Equal<WorkflowOutput<typeof leaves>, { readonly say: null; readonly note: string | null }>>();

// All dependencies may be skipped, so the task may be, and its only dependency was not when it runs.
const chained = workflow<{ unknown: string[] }>('chained')
  .task('legal', legal, { when: ({ input }) => input.unknown.length > 0 })
  .task(
    'next',
    { name: 'next', handle: (task: { input: { verdict: string } }) => task.input.verdict },
    { after: 'legal' },
  )
  .build();
same<Equal<WorkflowOutput<typeof chained>, string | null>>();

// A fallback widens the output; a fallback task is handed the input and the error.
const widened = workflow<Pack>('widened')
  .fallbackTask('manual', manual)
  .task('inspect', inspector, { fallback: { task: 'manual' } })
  .build();
same<Equal<WorkflowOutput<typeof widened>, Facts | string>>();

// A fallback task may have one of its own, and another input than that of the task for which it stands in.
const chain = workflow<Pack>('chain')
  .fallbackTask('last', legal, { input: ({ input }) => ({ unknown: [input.name] }) })
  .fallbackTask('manual', manual, { fallback: { task: 'last' }, mutex: 'desk', compensate: 'undo' })
  .task('inspect', inspector, { fallback: { task: 'manual' } })
  .build();
same<Equal<WorkflowOutput<typeof chain>, Facts | string | { verdict: string }>>();
// @ts-expect-error: a fallback task that was not added before
workflow('late').fallbackTask('manual', manual, { fallback: { task: 'last' } });
// @ts-expect-error: the input of a form reads what is before it
workflow('form').wait('ask', { form: 'approval' }, { input: ({ outputs }) => outputs.absent });

// Agents by name or capability, and values of CEL, are not checked.
const untyped = workflow<{ list: string[] }>('untyped')
  .task('a', 'somebody')
  .task('b', { capability: 'summarise' }, { after: 'a', forEach: cel('outputs.a'), input: ({ item }) => ({ item }) })
  .task('c', auditor, { after: 'b', input: template({ mode: 'strict', facts: `\${ outputs.b }` }) })
  .build();
same<Equal<WorkflowOutput<typeof untyped>, { unknown: string[] }>>();
const computed = workflow('computed')
  .task('d', inspector, { forEach: cel('input.list') })
  .output(cel('outputs.d'))
  .build();
same<Equal<WorkflowOutput<typeof computed>, Json>>();

// An agent that runs elsewhere is typed as it is declared; one that is not typed takes and gives JSON.
const far = remoteAgent<{ readonly topic: string }, number>({ name: 'far' });
const elsewhere = workflow<{ readonly topic: string }>('elsewhere').task('a', far).build();
same<Equal<WorkflowOutput<typeof elsewhere>, number>>();
const plainElsewhere = workflow<Json>('plain-elsewhere')
  .task('a', remoteAgent({ name: 'plain' }))
  .build();
same<Equal<WorkflowOutput<typeof plainElsewhere>, Json>>();
// @ts-expect-error: the input of the run is not what the agent takes
workflow<number>('unfit').task('a', far);

// @ts-expect-error: unknown task
begun.task('x', editor, { after: 'inspectt' });
// @ts-expect-error: duplicate
begun.task('inspect', editor);
// @ts-expect-error: a condition is a boolean
begun.task('x', editor, { after: 'inspect', when: () => 1 });
// @ts-expect-error: items are an array
begun.task('x', editor, { after: 'inspect', forEach: () => 1 });
// @ts-expect-error: no item outside a forEach
begun.task('x', editor, { after: 'inspect', input: ({ item }) => item });
// @ts-expect-error: a fallback task that does not exist
begun.task('x', editor, { after: 'inspect', fallback: { task: 'manual' } });
// @ts-expect-error: a repeat from a task that does not exist
begun.task('x', editor, { after: 'inspect', repeat: { from: 'y', until: () => true, max: 2 } });
// @ts-expect-error: a fallback task has no edges
begun.fallbackTask('x', editor, { after: 'inspect' });
// @ts-expect-error: a fallback task is not there to come after
begun.fallbackTask('x', editor).task('y', editor, { after: 'x' });

// An agent that takes any JSON takes what it is handed, also where that is not known; types that refer to themselves are no trap.
interface Tree {
  readonly name: string;
  readonly children: readonly Tree[];
}
const anything = { name: 'anything', handle: ({ input }: { readonly input: Json }): Json => input };
const gardener = { name: 'gardener', handle: ({ input }: { readonly input: Tree }): Tree => input };
workflow('recursive').task('a', anything).task('b', anything, { after: 'a' }).build();
workflow<Tree>('trees')
  .task('a', gardener)
  .task('b', gardener, { after: 'a' })
  .task('c', anything, { after: 'b' })
  .build();
