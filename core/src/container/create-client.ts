import type { Workflow } from '../definition/workflow.ts';
import type { RunReader } from '../orchestration/reading/run-reader.ts';
import type { Orchestrator } from '../orchestration/runtime/orchestrator.ts';
import type { ProgramMessages } from '../orchestration/runtime/program-messages.ts';
import type { RegisteredWorkflow } from '../orchestration/runtime/registry.ts';
import type { RunHandle } from '../orchestration/runtime/run-handle.ts';
import type { ForkRunOptions, RetryRunOptions, StartRunOptions } from '../orchestration/runtime/run-starts.ts';
import { RepriseError } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import type { RepriseConfig } from './config.ts';
import { compose } from './create-reprise.ts';

/** The configuration of a Reprise serves, too: agents and admission are not made, and no secret is asked for. */
export type ClientConfig = RepriseConfig;

/** Starts, steers and watches runs that other processes carry out. */
export interface Client {
  /** The workflows that it can start. */
  readonly workflows: readonly RegisteredWorkflow[];
  /** Reads runs. Lists them where the store can, or keeps a view of them. */
  readonly runs: RunReader;
  /** Resolves once the first event of the run is durable; whoever drives the runs of the store carries it out. */
  startRun<Input, Output = Json>(
    workflow: string | Workflow<Input, Output>,
    input: Input,
    options?: StartRunOptions,
  ): Promise<RunHandle<Output>>;
  /** A handle of a run that exists or will. */
  run<Output = Json>(runId: string): RunHandle<Output>;
  /** As of an orchestrator. */
  retryRun(runId: string, options?: RetryRunOptions): Promise<RunHandle>;
  forkRun(runId: string, options?: ForkRunOptions): Promise<RunHandle>;
  messages(name: string): ProgramMessages;
  /** Closes the store, and the transport. Runs go on. May be called again. */
  close(): Promise<void>;
}

/**
 * A program's way to runs that others carry out: over the same store, without an engine or agents. It never drives a run, also when nobody else does. Where several
 * orchestrators share the runs, what it asks for goes over the transport to the one that drives the run, which answers in its history: REPRISE_OUTCOME_UNKNOWN when nobody
 * does within `limits.commandMs`, and it is done once somebody drives. Elsewhere what it asks for is on record at once. Ready when it resolves.
 *
 * Throws REPRISE_CONFIG_INVALID without a plugin that brings an event store: in one of its own nobody would ever see what it starts. Else as createReprise().
 */
export async function createClient(config: ClientConfig): Promise<Client> {
  const { plugins = [], agents: _agents, admission: _admission, dispatchSecret: _secret, ...rest } = config;
  if (!plugins.some(({ kind }) => kind === 'event-store'))
    throw new RepriseError(
      'REPRISE_CONFIG_INVALID',
      'A client needs the event store that those use who carry the runs out: add the plugin of that store to `plugins`.',
    );
  const parts = plugins.filter(({ kind }) => kind !== 'agent');
  const reprise = await compose({ ...rest, plugins: parts }, { anyAgents: true });
  await reprise.start({ drive: false });
  return clientOf(reprise);
}

const clientOf = (reprise: Orchestrator): Client => ({
  workflows: reprise.workflows,
  runs: reprise.runs,
  startRun: (workflow, input, options) => reprise.startRun(workflow, input, options),
  run: (runId) => reprise.run(runId),
  retryRun: (runId, options) => reprise.retryRun(runId, options),
  forkRun: (runId, options) => reprise.forkRun(runId, options),
  messages: (name) => reprise.messages(name),
  close: () => reprise.stop({ drainMs: 0 }),
});
