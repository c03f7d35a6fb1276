import { type Agent, type Clock, definePlugin, type Plugin, systemClock } from '@reprise/core/plugin';
import { invalid } from './invalid.ts';
import { createLlmAgent } from './llm-agent.ts';
import { type LlmAgentOptions, type ResolvedLlmAgentOptions, resolveLlmAgentOptions } from './options.ts';
import { Requests } from './request.ts';
import { Secrets } from './secrets.ts';
import { type Settings, settingsOf } from './settings.ts';

/** Agents that are models, on one server. Throws REPRISE_CONFIG_INVALID at once when an option is wrong or missing. */
export function llmAgent(options: LlmAgentOptions): Plugin<'agent'> {
  const resolved = resolveLlmAgentOptions(options);
  const settings = allSettings(resolved);
  const [first] = settings.keys();
  return definePlugin({
    name: `llm-${first}`.slice(0, 128),
    kind: 'agent',
    create: ({ clock }) => agentsOf(resolved, settings, clock),
  });
}

/** The same agents, by themselves: for workflows in code, which take an agent where a name may stand, and for tests. */
export async function createLlmAgents(options: LlmAgentOptions, clock: Clock = systemClock): Promise<readonly Agent[]> {
  const resolved = resolveLlmAgentOptions(options);
  return agentsOf(resolved, allSettings(resolved), clock);
}

function allSettings(options: ResolvedLlmAgentOptions): ReadonlyMap<string, Settings> {
  const agents = Object.entries(options.agents ?? {});
  if (options.baseURL === undefined) throw invalid('baseURL is missing: where /chat/completions is.');
  if (agents.length === 0) throw invalid('agents is missing, or empty: the agents by name, such as { writer: {} }.');
  return new Map(agents.map(([name, own]) => [name, settingsOf(name, own, options)]));
}

async function agentsOf(
  options: ResolvedLlmAgentOptions,
  settings: ReadonlyMap<string, Settings>,
  clock: Clock,
): Promise<readonly Agent[]> {
  const secrets = new Secrets(options);
  // A key that is not there is told now, and not by the first task.
  await secrets.headers();
  const requests = new Requests(options.baseURL ?? '', secrets, clock);
  return Array.from(settings, ([name, one]) => createLlmAgent(one, options.agents?.[name] ?? {}, { requests, clock }));
}
