import {
  type Agent,
  createReprise,
  defineAgent,
  type Json,
  type Orchestrator,
  parseWorkflow,
  type RepriseConfig,
  type RunEvent,
} from '@reprise/core';
import { type CallAgentOptions, type CalledAgent, callAgent, recordingMonitor } from '@reprise/core/testing';
import { afterEach } from 'mocha';
import { type AgentOptions, createLlmAgents, type LlmAgentOptions, llmAgent } from '../src/index.ts';
import { ModelServer, type Script } from './model-server.ts';

export const API_KEY = 'sk-only-for-this-test-0123456789';
export const KEY_VARIABLE = 'REPRISE_TEST_LLM_KEY';
process.env[KEY_VARIABLE] = API_KEY;

/** Servers that are stopped after each test, and runs against them. */
export function withServers() {
  const servers: ModelServer[] = [];
  const opened: Orchestrator[] = [];
  afterEach(async () => {
    for (const reprise of opened.splice(0)) await reprise.stop({ drainMs: 0 });
    for (const server of servers.splice(0)) await server.stop();
  });

  const serve = async (...replies: Script): Promise<ModelServer> => {
    const server = await ModelServer.start(...replies);
    servers.push(server);
    return server;
  };
  const open = async (config: RepriseConfig): Promise<Orchestrator> => {
    const reprise = await createReprise(config);
    opened.push(reprise);
    await reprise.start();
    return reprise;
  };
  return { serve, open };
}

export const optionsFor = (server: ModelServer, more: LlmAgentOptions = {}): LlmAgentOptions => ({
  baseURL: server.url,
  apiKeyEnv: KEY_VARIABLE,
  model: 'small',
  ...more,
});

/** Calls one agent once. */
export async function call(
  server: ModelServer,
  own: AgentOptions,
  input: Json = 'Hi',
  { all = {}, ...options }: CallAgentOptions & { readonly all?: LlmAgentOptions } = {},
): Promise<CalledAgent> {
  const [agent] = await createLlmAgents(optionsFor(server, { ...all, agents: { one: own } }));
  return callAgent(agent as unknown as Agent<Json>, input, options);
}

export interface Ran {
  readonly status: string;
  readonly output?: Json;
  readonly error?: { readonly code: string; readonly message: string; readonly cause?: { readonly code: string } };
  readonly events: readonly RunEvent[];
  /** Everything that is on record, and everything that monitors were told, as text. */
  readonly all: string;
}

export interface Workflow {
  /** YAML of its tasks. */
  readonly tasks: string;
  readonly input?: Json;
  readonly agents?: readonly { readonly name: string; readonly does: (input: Json, key: string) => unknown }[];
}

export const agentOf = ({ name, does }: NonNullable<Workflow['agents']>[number]) =>
  defineAgent({
    name,
    handle: async ({ input, idempotencyKey }: { readonly input: Json; readonly idempotencyKey: string }) =>
      (await does(input, idempotencyKey)) as Json,
  });

/** A run of a workflow, to its end. */
export async function run(
  open: (config: RepriseConfig) => Promise<Orchestrator>,
  llm: LlmAgentOptions,
  { tasks, input = null, agents = [] }: Workflow,
): Promise<Ran> {
  const monitor = recordingMonitor();
  const reprise = await open({
    plugins: [llmAgent(llm), monitor.plugin],
    agents: agents.map(agentOf),
    workflows: [parseWorkflow(`name: w\ntasks:\n${tasks}`)],
  });
  const handle = await reprise.startRun('w', input);
  const outcome = await handle.outcome();
  const entries = await Array.fromAsync(reprise.runs.history(handle.id));
  await reprise.stop();
  const all = JSON.stringify([entries, monitor.events, monitor.notices]);
  return { ...(outcome as Omit<Ran, 'events' | 'all'>), events: entries.map(({ event }) => event), all };
}

export const eventsOf = <Type extends RunEvent['type']>(events: readonly RunEvent[], type: Type) =>
  events.filter((event): event is Extract<RunEvent, { readonly type: Type }> => event.type === type);
