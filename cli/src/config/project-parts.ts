import type { RepriseConfig } from '@reprise/core';
import type { Project } from './load-project.ts';
import { secretsOf } from './secrets-of.ts';

/** What a Reprise of the project is made of, but for its store: nothing of it is kept, and nothing is started. */
export function partsOf(project: Project): RepriseConfig {
  const { plugins, agents, workflows } = project;
  const { limits, admission, projections } = project.config;
  const dispatchSecret = secretsOf(project);
  return {
    agents,
    workflows: workflows.map(({ workflow }) => workflow),
    plugins: plugins.filter(({ kind }) => kind !== 'event-store'),
    ...(limits === undefined ? {} : { limits }),
    ...(admission === undefined ? {} : { admission }),
    ...(dispatchSecret === undefined ? {} : { dispatchSecret }),
    ...(projections === undefined ? {} : { projections }),
  };
}
