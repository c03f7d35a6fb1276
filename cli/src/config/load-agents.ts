import { resolve } from 'node:path';
import type { AgentReference } from '@reprise/core';
import { configInvalid } from './config-error.ts';
import { filesOf } from './folder-entries.ts';
import { importModule } from './import-module.ts';
import { named } from './loading.ts';
import type { ReadConfig } from './read-config.ts';

/** The agents of a configuration. Throws REPRISE_CONFIG_INVALID. */
export async function loadAgents({ config, folder, file }: ReadConfig): Promise<readonly AgentReference[]> {
  const lists = await Promise.all(
    (config.agents ?? []).map((entry) => (typeof entry === 'string' ? fromPath(resolve(folder, entry)) : [entry])),
  );
  const agents = new Set(lists.flat());
  for (const agent of agents) {
    if (!isAgent(agent))
      throw configInvalid(file, 'one of its agents has no `name` or no `handle`. Use defineAgent().');
  }
  return [...agents];
}

export const isAgent = (value: unknown): value is AgentReference => {
  const { name, handle, remote } = (value ?? {}) as {
    readonly name?: unknown;
    readonly handle?: unknown;
    readonly remote?: unknown;
  };
  return typeof name === 'string' && (typeof handle === 'function' || remote === true);
};

/** Those of a module, or of every module in a folder. */
async function fromPath(path: string): Promise<readonly AgentReference[]> {
  const files = await filesOf(path, 'modules');
  return (await Promise.all(files.map(fromModule))).flat();
}

async function fromModule(file: string): Promise<readonly AgentReference[]> {
  const values = Object.values(await named(file, () => importModule(file))).flatMap((value) =>
    Array.isArray(value) ? value : [value],
  );
  const agents = values.filter(isAgent);
  if (agents.length > 0) return agents;
  throw configInvalid(
    file,
    'it exports no agent. Export objects with a `name` and a `handle` function: defineAgent({ … }).',
  );
}
