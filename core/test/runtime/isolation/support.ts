import {
  type Agent,
  type Isolation,
  type IsolationLimits,
  isolatedAgent,
  type Json,
  sleep,
  type Workflow,
  workflow,
} from '@reprise/core';
import type { any, Order } from './agents.ts';

export const ISOLATIONS: readonly Isolation[] = ['thread', 'process'];

export const AGENTS = import.meta.resolve('./agents.ts');
export const TALKING = import.meta.resolve('./talking-agents.ts');

export const isolatedAny = (
  isolation: Isolation,
  limits: IsolationLimits = {},
  more: { readonly name?: string; readonly concurrency?: number } = {},
): Agent<Order, Json> =>
  isolatedAgent<typeof any>({
    name: 'any',
    module: AGENTS,
    export: 'any',
    isolation,
    limits: { memoryMiB: 128, grace: 200, ...limits },
    ...more,
  });

/** One task of the agent, which is handed the input of the run. */
export const single = (agent: Agent<Order, Json>, options: object = {}, name = 'single'): Workflow<Order, Json> =>
  workflow<Order>(name)
    .task('do', agent, { retry: 1, ...options })
    .build() as unknown as Workflow<Order, Json>;

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Whether all of them are gone soon. */
export async function gone(...pids: readonly number[]): Promise<boolean> {
  for (let waited = 0; waited < 5000; waited += 20) {
    if (!pids.some(isAlive)) return true;
    await sleep(20);
  }
  return false;
}
