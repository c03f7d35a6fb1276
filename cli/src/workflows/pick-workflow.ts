import { resolve } from 'node:path';
import { didYouMean, RepriseError, type WorkflowDefinition } from '@reprise/core';
import { loadProject } from '../config/load-project.ts';
import { type SourcedWorkflow, workflowsIn } from '../config/load-workflows.ts';
import { usageError } from '../errors/usage-error.ts';

const FILE = /\.(ya?ml|json|[cm]?[jt]s)$/i;

/** Whether the argument is a file, not the name of a workflow. */
export const looksLikeFile = (typed: string): boolean =>
  FILE.test(typed) || typed.includes('/') || typed.includes('\\');

/** The workflow of that name (or `name@version`) in the configuration, or the one in that file; without a name, the only one. */
export async function pickWorkflow(typed: string | undefined, config: string | undefined): Promise<SourcedWorkflow> {
  const from = process.cwd();
  const isFile = typed !== undefined && looksLikeFile(typed);
  const all = isFile ? await workflowsIn(resolve(from, typed)) : (await loadProject(config, from)).workflows;
  return chosenOf(all, ({ workflow }) => workflow.definition, isFile && all.length === 1 ? undefined : typed);
}

type Named = Pick<WorkflowDefinition, 'name' | 'version'>;

/**
 * Of several, the one that is called `typed` (`name`, of which the last is taken, or `name@version`); without a name the only one there is.
 * Throws REPRISE_WORKFLOW_UNKNOWN, and REPRISE_USAGE when none was named and there are several.
 */
export function chosenOf<Workflow>(
  all: readonly Workflow[],
  nameOf: (workflow: Workflow) => Named,
  typed: string | undefined,
): Workflow {
  const called = all.map((workflow) => ({ workflow, name: nameOf(workflow).name, full: fullName(nameOf(workflow)) }));
  const found =
    typed === undefined
      ? new Set(called.map(({ name }) => name)).size === 1
        ? called.at(-1)
        : undefined
      : called.findLast(({ name, full }) => name === typed || full === typed);
  if (found !== undefined) return found.workflow;
  const list =
    called.length === 0 ? 'the configuration names none' : `there are ${called.map(({ full }) => full).join(', ')}`;
  if (typed === undefined && called.length > 0) throw usageError(`Which workflow? Name one: ${list}.`);
  const known = called.flatMap(({ name, full }) => [name, full]);
  const message =
    typed === undefined
      ? 'There is no workflow: the configuration names none.'
      : `There is no workflow '${typed}'${didYouMean(typed, known)} (${list}).`;
  throw new RepriseError('REPRISE_WORKFLOW_UNKNOWN', message, {
    details: { ...(typed === undefined ? {} : { wanted: typed }), known: called.map(({ name }) => name) },
  });
}

const fullName = ({ name, version }: Named): string => `${name}@${version}`;
