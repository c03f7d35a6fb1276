import type { Permission, TaskDefinition } from '../../definition/definition.ts';
import type { Json } from '../../shared/json.ts';
import type { Outgoing } from './messaging/message.ts';

// What an agent does to its run beside giving an output. Kept by its worker, and carried by CompleteTask: all of it takes effect with the
// completion, or nothing.

/** Tasks for the block of the task. */
export interface Spawn {
  readonly kind: 'spawn';
  /** Normalised, as in a definition. They may come after the task itself. */
  readonly tasks: readonly TaskDefinition[];
  /** Tasks of the block that still wait, and are to come after the last of these. */
  readonly before?: readonly string[];
}

/** The block of the task ends as completed. */
export interface Finish {
  readonly kind: 'finish';
  /** What the block gives. */
  readonly output: Json;
}

/** The task goes on with another agent. What this one returned is no output of the task. */
export interface HandOff {
  readonly kind: 'handOff';
  readonly agent: string;
  /** What it is handed. Default: what this one was. */
  readonly input?: Json;
  readonly why?: string;
}

/** The run goes back: a task that has begun, and all that comes after it, begin again. */
export interface GoTo {
  readonly kind: 'goto';
  /** A task of the block, or of the blocks around it. */
  readonly task: string;
  /** What the tasks that begin again can read as `feedback`. Default: what this task gives. */
  readonly feedback?: Json;
  readonly why?: string;
}

/** What has not ended of these is cancelled, as by a `cancel`. */
export interface CancelTasks {
  readonly kind: 'cancel';
  /** Tasks of the block, or of the blocks around it. */
  readonly tasks: readonly string[];
}

/** A task of the block that waits comes after others, too. */
export interface Link {
  readonly kind: 'link';
  readonly task: string;
  readonly after: readonly string[];
}

/** More items for the innermost list that the task is an item of, or in. */
export interface MoreItems {
  readonly kind: 'addItems';
  readonly items: readonly Json[];
}

/** A message that is sent with the output. Answers to what the attempt has take no permission. */
export interface SendWithOutput {
  readonly kind: 'send';
  readonly message: Outgoing;
}

/** What an agent asks of its run beside its output; applied with its completion, or not at all. */
export type Directive = Spawn | Link | MoreItems | Finish | HandOff | GoTo | CancelTasks | SendWithOutput;

/** How often a task may be handed on in one round. */
export const MAX_HAND_OFFS = 32;

/** How often agents may go back to tasks of a block in one round of it. */
export const MAX_GOTOS = 100;

/** Characters of a `why`. */
export const MAX_WHY_CHARS = 1_000;

/** What one attempt may give in all. */
export const MAX_DIRECTIVES = 1_000;

/** `may` of a task names the directives themselves. */
export const permissionOf = ({ kind }: Directive): Permission => kind;

export const notAllowed = ({ id }: { readonly id: string }, asked: Permission, may: readonly Permission[]): string =>
  `'${id}' may not ${asked}${may.length === 0 ? '' : ` (it may ${may.join(', ')})`}; say so on the task: may: [${[...may, asked].join(', ')}]`;
