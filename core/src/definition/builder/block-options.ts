import type { Json } from '../../shared/json.ts';
import type { Computed } from '../expression.ts';
import type { Around, CompensateOption, ErrorScope, Inside, TemplateOption } from './options.ts';
import type { Environment, Resolved, Untyped } from './task-types.ts';

/** What a function that builds the tasks of a block gives back. */
export interface BuiltTasks {
  readonly '~tasks'?: unknown;
}

/** What is around the tasks of a handler: all tasks of its block, and what failed. */
export interface HandlerEnvironment<Env extends Environment, Tasks, StandIns> extends Environment {
  readonly run: Env['run'];
  readonly first: Env['first'];
  readonly outer: Inside<Env, Tasks>['outputs'];
  readonly taken: Env['taken'] | (keyof Tasks & string) | (keyof StandIns & string);
  readonly more: Env['more'] & ErrorScope;
}

/** What is done about a failure inside a block. The first clause whose filters all fit is taken. */
export interface CatchClause<Env extends Environment, Tasks, Handler, Then, Out> {
  /** Codes of the error, codes among its causes, tasks of the block; each a text or a list. */
  readonly on?: {
    readonly code?: string | readonly string[];
    readonly cause?: string | readonly string[];
    readonly task?: string | readonly string[];
  };
  readonly when?: ((scope: Inside<Env, Tasks> & ErrorScope) => boolean) | Untyped<Computed>;
  /** The handler: tasks of the block that run only then. */
  readonly do?: (block: Handler) => BuiltTasks;
  /** `retry`: the block again, as a new round. `continue`: the block completes. `fail`: it fails with the error. */
  readonly then: Then;
  /** Of `retry`: how often at most. */
  readonly max?: number;
  /** Of `continue`: the output of the block. Default: that of the handler, else null. */
  readonly output?: ((scope: Inside<Env, Tasks> & ErrorScope) => Out) | Untyped<Out>;
}

/** What a block gives whose catch continues. */
export type Continued<Then, Out> = 'continue' extends Then ? ([Out] extends [never] ? Json : Out | null) : never;

/** Runs a block again. `while` is asked before each round, `until` after it. */
export interface LoopOption<S, Out> {
  readonly while?: ((scope: S & { readonly output: Out | null }) => boolean) | Untyped<Computed>;
  readonly until?: ((scope: S & { readonly output: Out }) => boolean) | Untyped<Computed>;
  /** Rounds in all. */
  readonly max: number;
  /** When there was no end within `max` rounds: `fail` (the default), or `accept` what the last one gave. */
  readonly onExhausted?: 'fail' | 'accept';
  /** What the next round gets as `feedback`. Default: the output of this one. */
  readonly feedback?: TemplateOption<S & { readonly output: Out }>;
}

/** What is said about a scope as a whole. `Env` and `Tasks` are those inside it. */
export interface ScopeOptions<Env extends Environment, Tasks, Handler, Out, Then, Caught, Looped, S> {
  /** Default: the output of the only task that nothing comes after, or of all those by id. */
  readonly output?: ((scope: Inside<Env, Tasks>) => Out) | Untyped<Out>;
  /** Attempts inside that may be in flight at once. */
  readonly concurrency?: number;
  readonly catch?: readonly CatchClause<Env, Tasks, Handler, Then, Caught>[];
  readonly loop?: LoopOption<Inside<Env, Tasks>, Looped>;
  /** What undoes the scope when the block around it fails or is cancelled after it completed. Default: what is inside is undone. */
  readonly compensate?: CompensateOption<S>;
}

/** What is around the tasks of a scope. */
export interface InnerEnvironment<Env extends Environment, Id extends string, Tasks, StandIns, After, J, Handed, Many>
  extends Environment {
  readonly run: Env['run'];
  readonly first: Handed;
  readonly outer: Around<Env, Tasks, After, J>['outputs'];
  readonly taken: Env['taken'] | (keyof Tasks & string) | (keyof StandIns & string) | Id;
  readonly more: Omit<Env['more'], 'block' | keyof Many> & {
    readonly block: { readonly input: Resolved<Handed> };
  } & Many;
}
