import { type AgentContext, type AgentTask, cel, defineAgent, workflow } from '@reprise/core';

// #region fan-out
const resize = defineAgent({ name: 'resize', handle: ({ input }: AgentTask<string>) => `${input}.small` });

/** Ten images at a time, however many there are. One that cannot be done is null, and stops no other. */
export const thumbnails = workflow<{ readonly images: readonly string[] }>('thumbnails')
  .task('resize', resize, {
    forEach: { items: ({ input }) => input.images, concurrency: 10, onItemFailure: 'continue' },
    retry: 3,
  })
  .output(({ outputs }) => ({ done: outputs.resize.filter((image) => image !== null).length }))
  .build();
// #endregion

// #region first-of
const quote = defineAgent({
  name: 'quote',
  capabilities: ['quotes'],
  handle: ({ input }: AgentTask<{ readonly supplier: string }>) => ({ supplier: input.supplier, price: 10 }),
});

/** Of five suppliers two are enough: the rest is cancelled, and null in the list. */
export const quotes = workflow<{ readonly suppliers: readonly { readonly supplier: string }[] }>('quotes')
  .task('ask', quote, { forEach: { items: ({ input }) => input.suppliers, need: 2, rest: 'cancel' } })
  .output(({ outputs }) => outputs.ask.filter((answer) => answer !== null))
  .build();
// #endregion

// #region dynamic
export const read = defineAgent({
  name: 'read',
  handle: ({ input }: AgentTask<{ readonly url: string }>) => input.url.length,
});

const plan = defineAgent({
  name: 'plan',
  handle({ input }: AgentTask<{ readonly urls: readonly string[] }>, { spawn }: AgentContext) {
    for (const [index, url] of input.urls.entries())
      spawn({ [`read-${index}`]: { agent: 'read', after: 'plan', input: { url } } }, { before: 'write' });
    return input.urls.length;
  },
});

const write = defineAgent({ name: 'write', handle: ({ input }: AgentTask<unknown>) => JSON.stringify(input) });

/** The planner adds a task for each source; `write` waits for them, too, and reads what they gave. (`agents: [read]` in the configuration.) */
export const research = workflow<{ readonly urls: readonly string[] }>('research', { budget: { tasks: 50 } })
  .task('plan', plan, { may: 'spawn' })
  .task('write', write, { after: 'plan', input: cel('outputs') })
  .build();
// #endregion

// #region children
const pack = defineAgent({
  name: 'pack',
  handle: ({ input }: AgentTask<{ readonly order: string }>) => `parcel of ${input.order}`,
});

export const parcel = workflow<{ readonly order: string }>('parcel').task('pack', pack).build();

/** Each order is a run of its own: with its own history, found, cancelled and retried by itself. */
export const shipment = workflow<{ readonly orders: readonly { readonly order: string }[] }>('shipment')
  .workflow('parcels', parcel, { forEach: { items: ({ input }) => input.orders, concurrency: 4 } })
  .build();
// #endregion

// #region loop
const draft = defineAgent({
  name: 'draft',
  handle: ({ input }: AgentTask<{ readonly topic: string; readonly critique: string | null }>) => ({
    text: input.critique === null ? input.topic : `${input.topic}, and ${input.critique}`,
  }),
});

const critic = defineAgent({
  name: 'critic',
  handle: ({ input }: AgentTask<{ readonly text: string }>) => ({
    text: input.text,
    good: input.text.includes('sources'),
    critique: 'name the sources',
  }),
});

/** Written again until the critic is content; after three rounds the last one is taken as it is. */
export const essay = workflow<{ readonly topic: string }>('essay')
  .scope(
    'round',
    (block) =>
      block
        .feedback<{ text: string; good: boolean; critique: string }>()
        .task('draft', draft, {
          input: ({ input, feedback }) => ({ topic: input.topic, critique: feedback?.critique ?? null }),
        })
        .task('critic', critic, { after: 'draft' }),
    { loop: { until: ({ output }) => output.good, max: 3, onExhausted: 'accept' } },
  )
  .build();
// #endregion
