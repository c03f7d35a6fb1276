import { type AdmissionConfig, didYouMean } from '@reprise/core';
import { knownAgents, type Project } from '../config/load-project.ts';
import { type Check, warn } from './check.ts';

/** Limits for what nothing in the project has: a misspelt name is no mistake at a start, and limits nothing. */
export function checkAdmission(project: Project): readonly Check[] {
  const { config, plugins, workflows } = project;
  const agents = knownAgents(project);
  // These bring agents that the configuration does not name.
  const others = plugins.some(({ kind }) => kind === 'agent' || kind === 'transport');
  return [
    ...unknownOf(
      config.admission,
      'workflows',
      workflows.map(({ workflow }) => workflow.definition.name),
    ),
    ...(others
      ? []
      : [
          ...unknownOf(
            config.admission,
            'agents',
            agents.map(({ name }) => name),
          ),
          ...unknownOf(
            config.admission,
            'capabilities',
            agents.flatMap(({ capabilities = [] }) => capabilities),
          ),
        ]),
  ];
}

const NOUNS = { agents: 'agent', capabilities: 'capability', workflows: 'workflow' } as const;

function unknownOf(
  admission: AdmissionConfig | undefined,
  group: keyof typeof NOUNS,
  known: readonly string[],
): readonly Check[] {
  return Object.keys(admission?.[group] ?? {})
    .filter((name) => name !== '*' && !known.includes(name))
    .map((name) => {
      const meant = didYouMean(name, new Set(known));
      const detail = `admission.${group}.${name} limits nothing: the project has no such ${NOUNS[group]}${meant || '.'}`;
      return warn('admission', detail, 'Correct the name, or take the limit out.');
    });
}
