import {
  type Agent,
  createReprise,
  defineAgent,
  type Isolation,
  isolatedAgent,
  type Json,
  workflow,
} from '@reprise/core';
import { percentile } from './setup.ts';

export interface IsolationFigures {
  /** One run of one task, alone, in ms. */
  readonly p50Ms: number;
  /** From the start of the orchestrator, its module loaded, in ms. */
  readonly startMs: number;
  readonly perSecond: number;
}

/** The agent is there without any module of Reprise to be loaded. */
const MODULE = 'data:text/javascript,export const echo = ({ input }) => input;';

const agentIn = (isolation: Isolation | undefined): Agent<Json, unknown> =>
  isolation === undefined
    ? defineAgent({ name: 'echo', handle: ({ input }: { readonly input: Json }) => input })
    : (isolatedAgent({ name: 'echo', module: MODULE, export: 'echo', isolation, concurrency: 2 }) as Agent<
        Json,
        unknown
      >);

/** Runs of one task whose agent gives back 1 KB: one after the other, then 50 at once. */
export async function measureIsolation(isolation: Isolation | undefined, count: number): Promise<IsolationFigures> {
  const definition = workflow<Json>('echo').task('echo', agentIn(isolation)).build();
  const reprise = await createReprise({ workflows: [definition] });
  const begun = performance.now();
  await reprise.start();
  const startMs = performance.now() - begun;
  const input = { text: 'x'.repeat(1000) };
  const one = async (): Promise<number> => {
    const start = performance.now();
    await (await reprise.startRun<Json>('echo', input)).result();
    return performance.now() - start;
  };
  for (let index = 0; index < 50; index += 1) await one();
  const alone: number[] = [];
  for (let index = 0; index < count; index += 1) alone.push(await one());
  const start = performance.now();
  await Promise.all(
    Array.from({ length: 50 }, async () => {
      for (let index = 0; index < count / 50; index += 1) await one();
    }),
  );
  const perSecond = (count / (performance.now() - start)) * 1000;
  await reprise.stop();
  return { p50Ms: percentile(alone, 0.5), startMs, perSecond };
}

if (import.meta.main)
  for (const isolation of [undefined, 'thread', 'process'] as const)
    console.log(isolation ?? 'none', await measureIsolation(isolation, 2000));
