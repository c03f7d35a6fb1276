import type { AgentReference, AnyPlugin } from '@reprise/core';
import { findConfig } from './find-config.ts';
import { loadAgents } from './load-agents.ts';
import { type PluginStanding, pluginStandings, pluginsOf } from './load-plugins.ts';
import { loadWorkflows, type SourcedWorkflow } from './load-workflows.ts';
import { type ReadConfig, readConfig } from './read-config.ts';

/** A configuration with everything that it names. */
export interface Project extends ReadConfig {
  readonly plugins: readonly AnyPlugin[];
  /** Where each plugin is from, and those that are not taken. */
  readonly standings: readonly PluginStanding[];
  readonly agents: readonly AgentReference[];
  readonly workflows: readonly SourcedWorkflow[];
}

/** Loads the configuration `named`, or the nearest one. */
export async function loadProject(named: string | undefined, from: string): Promise<Project> {
  const read = await readConfig(findConfig(named, from));
  const [standings, agents, workflows] = await Promise.all([
    pluginStandings(read),
    loadAgents(read),
    loadWorkflows(read),
  ]);
  return { ...read, plugins: pluginsOf(standings), standings, agents, workflows };
}

/** Every agent that tasks may ask for: the project's, those of its plugins aside, and those that its workflows bring. */
export const knownAgents = ({
  agents,
  workflows,
}: Pick<Project, 'agents' | 'workflows'>): readonly AgentReference[] => [
  ...new Set([...agents, ...workflows.flatMap(({ workflow }) => workflow.agents)]),
];
