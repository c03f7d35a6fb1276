import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { WorkflowDefinition } from './definition.ts';
import type { RemoteAgent } from './remote-agent.ts';

/** An agent of this process as a definition sees it. Every `Agent` fits. What its input and output are is read off `handle`. */
export interface LocalAgent {
  readonly name: string;
  readonly version?: string;
  readonly capabilities?: readonly string[];
  handle(task: never, context: never): unknown;
}

/** An agent as a definition sees it: a name and a signature. */
export type AgentReference = LocalAgent | RemoteAgent<never, unknown> | RemoteAgent;

/** A definition ready to be registered, with the agents that it was built from. */
export interface Workflow<Input = unknown, Output = unknown> {
  readonly definition: WorkflowDefinition;
  /** SHA-256 of the recorded form of the definition. */
  readonly hash: string;
  /** The agents that were given as objects; those asked for by name or capability are registered elsewhere. */
  readonly agents: readonly AgentReference[];
  /** The child workflows that were given as objects; those asked for by name are registered elsewhere. */
  readonly children?: readonly Workflow[];
  /** What a run's input is checked against. */
  readonly inputSchema?: StandardSchemaV1;
  /** Types only; never there at run time. */
  readonly '~types'?: { readonly input: Input; readonly output: Output };
}

/** What a run of the workflow takes. */
export type WorkflowInput<W extends Workflow> = NonNullable<W['~types']>['input'];

/** What a run of the workflow gives. */
export type WorkflowOutput<W extends Workflow> = NonNullable<W['~types']>['output'];
