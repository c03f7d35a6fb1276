import type { ErrorData } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import type { StrategyOption } from '../definition.ts';
import type { Computed } from '../expression.ts';
import type { Around, BudgetOption, CompensateOption, ErrorScope, Inside, TemplateOption } from './options.ts';
import type { Absent, Environment, IsAbsent, Resolved, Untyped } from './task-types.ts';

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
  readonly feedback: Env['feedback'];
  readonly declared: Env['declared'];
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

/** What a block reads as feedback after a caught retry: what failed, and what the handler gave. */
export interface CaughtFeedback<Output = Json> {
  readonly error: ErrorData;
  readonly output: Output;
}

type Retried<Then> = 'retry' extends Then ? CaughtFeedback : never;

/** What the tasks of a scope read as feedback. What its loop hands on follows from them: it is not known yet, unless the block says it. */
export type BlockFeedback<Env extends Environment, Keys, Then> = [Keys & ('loop' | 'repeat')] extends [never]
  ? 'retry' extends Then
    ? CaughtFeedback | null
    : Env['feedback']
  : Json;

/** What is read as feedback in what is said about a scope as a whole. */
export type LoopFeedback<Env extends Environment, Declared, Out, Keys, LoopKeys, Then> =
  IsAbsent<Declared> extends true
    ? 'loop' extends Keys
      ? 'feedback' extends LoopKeys
        ? Json
        : Out | Retried<Then> | null
      : Env['feedback']
    : Declared | null;

/** What a scope hands on is what its tasks were told to read, or this says that it is not. */
export type FeedbackFault<Id extends string, Declared, Out, Keys, LoopKeys, Then> =
  IsAbsent<Declared> extends true
    ? never
    : [('loop' extends Keys ? ('feedback' extends LoopKeys ? never : Out) : never) | Retried<Then>] extends [Declared]
      ? never
      : `Reprise: what '${Id}' hands on from round to round is not what its tasks were told to read as feedback`;

/** Runs a block again. `while` is asked before each round, when `round` is how many there were, and `output` that of the last; `until` after it. */
export interface LoopOption<S, Out, Declared = Absent> {
  readonly while?: ((scope: S & { readonly output: Out | null }) => boolean) | Untyped<Computed>;
  readonly until?: ((scope: S & { readonly output: Out }) => boolean) | Untyped<Computed>;
  /** Rounds in all. */
  readonly max: number;
  /** When there was no end within `max` rounds: `fail` (the default), or `accept` what the last one gave. */
  readonly onExhausted?: 'fail' | 'accept';
  /** What the next round gets as `feedback`. Default: the output of this one. */
  readonly feedback?: IsAbsent<Declared> extends true
    ? TemplateOption<S & { readonly output: Out }>
    : ((scope: S & { readonly output: Out }) => Declared) | Untyped<unknown>;
}

export type LoopOptionKey = keyof LoopOption<never, never>;

/** What is said about a scope as a whole. `Env` and `Tasks` are those inside it. */
export interface ScopeOptions<
  Env extends Environment,
  Tasks,
  Handler,
  Out,
  Then,
  Caught,
  Looped,
  S,
  Declared,
  Keys,
  LoopKeys,
> {
  /** Default: the output of the only task that nothing comes after, or of all those by id. */
  readonly output?: ((scope: Inside<Env, Tasks>) => Out) | Untyped<Out>;
  /** Attempts inside that may be in flight at once. */
  readonly concurrency?: number;
  /** What its tasks may spend at most, in all its rounds. */
  readonly budget?: BudgetOption;
  /** The strategy of its tasks, by name, or `{ name, … }` of one that leads them as a team. Default: that of what is around it. */
  readonly strategy?: StrategyOption;
  readonly catch?: readonly CatchClause<Env, Tasks, Handler, Then, Caught>[];
  readonly loop?: LoopOption<
    Inside<Env, Tasks, LoopFeedback<Env, Declared, Looped, Keys, LoopKeys, Then>>,
    Looped,
    Declared
  > & { readonly [Key in LoopKeys & PropertyKey]?: unknown };
  /** What undoes the scope when the block around it fails or is cancelled after it completed. Default: what is inside is undone. */
  readonly compensate?: CompensateOption<S>;
}

/** What is around the tasks of a scope. */
export interface InnerEnvironment<
  Env extends Environment,
  Id extends string,
  Tasks,
  StandIns,
  After,
  J,
  Handed,
  Many,
  Feedback,
> extends Environment {
  readonly run: Env['run'];
  readonly first: Handed;
  readonly outer: Around<Env, Tasks, After, J>['outputs'];
  readonly taken: Env['taken'] | (keyof Tasks & string) | (keyof StandIns & string) | Id;
  readonly more: Omit<Env['more'], 'block' | keyof Many> & {
    readonly block: { readonly input: Resolved<Handed> };
  } & Many;
  readonly feedback: Feedback;
  readonly declared: Absent;
}

/** What is around the tasks of a block that was told what its feedback is. */
export interface ToldFeedback<Env extends Environment, Feedback> extends Environment {
  readonly run: Env['run'];
  readonly first: Env['first'];
  readonly outer: Env['outer'];
  readonly taken: Env['taken'];
  readonly more: Env['more'];
  readonly feedback: Feedback | null;
  readonly declared: Feedback;
}
