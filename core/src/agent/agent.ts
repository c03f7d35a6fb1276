import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { MaxUsage, Permission } from '../definition/definition.ts';
import type { Json } from '../shared/json.ts';
import type { JsonFault, Loose, OneOf } from '../shared/json-types.ts';
import type { Messages } from './messages.ts';

/** Structured logging with the attempt's identity already bound. */
export interface AgentLogger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** One attempt of one task, as the agent sees it. */
export interface AgentTask<Input = Json> {
  readonly input: Input;
  readonly runId: string;
  readonly workflow: string;
  /** With the scopes that it is in, and the index of the item of a forEach: `book/pay`, `inspect[12]`. */
  readonly taskId: string;
  /** 1 for the first. */
  readonly attempt: number;
  /** 1, then one more each time a repeat runs the task again. */
  readonly round: number;
  /** The same for every attempt of the task (in one round): give it to whatever must not happen twice. */
  readonly idempotencyKey: string;
  /** What the agent may do to its run: see AgentContext. */
  readonly may: readonly Permission[];
  /** Of a further attempt: what the one before failed with, as `{ code, message, … }`. */
  readonly error?: Json;
  /** Where a budget of the run limits tokens or cost: what this attempt may use at most. A kind that is not there: nobody has said, and it was never seen. */
  readonly budget?: MaxUsage;
}

/**
 * What an agent is handed besides its task. `spawn`, `link`, `addItems`, `finish`, `cancel`, `goto` and `handOff` change the run, and are for tasks whose `may` says so; what is not allowed, or not well
 * formed, throws. They take effect together, with the output of this attempt: all of them, or none, and then the attempt fails with
 * REPRISE_DIRECTIVE_REFUSED, which the next one finds in `task.error`. Those of an attempt that fails, or comes too late, are dropped.
 */
export interface AgentContext {
  /** Aborted on cancellation, timeout and shutdown; `signal.reason` is a RepriseError. */
  readonly signal: AbortSignal;
  readonly logger: AgentLogger;
  /** W3C trace context of the attempt: pass it on to what the agent calls. The same after a restart. */
  readonly traceparent: string | undefined;
  /** Messages to and from other tasks of the run. */
  readonly messages: Messages;
  /** Says that the agent is alive; required within `timeouts.heartbeat` when that is set. */
  heartbeat(): void;
  /** Streams progress to whoever watches. Not history: it may be lost, and a replay does not show it. */
  emit(progress: Json): void;
  /**
   * Says what the attempt has used, in whole tokens and in a unit of cost that all agents share: what is said several times adds up. It stands in the history with
   * the outcome, also of an attempt that fails, and budgets are settled by it.
   */
  usage(used: MaxUsage): void;
  /**
   * Adds tasks to the block of this task: `spawn({ check: { agent: 'checker', after: 'draft' } })`. They may come after this task, after others of
   * the block, and after each other; `before` names tasks that still wait, and are to come after the last of these. Takes `may: [spawn]`.
   */
  spawn(tasks: WrittenTasks, options?: { readonly before?: string | readonly string[] }): void;
  /** A task of the block that still waits comes after these, too. One task an attempt. Takes `may: [link]`. */
  link(task: string, after: string | readonly string[]): void;
  /** Adds items to the innermost list that this task is an item of, or in; they are like those that were there at first. Takes `may: [addItems]`. */
  addItems(items: readonly unknown[]): void;
  /** Ends the block of this task, which gives `output` (default: null); outside of blocks, the run. Takes `may: [finish]`. */
  finish(output?: Json): void;
  /** Cancels what has not ended of these tasks of the block, or of the blocks around it, as a `cancel` does. Takes `may: [cancel]`. */
  cancel(tasks: string | readonly string[]): void;
  /**
   * Goes back to a task of the block, or of the blocks around it, that has begun: it and all that comes after it begin again, with new idempotency keys,
   * and read as `feedback` what is said here (default: what this task gives). What was done can still be undone; tasks that were added by what begins
   * again are forgotten. At most 100 times a round of the block. Takes `may: [goto]`.
   */
  goto(task: string, options?: { readonly feedback?: unknown; readonly why?: string }): void;
  /**
   * Gives this task to another agent, which is handed `input` (default: what this one was) and whose output is that of the task; what this one returns
   * is not. At most 32 times a round. Takes `may: [handOff]`.
   */
  handOff(
    agent: string | { readonly name: string },
    options?: { readonly input?: unknown; readonly why?: string },
  ): void;
}

/**
 * Tasks by id, in the form of YAML: `{ check: { agent: 'checker', after: 'draft', retry: 3 } }`. Conditions are CEL, and so is a text of the form
 * "${ … }" in an input: write "$${" where a text that comes from elsewhere begins so. Plain JSON: no functions.
 */
export type WrittenTasks = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/**
 * A named worker, and the only place where I/O happens. May be called again for the same task (at-least-once); effects
 * outside should honour `task.idempotencyKey`. A thrown error fails the attempt; its `code` and `retryable`, when set, are
 * what retry policies see.
 */
export interface Agent<Input = never, Output = unknown> {
  readonly name: string;
  readonly description?: string;
  /** Announced with the agent, for whoever asks which one runs where. */
  readonly version?: string;
  readonly capabilities?: readonly string[];
  /** Attempts handled at once by one worker. Default 16. */
  readonly concurrency?: number;
  /** What an attempt uses at most, for budgets of tokens and cost. Default: the most that was seen; the first attempt then runs alone. */
  readonly maxUsage?: MaxUsage;
  readonly inputSchema?: StandardSchemaV1<unknown, Input>;
  readonly outputSchema?: StandardSchemaV1<unknown, Output>;
  handle(task: AgentTask<Input>, context: AgentContext): Promise<Output> | Output;
}

/** What `defineAgent` takes: an agent whose schema, when there is one, types what it gives. */
export type AgentSource<Input, Output, Schema, Name extends string> = Omit<
  Agent<Input>,
  'name' | 'outputSchema' | 'handle'
> & {
  readonly name: PlainOf<Name, Made<Schema, Output>>;
  readonly outputSchema?: Schema;
  /** Returns what the schema takes, any text in the place of a certain one: it is checked when it runs. */
  readonly handle: [Schema] extends [StandardSchemaV1<infer Taken, unknown>]
    ? Handle<Input, Taken | Loose<Taken>>
    : Handle<Input, Output>;
};

type Handle<Input, Output> = (task: AgentTask<Input>, context: AgentContext) => Promise<Output> | Output;

type Made<Schema, Output> = [Schema] extends [StandardSchemaV1<unknown, infer Out>] ? Out : Output;

/** `Name` itself, when what the agent gives is JSON. A name that is not written out is one of a function that makes agents, which does not know yet. */
type PlainOf<Name, Output> = string extends Name
  ? Name
  : [JsonFault<Output>] extends [never]
    ? Name
    : `Reprise: the agent gives ${OneOf<JsonFault<Output>>}`;

/** What is wrong has been said: it is not said again where the agent is used. */
type Given<Name, Output> = PlainOf<Name, Output> extends Name ? Output : never;

/**
 * Gives an agent its types: `Input` comes from `inputSchema`, else from `handle`; `Output` from `outputSchema`, whatever `handle` returns,
 * else from `handle`.
 */
export function defineAgent<
  Input,
  Output,
  Schema = StandardSchemaV1<unknown, Output> | undefined,
  const Name extends string = string,
>(agent: AgentSource<Input, Output, Schema, Name>): Agent<Input, Given<Name, Made<Schema, Output>>> {
  return agent as unknown as Agent<Input, Given<Name, Made<Schema, Output>>>;
}
