import { assertId, type BoundTopics, createReprise, RepriseError } from '@reprise/core';
import { loadProject } from '../config/load-project.ts';
import { partsOf } from '../config/project-parts.ts';

export interface TopicFlags {
  readonly config?: string | undefined;
  /** Agents beside those that the project names. */
  readonly agent?: readonly string[] | undefined;
}

/**
 * The topics that the transport of the project keeps its messages in, for every agent that the project names. Nothing is started. Throws
 * REPRISE_CONFIG_INVALID where its transport has none.
 */
export async function withTopics<Result>(
  { config, agent = [] }: TopicFlags,
  use: (topics: BoundTopics, transport: string) => Promise<Result>,
): Promise<Result> {
  for (const name of agent) assertId(name, 'agent name');
  const project = await loadProject(config, process.cwd());
  const transport = project.plugins.find(({ kind }) => kind === 'transport')?.name;
  // What only watches, or keeps views, is not needed.
  const plugins = project.plugins.filter(({ kind }) => kind !== 'monitor' && kind !== 'view-store');
  const reprise = await createReprise(partsOf({ ...project, plugins }));
  try {
    const topics = reprise.transportTopics(agent);
    if (topics === undefined || transport === undefined) throw none(project.file, transport);
    return await use(topics, transport);
  } finally {
    await reprise.stop();
  }
}

function none(file: string, transport: string | undefined): RepriseError {
  const what =
    transport === undefined
      ? 'has no transport plugin: messages stay inside the process'
      : `has the transport '${transport}', which keeps no topics`;
  return new RepriseError(
    'REPRISE_CONFIG_INVALID',
    `There are no topics to look at: ${file} ${what}. Add kafkaTransport() of @reprise/transport-kafka to \`plugins\`.`,
  );
}
