import { toMermaid } from '@reprise/core';
import type { Terminal } from '../output/terminal.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { pickWorkflow } from './pick-workflow.ts';

/** Prints a workflow as a Mermaid flowchart. */
export async function drawGraph(
  typed: string | undefined,
  { config }: Pick<Whereabouts, 'config'>,
  { out, json }: Terminal,
): Promise<void> {
  const { definition } = (await pickWorkflow(typed, config)).workflow;
  const mermaid = toMermaid(definition);
  if (json) await out.json({ workflow: definition.name, version: definition.version, mermaid });
  else for (const line of mermaid.trimEnd().split('\n')) await out.line(line);
}
