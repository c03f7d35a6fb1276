import { toMermaid } from '@reprise/core';
import { usageError } from '../errors/usage-error.ts';
import type { Terminal } from '../output/terminal.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { resolveRun } from '../store/resolve-run.ts';
import { withReader } from '../store/with-reader.ts';
import { pickWorkflow } from './pick-workflow.ts';
import { withAdded } from './with-added.ts';

/** Prints a workflow as a Mermaid flowchart; that of a run as it was recorded, coloured by the states of its tasks. */
export async function drawGraph(
  typed: string | undefined,
  flags: Whereabouts & { readonly run?: string | undefined },
  { out, json }: Terminal,
): Promise<void> {
  const { name, version, runId, mermaid } = await graphOf(typed, flags);
  if (json) await out.json({ workflow: name, version, runId: runId ?? null, mermaid });
  else for (const line of mermaid.trimEnd().split('\n')) await out.line(line);
}

interface Graph {
  readonly name: string;
  readonly version: string;
  readonly runId?: string;
  readonly mermaid: string;
}

async function graphOf(
  typed: string | undefined,
  flags: Whereabouts & { readonly run?: string | undefined },
): Promise<Graph> {
  const { run } = flags;
  if (run === undefined) {
    const { definition } = (await pickWorkflow(typed, flags.config)).workflow;
    return { name: definition.name, version: definition.version, mermaid: toMermaid(definition) };
  }
  return withReader(flags, async ({ reader, storage }) => {
    const runId = await resolveRun(storage, reader, run);
    const state = await reader.state(runId);
    const definition = withAdded(state);
    const { name, version } = definition;
    if (typed !== undefined && typed !== name && typed !== `${name}@${version}`) {
      throw usageError(`Run '${runId}' is of the workflow ${name}@${version}, not of '${typed}'.`);
    }
    const states = Object.fromEntries(definition.tasks.map(({ id }) => [id, state.tasks.get(id)?.status ?? 'pending']));
    return { name, version, runId, mermaid: toMermaid(definition, states) };
  });
}
