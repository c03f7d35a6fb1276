import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Json } from '../shared/json.ts';

/** An agent that runs in another process, as far as a workflow needs to know it: a name and a signature. */
export interface RemoteAgent<Input = unknown, Output = unknown> {
  readonly name: string;
  readonly remote: true;
  readonly capabilities?: readonly string[];
  /** What the agent takes and gives. Types only: the worker that runs it checks both, with its own. */
  readonly inputSchema?: StandardSchemaV1<unknown, Input>;
  readonly outputSchema?: StandardSchemaV1<unknown, Output>;
  /** Attempts that one worker is expected to take at once. What counts is what workers announce. */
  readonly concurrency?: number;
  /** Types only; never there at run time. */
  readonly '~types'?: { readonly input: Input; readonly output: Output };
}

/**
 * Declares an agent that no module of this process has: a workflow that asks for it can be registered and started, and its task waits until a
 * worker of that agent is there. Usable wherever an agent is: in tasks, and in `agents`.
 */
export const remoteAgent = <Input = Json, Output = Json>(
  agent: Omit<RemoteAgent<Input, Output>, 'remote' | '~types'>,
): RemoteAgent<Input, Output> => ({ ...agent, remote: true });

export const isRemote = (agent: object): agent is RemoteAgent =>
  (agent as { readonly remote?: unknown }).remote === true;
