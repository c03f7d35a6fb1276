import { availableParallelism } from 'node:os';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Agent, AgentTask } from '../../../agent/agent.ts';
import type { InputOf, OutputOf } from '../../../definition/builder/task-types.ts';
import type { Duration } from '../../../shared/duration.ts';
import type { Json } from '../../../shared/json.ts';
import { IsolatePool } from './isolate-pool.ts';
import { type Isolation, isolationOptions } from './isolation-options.ts';

/** What an isolated agent may have. */
export interface IsolationLimits {
  /**
   * Memory of its thread or process, in MiB. Of a thread: its heap and its buffers; of a process: all that it has, Node included (some 60 MiB). Beyond it
   * the attempt fails with REPRISE_AGENT_MEMORY. Default 512.
   */
  readonly memoryMiB?: number;
  /** How long one attempt may take, whatever its task says; then it fails with REPRISE_ATTEMPT_TIMEOUT. Default: as long as the task lets it. */
  readonly time?: Duration;
  /** How long an attempt may take to end once its signal was aborted; then its thread or process is ended. Default 5 s. */
  readonly grace?: Duration;
  /** How long a thread or process that has nothing to do is kept. Default 30 s. */
  readonly idle?: Duration;
  /** How long the module may take to load. Default 30 s. */
  readonly load?: Duration;
}

/** An agent by where it is. Of what the module exports, `handle` and the schemas count; all else is said here. */
export interface IsolatedAgentSource<Exported = unknown>
  extends Pick<Agent, 'name' | 'description' | 'version' | 'capabilities' | 'maxUsage'> {
  /** The URL of the module: `import.meta.resolve('./researcher.ts')`. */
  readonly module: string | URL;
  /** What of it: an agent (of `defineAgent`), or a function that does one attempt. Default: `default`. */
  readonly export?: string;
  /** Plain JSON. Where it is given, the export is a function that makes the agent of it, once for each thread or process. */
  readonly options?: Json;
  readonly isolation: Isolation;
  readonly limits?: IsolationLimits;
  /** Attempts at once, each in a thread or process of its own. Default: the number of processors. */
  readonly concurrency?: number;
  /** Checked here, before the input goes to the agent. What they make of it is to be plain JSON again. */
  readonly inputSchema?: StandardSchemaV1<unknown, InputOf<HandlerOf<Exported>>>;
  readonly outputSchema?: StandardSchemaV1<unknown, OutputOf<HandlerOf<Exported>>>;
}

/** An agent whose attempts are made in a thread or process of their own. */
export type IsolatedAgent<Exported> = Agent<InputOf<HandlerOf<Exported>>, OutputOf<HandlerOf<Exported>>> & {
  readonly isolation: Isolation;
};

/** The agent that an export is, or makes. */
type HandlerOf<Exported> = Exported extends (options: never) => infer Made
  ? Awaited<Made> extends { handle(...args: never): unknown }
    ? Awaited<Made>
    : { handle: Exported }
  : Exported;

type AnyHandle = (task: AgentTask) => Json;

/** Survives a copy of the agent under another name. */
const POOL = Symbol.for('reprise.isolates');

/**
 * An agent that runs in a thread or a process of its own, so that whatever it does there (a loop without end, `process.exit`, memory without end) ends its own
 * attempt, and nothing else. It is given by module and export; its types come from the export, which a type import does not load:
 *
 *     import type { researcher } from './researcher.ts';
 *     isolatedAgent<typeof researcher>({ name: 'researcher', module: import.meta.resolve('./researcher.ts'), export: 'researcher', isolation: 'process' })
 *
 * Throws REPRISE_ISOLATION_INVALID. The module is loaded when the worker starts, and not before.
 */
export function isolatedAgent<Exported = AnyHandle>(source: IsolatedAgentSource<Exported>): IsolatedAgent<Exported> {
  const options = isolationOptions({ ...source });
  const pool = new IsolatePool(options);
  const { module: _module, export: _export, options: _options, limits: _limits, ...said } = source;
  const agent = {
    concurrency: availableParallelism(),
    ...said,
    [POOL]: pool,
    handle: pool.run.bind(pool),
  };
  return agent as unknown as IsolatedAgent<Exported>;
}

/** The threads or processes of an agent; undefined for one that has none. */
export const isolatesOf = (agent: object): IsolatePool | undefined =>
  (agent as { readonly [POOL]?: IsolatePool })[POOL];
