import { dirname, resolve } from 'node:path';
import { isRepriseError } from '@reprise/core';
import type { SimInvariant, SimulateRunsOptions } from '@reprise/core/testing';
import { configInvalid } from '../config/config-error.ts';
import { importModule } from '../config/import-module.ts';
import { loadProject, type Project } from '../config/load-project.ts';
import type { SourcedWorkflow } from '../config/load-workflows.ts';
import { looksLikeFile, pickWorkflow } from '../workflows/pick-workflow.ts';
import { agentsOf } from '../workflows/validate-workflows.ts';

/** What plays the agents: made from their schemas, the project's own functions, or a module with scripts. */
export interface SimSources {
  readonly config?: string | undefined;
  readonly workflow?: string | undefined;
  readonly agents: string;
  readonly invariants: readonly string[];
}

export interface LoadedSim {
  readonly workflow: SourcedWorkflow['workflow'];
  /** Where files that belong to the simulation are relative to: the folder of the configuration, else the one where the command was given. */
  readonly folder: string;
  readonly options: Pick<
    SimulateRunsOptions,
    'workflows' | 'agents' | 'scripts' | 'real' | 'signals' | 'plugins' | 'limits' | 'admission' | 'invariants'
  >;
}

/** A workflow and everything that it is simulated with. `base`: what paths of agents and invariants are relative to. */
export async function loadSim(sources: SimSources, base = process.cwd()): Promise<LoadedSim> {
  const { workflow } = await pickWorkflow(sources.workflow, sources.config);
  const project = await projectOf(sources);
  const scripted = sources.agents !== 'schema' && sources.agents !== 'project';
  const played = scripted ? await scriptsOf(resolve(base, sources.agents)) : {};
  const loaded = await Promise.all(sources.invariants.map((file) => invariantsOf(resolve(base, file))));
  const invariants = Object.assign({}, ...loaded) as Readonly<Record<string, SimInvariant>>;
  const others = { ...played, invariants, real: sources.agents === 'project' };
  if (project === undefined) return { workflow, folder: process.cwd(), options: others };
  const { limits, admission } = project.config;
  return {
    workflow,
    folder: dirname(project.file),
    options: {
      ...others,
      workflows: project.workflows.map((one) => one.workflow).filter((one) => !isSame(one, workflow)),
      agents: [...(await agentsOf(project.plugins)), ...project.agents] as NonNullable<SimulateRunsOptions['agents']>,
      plugins: project.plugins.filter(({ kind }) => kind === 'scheduler'),
      ...(limits === undefined ? {} : { limits }),
      ...(admission === undefined ? {} : { admission }),
    },
  };
}

const isSame = ({ definition: one }: LoadedSim['workflow'], { definition: other }: LoadedSim['workflow']): boolean =>
  one.name === other.name && one.version === other.version;

/** A file of a workflow needs none. */
async function projectOf({ config, workflow }: SimSources): Promise<Project | undefined> {
  try {
    return await loadProject(config, process.cwd());
  } catch (error) {
    const alone = config === undefined && workflow !== undefined && looksLikeFile(workflow);
    if (alone && isRepriseError(error, 'REPRISE_CONFIG_NOT_FOUND')) return undefined;
    throw error;
  }
}

async function scriptsOf(file: string): Promise<Pick<LoadedSim['options'], 'scripts' | 'signals'>> {
  const { agents, signals = {}, default: whole } = await importModule(file);
  const scripts = agents ?? whole;
  if (!isRecord(scripts) || !isRecord(signals))
    throw configInvalid(
      file,
      'it has no scripts. Export `agents`, an object with what each agent does by its name, as for simulate(); and `signals`, what comes with each signal, where runs wait for some.',
    );
  return { scripts, signals } as Pick<LoadedSim['options'], 'scripts' | 'signals'>;
}

async function invariantsOf(file: string): Promise<Readonly<Record<string, SimInvariant>>> {
  const found = Object.entries(await importModule(file)).filter(([, one]) => typeof one === 'function');
  if (found.length > 0) return Object.fromEntries(found) as Readonly<Record<string, SimInvariant>>;
  throw configInvalid(
    file,
    'it exports no function. Export one for each invariant: it is handed the run, and throws, or gives false or a text, when it does not hold.',
  );
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
