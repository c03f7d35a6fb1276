import type { Agent } from '../../../../agent/agent.ts';
import type { LoadAgent } from '../protocol.ts';

/** The agent that a module exports, or makes. Throws what the module throws, or what is wrong with it, in words. */
export async function loadAgent({ module, export: name, options }: LoadAgent): Promise<Agent<unknown, unknown>> {
  const namespace = (await import(module)) as Readonly<Record<string, unknown>>;
  if (!Object.hasOwn(namespace, name)) {
    const others = Object.keys(namespace);
    throw new Error(`the module has no such export (${others.length === 0 ? 'it has none' : others.join(', ')}).`);
  }
  const exported = namespace[name];
  if (options === undefined) return agentOf(exported, name);
  if (typeof exported !== 'function') throw new Error('with `options`, it has to be a function that makes the agent.');
  return agentOf(await exported(options), name);
}

function agentOf(value: unknown, name: string): Agent<unknown, unknown> {
  if (typeof value === 'function') return { name, handle: value as Agent<unknown, unknown>['handle'] };
  const { handle, isolation } = (value ?? {}) as Partial<Agent<unknown, unknown>> & { readonly isolation?: unknown };
  if (typeof handle !== 'function')
    throw new Error('it is neither an agent with a `handle`, nor a function that does an attempt.');
  if (isolation !== undefined) throw new Error('it is an isolated agent itself: export the agent that it isolates.');
  return value as Agent<unknown, unknown>;
}
