import { maxUsageProblems } from '../definition/max-usage.ts';
import { formatProblem } from '../definition/problem.ts';
import { isRemote } from '../definition/remote-agent.ts';
import { validateDefinition } from '../definition/validation/validate-definition.ts';
import { schemasOf } from '../definition/validation/value-shape-rules.ts';
import type { ValueSources } from '../definition/values/known-values.ts';
import type { AgentReference } from '../definition/workflow.ts';
import { isolatesOf } from '../orchestration/runtime/isolation/isolated-agent.ts';
import { HOW_TO_ISOLATE } from '../orchestration/runtime/isolation/isolation-options.ts';
import { type AnyAgent, Registry } from '../orchestration/runtime/registry.ts';
import type { AnyStrategy } from '../orchestration/scheduler/scheduler-strategy.ts';
import { strategyProblems } from '../orchestration/scheduler/strategy-problems.ts';
import { RepriseError } from '../shared/errors.ts';
import { assertId } from '../shared/ids.ts';
import type { AnyWorkflow, RepriseConfig } from './config.ts';

/**
 * Everything that is known by name. Throws REPRISE_INVALID_ID, REPRISE_CONFIG_INVALID, REPRISE_AGENT_UNKNOWN or
 * REPRISE_DEFINITION_INVALID when two go by one name, or a workflow asks for what is not there. Where the transport spans processes, agents may be
 * elsewhere.
 */
export function createRegistry(
  config: RepriseConfig,
  pluginAgents: readonly AgentReference[],
  strategies: readonly AnyStrategy[],
  { spans = false }: { readonly spans?: boolean } = {},
): Registry {
  const workflows = distinct((config.workflows ?? []).flatMap(withChildren));
  const agents = agentsByName(config, pluginAgents);
  const registry = new Registry(workflows, localAgents(agents), strategies, [...agents.values()]);
  const schemas = { agents: [...agents.values()], workflows: schemasOf(workflows) };
  for (const workflow of workflows) assertRunnable(workflow, spans ? undefined : agents, schemas, registry);
  return registry;
}

/** Every agent that is given or declared. One of this process takes the place of a declaration of the same name. */
export function agentsByName(
  { workflows = [], agents = [] }: Pick<RepriseConfig, 'workflows' | 'agents'>,
  pluginAgents: readonly AgentReference[],
): ReadonlyMap<string, AgentReference> {
  const byName = new Map<string, AgentReference>();
  const ofWorkflows = workflows.flatMap(withChildren).flatMap((workflow) => workflow.agents);
  for (const agent of [...ofWorkflows, ...agents, ...pluginAgents]) {
    assertAgent(agent);
    const known = byName.get(agent.name);
    if (known !== undefined && known !== agent && !isRemote(known) && !isRemote(agent))
      throw invalid(`There are two agents named '${agent.name}'. Give one another name.`);
    if (known === undefined || isRemote(known)) byName.set(agent.name, agent);
  }
  return byName;
}

/** Those that this process can run. What a schema has accepted, or what a definition was type-checked to hand over, fits the agent. */
export const localAgents = (agents: ReadonlyMap<string, AgentReference>): readonly AnyAgent[] =>
  [...agents.values()].filter((agent) => !isRemote(agent)) as unknown as readonly AnyAgent[];

const invalid = (message: string): RepriseError => new RepriseError('REPRISE_CONFIG_INVALID', message);

/** A workflow and those that it was given as children, and so on. */
function withChildren(workflow: AnyWorkflow): readonly AnyWorkflow[] {
  return [workflow, ...(workflow.children ?? []).flatMap((child) => withChildren(child as AnyWorkflow))];
}

/** Open runs find their definition by name and version, so that two of the same would be taken for each other. */
function distinct(workflows: readonly AnyWorkflow[]): readonly AnyWorkflow[] {
  const byName = new Map<string, AnyWorkflow>();
  for (const workflow of workflows) {
    const name = `${workflow.definition.name}@${workflow.definition.version}`;
    const known = byName.get(name);
    if (known !== undefined && known.hash !== workflow.hash) {
      throw invalid(`There are two different workflows '${name}'. Give one another name or version.`);
    }
    byName.set(name, workflow);
  }
  return [...byName.values()];
}

function assertAgent(agent: AgentReference & { readonly concurrency?: unknown; readonly maxUsage?: unknown }): void {
  if (typeof agent !== 'object' || agent === null) throw invalid(`${String(agent)} stands where an agent is needed.`);
  assertId(agent.name, 'agent name');
  if (!isRemote(agent) && typeof agent.handle !== 'function')
    throw invalid(`The agent '${agent.name}' has no function \`handle\`.`);
  if ('isolation' in agent && isolatesOf(agent) === undefined)
    throw new RepriseError(
      'REPRISE_ISOLATION_INVALID',
      `The agent '${agent.name}' cannot be isolated: it is given as a function, which sees what is around it and cannot go to another thread or process.`,
      { fix: HOW_TO_ISOLATE },
    );
  const { concurrency, maxUsage } = agent;
  const problems = maxUsageProblems(maxUsage);
  if (problems.length > 0)
    throw invalid(`The agent '${agent.name}' has no maxUsage that can be used: ${problems.join('; ')}.`);
  if (concurrency === undefined || (Number.isSafeInteger(concurrency) && Number(concurrency) > 0)) return;
  const message = `The agent '${agent.name}' has the concurrency ${String(concurrency)}, which must be a whole number above 0.`;
  throw invalid(message);
}

/** Every strategy that the workflow asks for is there, and of `agents` (undefined: whoever comes) every agent and capability. */
function assertRunnable(
  workflow: AnyWorkflow,
  agents: ReadonlyMap<string, AgentReference> | undefined,
  schemas: Required<ValueSources>,
  registry: Registry,
): void {
  const { definition } = workflow;
  const unfit = strategyProblems(definition, registry.strategies, agents?.values());
  const wrong = unfit.filter(({ code }) => code === undefined).map(formatProblem);
  if (wrong.length > 0)
    throw invalid(`The strategies of the workflow '${definition.name}' cannot be: ${wrong.join('. ')}.`);
  const problems = [
    ...unfit,
    ...validateDefinition(definition, {
      isOfUser: true,
      workflows: schemas.workflows,
      schemas: { ...schemas, inputSchema: workflow.inputSchema },
      ...(agents === undefined ? {} : { agents: agents.values() }),
    }),
  ];
  if (problems.length === 0) return;
  const list = problems.map((problem) => `  - ${formatProblem(problem)}`).join('\n');
  const unknownAgents = problems.every(({ code }) => code === 'REPRISE_AGENT_UNKNOWN');
  const message = `The workflow '${definition.name}' cannot run:\n${list}`;
  throw new RepriseError(unknownAgents ? 'REPRISE_AGENT_UNKNOWN' : 'REPRISE_DEFINITION_INVALID', message, {
    details: { problems: problems.map(formatProblem) },
  });
}
