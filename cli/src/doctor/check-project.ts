import { type AgentReference, createReprise, type Orchestrator } from '@reprise/core';
import { knownAgents, loadProject, type Project } from '../config/load-project.ts';
import { partsOf } from '../config/project-parts.ts';
import { count } from '../output/text.ts';
import { configuredStore } from '../store/locate-store.ts';
import { type Check, failed, ok, warn } from './check.ts';
import { checkAdmission } from './check-admission.ts';
import { checkPlugins } from './check-plugins.ts';

/** Node, the configuration, and what it names. */
export async function checkProject(
  config: string | undefined,
): Promise<{ readonly checks: readonly Check[]; readonly project?: Project }> {
  const node = ok('node', `${process.versions.node} (22.18 or newer is needed)`);
  let project: Project;
  try {
    project = await loadProject(config, process.cwd());
  } catch (error) {
    return { checks: [node, failed('configuration', error)] };
  }
  const { workflows } = project;
  const agents = knownAgents(project);
  const checks = [
    node,
    ok('configuration', project.file),
    ...(await checkPlugins(project)),
    agents.length === 0
      ? warn('agents', 'none', 'Add modules that export agents to `agents`, or build workflows with agents.')
      : ok('agents', `${count(agents.length, 'agent')}: ${agents.map(described).join(', ')}`),
    workflows.length === 0
      ? warn('workflows', 'none', 'Add workflows to `workflows`: without one, nothing can be started.')
      : ok(
          'workflows',
          workflows.map(({ workflow: { definition } }) => `${definition.name}@${definition.version}`).join(', '),
        ),
  ];
  return { checks: [...checks, ...(await checkTogether(project)), ...checkAdmission(project)], project };
}

/** `writer@2 (writing, editing)`; of an agent that runs in another process that, too. */
function described(agent: AgentReference): string {
  const version = 'version' in agent && agent.version !== undefined ? `@${agent.version}` : '';
  const can = [...(agent.capabilities ?? []), ...('remote' in agent ? ['elsewhere'] : [])];
  return `${agent.name}${version}${can.length === 0 ? '' : ` (${can.join(', ')})`}`;
}

/** Whether the parts fit together, as at a start; history stays in memory for this, and nothing is started. */
async function checkTogether(project: Project): Promise<readonly Check[]> {
  try {
    configuredStore(project, project.plugins);
    const reprise = await createReprise(partsOf(project));
    const { border } = reprise;
    const transport = await transportChecks(reprise);
    await reprise.stop();
    return [
      ok('start', 'every agent, capability and strategy that a workflow asks for is there'),
      ...(border === undefined ? [] : [resultsCheck(border.verifiesResults)]),
      ...transport,
    ];
  } catch (error) {
    return [failed('start', error)];
  }
}

const resultsCheck = (verified: boolean): Check =>
  verified
    ? ok('results', 'verified: whoever reports of an attempt must have the token of its dispatch')
    : warn(
        'results',
        'not verified: whoever may write to the channel of results can end any attempt',
        'Give all orchestrators the same REPRISE_DISPATCH_SECRET (openssl rand -base64 32), or name one by `dispatchSecret`.',
      );

/** What the transport says of itself; of one that cannot be reached, that. */
async function transportChecks(reprise: Orchestrator): Promise<readonly Check[]> {
  try {
    const findings = await reprise.inspectTransport();
    return findings.map(({ name, status, detail, fix }) =>
      status === 'ok' ? ok(name, detail) : { name, status, detail, fix: fix ?? '' },
    );
  } catch (error) {
    return [failed('transport', error)];
  }
}
