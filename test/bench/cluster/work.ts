import { remoteAgent, workflow } from '@reprise/core';

// What the cluster is given to do.

/** What a step is handed, and hands on, counted up. */
export interface Job {
  readonly n: number;
  /** How long a step takes, in ms; default: no time. */
  readonly ms?: number;
  /** Of a fan-out: over so many items. */
  readonly items?: number;
}

export const STEPS = 10;
/** Kafka's patience with a member that says nothing. */
export const SESSION_MS = 6000;

const step = remoteAgent<Job, Job>({ name: 'step' });

export const chain = chainOf(STEPS);

function chainOf(length: number) {
  let builder = workflow<Job>('chain', { version: '1' }) as unknown as {
    task(id: string, agent: unknown, options: unknown): typeof builder;
    build(): ReturnType<ReturnType<typeof workflow>['build']>;
  };
  for (let index = 0; index < length; index += 1)
    builder = builder.task(`step${index}`, step, index === 0 ? {} : { after: `step${index - 1}` });
  return builder.build();
}

/** As many steps as there are items, 200 of them at once, and how many there were. */
export const fan = workflow<Job>('fan', { version: '1' })
  .task('each', step, {
    forEach: {
      items: ({ input }) => Array.from({ length: input.items ?? 1 }, (_, n) => ({ n })),
      concurrency: 200,
    },
  })
  .set('count', ({ outputs }) => outputs.each.length, { after: 'each' })
  .build();
