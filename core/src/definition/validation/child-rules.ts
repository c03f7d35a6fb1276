import type { TaskGroup } from '../blocks.ts';
import type { WorkflowDefinition } from '../definition.ts';
import { didYouMean } from '../did-you-mean.ts';
import type { Report } from '../problem.ts';

/** What validation needs to know of a workflow that may be a child. */
export interface KnownWorkflow {
  readonly name: string;
  readonly version: string;
}

/** Every workflow that is to be a child must be there; which version must be clear. A workflow may be a child of itself. */
export function checkChildren(
  itself: WorkflowDefinition,
  groups: readonly TaskGroup[],
  workflows: readonly KnownWorkflow[],
  report: Report,
): void {
  const versions = new Map<string, Set<string>>();
  for (const { name, version } of [...workflows, itself]) {
    versions.set(name, (versions.get(name) ?? new Set()).add(version));
  }
  for (const { tasks, path } of groups) {
    for (const { id, workflow } of tasks) {
      if (workflow === undefined) continue;
      const { name, version } = workflow;
      const known = versions.get(name);
      const problem =
        known === undefined
          ? `there is no workflow '${name}'${didYouMean(name, versions.keys())}`
          : versionProblem(name, version, known);
      if (problem !== undefined) report([...path, id, 'workflow'], problem, 'REPRISE_WORKFLOW_UNKNOWN');
    }
  }
}

function versionProblem(name: string, version: string | undefined, known: ReadonlySet<string>): string | undefined {
  const list = [...known].slice(0, 20).join(', ');
  if (version === undefined) {
    return known.size === 1 ? undefined : `there are several versions of '${name}' (${list}); say which`;
  }
  return known.has(version) ? undefined : `there is no version ${version} of '${name}' (registered: ${list})`;
}
