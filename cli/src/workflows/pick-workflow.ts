import { resolve } from 'node:path';
import { didYouMean, RepriseError } from '@reprise/core';
import { loadProject } from '../config/load-project.ts';
import { type SourcedWorkflow, workflowsIn } from '../config/load-workflows.ts';

const FILE = /\.(ya?ml|json|[cm]?[jt]s)$/i;

/** Whether the argument is a file, not the name of a workflow. */
export const looksLikeFile = (typed: string): boolean =>
  FILE.test(typed) || typed.includes('/') || typed.includes('\\');

/** The workflow of that name (or `name@version`) in the configuration, or the one in that file. */
export async function pickWorkflow(typed: string, config: string | undefined): Promise<SourcedWorkflow> {
  const from = process.cwd();
  const all = looksLikeFile(typed)
    ? await workflowsIn(resolve(from, typed))
    : (await loadProject(config, from)).workflows;
  const named = (name: string): SourcedWorkflow | undefined =>
    all.findLast(
      ({ workflow: { definition } }) => definition.name === name || `${definition.name}@${definition.version}` === name,
    );
  const found = looksLikeFile(typed) && all.length === 1 ? all[0] : named(typed);
  if (found !== undefined) return found;
  const names = all.map(({ workflow }) => workflow.definition.name);
  const known = names.length === 0 ? 'the configuration names none' : `there are ${names.join(', ')}`;
  throw new RepriseError(
    'REPRISE_WORKFLOW_UNKNOWN',
    `There is no workflow '${typed}'${didYouMean(typed, names)} (${known}).`,
    {
      details: { wanted: typed, known: names },
    },
  );
}
