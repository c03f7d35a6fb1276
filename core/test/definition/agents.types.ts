// Type tests: what is asserted here is asserted by the compiler (npm run check:types).
import { z } from 'zod';
import {
  type Agent,
  type AgentTask,
  type CaughtFeedback,
  cel,
  defineAgent,
  type Json,
  remoteAgent,
  type WorkflowOutput,
  workflow,
} from '../../src/index.ts';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <T extends true>(): T | undefined => undefined;

// A schema types the output, whatever `handle` returns.
const listing = z.object({ names: z.array(z.string()), level: z.enum(['low', 'high']) });
const files = defineAgent({ name: 'files', outputSchema: listing, handle: () => JSON.parse('{}') });
const level = defineAgent({
  name: 'level',
  inputSchema: z.object({ strict: z.boolean() }),
  outputSchema: listing,
  handle: async ({ input }) => ({ names: [], level: input.strict ? 'high' : 'low' }),
});
const plain = { name: 'plain', outputSchema: listing, handle: (_task: { input: unknown }) => JSON.parse('{}') };
const measure = defineAgent({ name: 'measure', handle: ({ input }: AgentTask<string>) => input.length });
const listed = workflow<{ strict: boolean }>('listed')
  .task('files', files)
  .task('level', level)
  .task('plain', plain)
  .task('each', measure, {
    after: 'files',
    forEach: ({ outputs }) => {
      same<Equal<typeof outputs.files, { names: string[]; level: 'low' | 'high' }>>();
      return outputs.files.names;
    },
  })
  .output(({ outputs: { level, plain, each } }) => ({ level: level.level, plain: plain.level, each }))
  .build();
same<Equal<WorkflowOutput<typeof listed>, { level: 'low' | 'high'; plain: 'low' | 'high'; each: number[] }>>();

// What a schema makes of it is what later tasks see.
const counted = defineAgent({
  name: 'counted',
  outputSchema: z.object({ size: z.string().transform((text) => text.length), unit: z.string().default('mm') }),
  handle: () => ({ size: 'abc' }),
});
same<Equal<typeof counted, Agent<unknown, { size: number; unit: string }>>>();

// Without a schema, types are those of `handle`: JSON, unions, recursive ones, nothing, anything.
interface Tree {
  readonly name: string;
  readonly left?: Tree;
  readonly right?: Tree;
}
const any = defineAgent({ name: 'any', handle: ({ input }: AgentTask<Json>): Json => input });
const tree = defineAgent({ name: 'tree', handle: async ({ input }: AgentTask<Tree>): Promise<Tree | null> => input });
const silent = defineAgent({ name: 'silent', handle: async (_task: AgentTask) => undefined });
const unknowing = defineAgent({ name: 'unknowing', handle: (_task: AgentTask): unknown => 1 });
same<Equal<typeof any, Agent<Json, Json>>>();
same<Equal<typeof tree, Agent<Tree, Tree | null>>>();
same<Equal<typeof silent, Agent<Json, undefined>>>();
same<Equal<typeof unknowing, Agent<Json, unknown>>>();

// Functions that make agents may be generic.
const made = <In, Out>(name: string, give: (input: In) => Out) =>
  defineAgent({ name, handle: ({ input }: AgentTask<In>) => give(input) });
const asked = <T>(name: string, outputSchema: z.ZodType<T>, ask: () => Promise<T>) =>
  defineAgent({ name, outputSchema, handle: () => ask() });
const doubled = made('doubled', (input: number) => input * 2);
const answer = asked('answer', z.object({ ok: z.boolean() }), async () => ({ ok: true }));
const generic = workflow<number>('generic').task('doubled', doubled).task('answer', answer).build();
same<Equal<WorkflowOutput<typeof generic>, { readonly doubled: number; readonly answer: { ok: boolean } }>>();
const dated = made('at', (input: number) => new Date(input));
// @ts-expect-error: what is not JSON is found where such an agent is used
workflow<number>('dated').task('at', dated);
// @ts-expect-error: of a remote agent, too
workflow<Json>('dated').task('at', remoteAgent<Json, { at: Date }>({ name: 'far' }));

// What is handed to an agent is asked for where it is written.
const strict = defineAgent({
  name: 'strict',
  handle: ({ input }: AgentTask<{ mode: 'a' | 'b'; list: string[]; note?: string }>) => input.mode,
});
workflow<{ readonly list: readonly string[] }>('strict')
  .task('one', strict, { input: ({ input }) => ({ mode: 'a', list: input.list }) })
  .task('two', strict, {
    input: ({ input: { list } }) => (list.length > 1 ? { mode: 'a', list } : { mode: 'b', list }),
  })
  .task('three', strict, { input: cel('input') })
  .task('four', any, { input: ({ input, runId }) => ({ runId, input }) })
  .task('five', 'somebody', { input: () => ({ mode: 'a', list: [] }), fallback: { agent: strict } })
  .workflow('six', listed, { input: () => ({ strict: true }) })
  .build();

// A task that repeats reads what it gave in the round before.
workflow<{ strict: boolean }>('repeated')
  .task('level', level, {
    input: ({ input, feedback }) => {
      same<Equal<typeof feedback, { names: string[]; level: 'low' | 'high' } | null>>();
      return { strict: feedback === null ? input.strict : feedback.level === 'low' };
    },
    repeat: { until: ({ output, feedback }) => output.level === feedback?.level, max: 3 },
  })
  .task('once', level, {
    after: 'level',
    input: ({ feedback }) => {
      same<Equal<typeof feedback, Json>>();
      return { strict: true };
    },
  })
  .build();

// A block that is tried again reads what failed, and what its handler gave.
workflow<number>('caught')
  .scope(
    'block',
    (block) =>
      block.task('doubled', doubled, {
        input: ({ input, feedback }) => {
          same<Equal<typeof feedback, CaughtFeedback | null>>();
          return feedback?.error.code === 'SMALL' ? input * 2 : input;
        },
      }),
    { catch: [{ when: ({ error }) => error.code !== 'LARGE', then: 'retry', max: 2 }] },
  )
  .build();

// A loop says what it hands on; what is said about it knows that without a word.
workflow<number>('looped')
  .scope(
    'told',
    (block) =>
      block.feedback<{ draft: string }>().task('draft', any, {
        input: ({ feedback }) => {
          same<Equal<typeof feedback, { draft: string } | null>>();
          return feedback?.draft ?? null;
        },
      }),
    {
      loop: {
        until: ({ feedback }) => {
          same<Equal<typeof feedback, { draft: string } | null>>();
          return feedback?.draft === 'good';
        },
        max: 3,
        feedback: ({ outputs }) => ({ draft: String(outputs.draft) }),
      },
    },
  )
  .scope('untold', (block) => block.task('doubled', doubled), {
    loop: {
      until: ({ output, feedback }) => {
        same<Equal<typeof feedback, number | null>>();
        return output === feedback;
      },
      max: 3,
    },
  })
  .build();
workflow<number>('mistold').scope('told', (block) => block.feedback<{ draft: string }>().task('doubled', doubled), {
  // @ts-expect-error: it hands on something else
  loop: { until: () => true, max: 3, feedback: ({ outputs }) => ({ text: outputs.doubled }) },
});
