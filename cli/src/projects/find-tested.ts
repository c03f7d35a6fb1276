import { resolve } from 'node:path';
import { didYouMean, RepriseError } from '@reprise/core';
import { importModule } from '../config/import-module.ts';
import { loadProject } from '../config/load-project.ts';
import { isDataFile } from '../config/read-config.ts';
import { usageError } from '../errors/usage-error.ts';
import { pathFrom } from './place.ts';
import type { TestedWorkflow } from './sources.ts';

/** The workflow of the configuration that a test in `folder` is to be about. Throws REPRISE_WORKFLOW_UNKNOWN. */
export async function testedWorkflow(
  name: string,
  config: string | undefined,
  folder: string,
): Promise<TestedWorkflow> {
  const { workflows, file } = await loadProject(config, process.cwd());
  const found = workflows.findLast(({ workflow }) => workflow.definition.name === name);
  if (found === undefined) {
    const names = workflows.map(({ workflow }) => workflow.definition.name);
    const message = `There is no workflow '${name}' to test${didYouMean(name, names)} (there are: ${names.join(', ') || 'none'}).`;
    throw new RepriseError('REPRISE_WORKFLOW_UNKNOWN', message, { details: { wanted: name, known: names } });
  }
  const { workflow, source } = found;
  if (resolve(source) === resolve(file)) {
    throw usageError(
      `Which module the workflow '${name}' is in cannot be seen from ${file}: name the module there as text (workflows: ['./workflow.ts']).`,
    );
  }
  const agents = [...new Set([...workflow.agents.map((agent) => agent.name), ...agentsIn(workflow.definition)])].sort();
  const tested = { name, from: pathFrom(folder, source), agents };
  if (isDataFile(source)) return tested;
  const exported = Object.entries(await importModule(source)).find(([, value]) => value === workflow)?.[0];
  if (exported !== undefined) return { ...tested, export: exported };
  throw usageError(`${source} exports the workflow '${name}' in a list only: export it by a name of its own.`);
}

/** Agents and capabilities that a definition asks for, in whatever place. */
function agentsIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    typeof inner === 'string' && ['agent', 'capability'].includes(key) ? [inner] : agentsIn(inner),
  );
}
