import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AnyWorkflow,
  createReprise,
  defineAgent,
  definePlugin,
  type EventStore,
  type Orchestrator,
  type RepriseConfig,
  workflow,
} from '@reprise/core';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import { z } from 'zod';
import { withEventStoreDB } from './eventstoredb.ts';

/** Where history is kept in a measurement. */
export type Storage = 'in-memory' | 'sqlite' | 'eventstoredb';

export interface Bench {
  readonly reprise: Orchestrator;
  readonly store: EventStore | undefined;
}

/** Runs `measure` with an orchestrator of its own, over a store in a folder that is removed afterwards. */
export async function withReprise<T>(
  storage: Storage,
  workflows: readonly AnyWorkflow[],
  measure: (reprise: Orchestrator) => Promise<T>,
  agents: NonNullable<RepriseConfig['agents']> = [],
): Promise<T> {
  const measured = async (opened: Promise<Orchestrator>): Promise<T> => {
    const reprise = await opened;
    await reprise.start();
    try {
      return await measure(reprise);
    } finally {
      await reprise.stop();
    }
  };
  if (storage === 'eventstoredb')
    return withEventStoreDB((store) => measured(createReprise({ workflows, agents, plugins: [store] })));
  return inFolder((path) => measured(openReprise(storage === 'sqlite' ? path : undefined, workflows, agents)));
}

/** An orchestrator over the file, not started. Without a path: in memory. */
export function openReprise(
  path: string | undefined,
  workflows: readonly AnyWorkflow[],
  agents: NonNullable<RepriseConfig['agents']> = [],
): Promise<Orchestrator> {
  if (path === undefined) return createReprise({ workflows, agents });
  const store = definePlugin({ name: 'sqlite', kind: 'event-store', create: () => createSqliteStorage({ path }) });
  return createReprise({ workflows, agents, plugins: [store] });
}

export async function inFolder<T>(work: (path: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-bench-'));
  try {
    return await work(join(folder, 'events.db'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Bytes of the database and its write-ahead log. */
export const sizeOf = (path: string): number =>
  [path, `${path}-wal`].reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);

const step = defineAgent({
  name: 'step',
  concurrency: 1000,
  handle: ({ input }: { input: { readonly n: number } }) => ({ n: input.n + 1 }),
});

/** `length` tasks, each after the one before; the output counts them. */
export function chain(length: number): AnyWorkflow {
  const tasks = Array.from({ length }, (_, index) => ({
    id: `step${index}`,
    after: index === 0 ? [] : [`step${index - 1}`],
  }));
  let builder = workflow(`chain-${length}`, { version: '1' }) as unknown as {
    task(id: string, agent: unknown, options: unknown): typeof builder;
    build(): AnyWorkflow;
  };
  for (const { id, after } of tasks) builder = builder.task(id, step, { after });
  return builder.build();
}

const square = defineAgent({
  name: 'square',
  concurrency: 1000,
  handle: ({ input }: { input: number }) => input * input,
});
const range = defineAgent({
  name: 'range',
  handle: ({ input }: { input: { readonly n: number } }) => Array.from({ length: input.n }, (_, index) => index),
});
const sum = defineAgent({
  name: 'sum',
  handle: ({ input }: { input: readonly number[] }) => input.reduce((total, value) => total + value, 0),
});

/** One task that makes `n` items, one for each of them, one that joins them. */
export const fanOut = workflow('fan-out', { version: '1', input: z.object({ n: z.number() }) })
  .task('range', range)
  .task('square', square, { after: 'range', forEach: { items: ({ outputs }) => outputs.range, concurrency: 64 } })
  .task('sum', sum, { after: 'square' })
  .build();

/** Runs that wait for what nobody sends. */
export const waiting = workflow('waiting', { version: '1' }).wait('never', { signal: 'never' }).build();

export function percentile(samples: readonly number[], share: number): number {
  return samples.toSorted((a, b) => a - b)[Math.floor(samples.length * share)] ?? 0;
}
