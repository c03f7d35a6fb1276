import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { ErrorData } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import type { Scope } from '../definition.ts';
import type { Computed } from '../expression.ts';
import type { RemoteAgent } from '../remote-agent.ts';
import type { AgentReference, Workflow } from '../workflow.ts';

// Type-level bookkeeping of the builder. One entry per task holds everything that later tasks need, so that no type is
// computed by walking the graph.

/** What is around the tasks of a builder. */
export interface Environment {
  /** The input of the run. */
  readonly run: unknown;
  /** What a task without dependencies is handed: the input of the run, or what the block was handed. */
  readonly first: unknown;
  /** The outputs that are seen of the blocks around, by task id. */
  readonly outer: unknown;
  /** The ids of the tasks of the blocks around. */
  readonly taken: string;
  /** What functions may read besides: `block` in a scope, `item` in one that is one of many, `error` in a handler. */
  readonly more: unknown;
  /** What the round before handed on, in the innermost loop around. */
  readonly feedback: unknown;
  /** What was said of that in the block; else Absent. */
  readonly declared: unknown;
}

/** Who does a task: an agent, the name of one, or a capability that one must have. */
export type AgentChoice = AgentReference | string | { readonly capability: string };

/** What the builder knows of a task. */
export interface TaskInfo {
  /** What it yields when it runs. */
  readonly out: unknown;
  /** Whether it may be skipped, in which case later tasks see null. */
  readonly skip: boolean;
  /** The tasks that it depends on, directly or not. */
  readonly up: string;
  /** Those of them that may not have ended when it starts: a join between them did not need them. */
  readonly late: string;
  /** Of a switch: the names of its cases. */
  readonly cases: string;
}

/** What the builder knows of a fallback task. */
export interface StandInInfo {
  readonly input: unknown;
  readonly out: unknown;
}

/** What a fallback task is handed. */
export interface FailedTask<Input = unknown> {
  readonly input: Input;
  readonly error: ErrorData;
}

/** What stands for "not given" in a type parameter. */
export interface Absent {
  readonly '~absent': never;
}

export type IsAbsent<T> = [T] extends [Absent] ? ([T] extends [never] ? false : true) : false;

/** A `cel()` or `template()` expression in a place where a `T` is needed. */
export type Untyped<T> =
  | { readonly kind: 'cel'; readonly source: string; readonly '~value'?: T }
  | { readonly kind: 'template'; readonly template: Json; readonly '~value'?: T };

export type Resolved<T> = [T] extends [Computed] ? Json : T;

/** What is typed by its declaration alone. */
type Declared<Input, Output> = Pick<RemoteAgent<Input, Output>, 'remote' | '~types'>;

/** What an agent takes; unknown (anything) for agents by name or capability. */
export type InputOf<A> = A extends { handle(task: infer Task, ...rest: never): unknown }
  ? Task extends { readonly input: infer Input }
    ? [Input] extends [never]
      ? unknown
      : Input
    : unknown
  : A extends Declared<infer Input, unknown>
    ? Input
    : unknown;

/** What an agent gives, as later tasks see it: what its schema makes of it, promises unwrapped, undefined as null. */
export type OutputOf<A> = A extends { readonly outputSchema: StandardSchemaV1<unknown, infer Output> }
  ? Recorded<Output>
  : A extends { handle(...args: never): infer Output }
    ? Recorded<Awaited<Output>>
    : A extends Declared<unknown, infer Output>
      ? Recorded<Output>
      : Json;

type Nothing = undefined | ReturnType<() => void>;

type Recorded<T> = undefined extends T ? Exclude<T, Nothing> | null : T;

/** One, or a list of them: each stands in for the one before, and a value or a task can only be the last. */
export type FallbackChoice<StandIns> = OneFallback<StandIns> | readonly OneFallback<StandIns>[];

type OneFallback<StandIns> =
  | { readonly value: unknown }
  | {
      readonly agent: AgentReference | string;
      /** What it is handed. Default: what the one before was. */
      readonly input?: ((scope: FailedScope) => unknown) | Untyped<unknown>;
    }
  | { readonly task: keyof StandIns & string };

/** What the input of a fallback agent may read, of whatever task. */
type FailedScope = Scope & { readonly error: Json };

export type FallbackOutput<F, StandIns> = F extends readonly (infer One)[]
  ? FallbackOutput<One, StandIns>
  : F extends { readonly value: infer Value }
    ? Value
    : F extends { readonly agent: infer A }
      ? OutputOf<A>
      : F extends { readonly task: infer Id extends keyof StandIns }
        ? (StandIns[Id] & StandInInfo)['out']
        : never;

/** The tasks named in `after`. */
export type Named<After> = After extends string ? After : After extends readonly string[] ? After[number] : never;

/** The task named in `after`, when it is the only one. */
export type OnlyNamed<After> = After extends string
  ? After
  : After extends readonly [infer Id extends string]
    ? Id
    : never;

type Info<Tasks, Id> = Id extends keyof Tasks ? Tasks[Id] & TaskInfo : never;

/** The cases of the switches among the named tasks. */
export type CasesBefore<Tasks, After> = Info<Tasks, Named<After>>['cases'];

/** The named tasks and everything that they depend on. */
export type Upstream<Tasks, Id> = Id | Info<Tasks, Id>['up'];

/** What later tasks see of a task. A task whose only dependency is `Only` knows that that one was not skipped. */
export type Seen<Tasks, Id, Only = never> = Id extends Only
  ? Info<Tasks, Id>['out']
  : Info<Tasks, Id>['skip'] extends false
    ? Info<Tasks, Id>['out']
    : Info<Tasks, Id>['out'] | null;

/** Skipped when its condition or another case says so, or when everything that it depends on was skipped. */
export type MaySkip<Tasks, Id, After, When, Case> = [When] extends [never]
  ? [Case] extends [never]
    ? [Named<After>] extends [never]
      ? false
      : Id extends CasesBefore<Tasks, After>
        ? true
        : false extends Info<Tasks, Named<After>>['skip']
          ? false
          : true
    : true
  : true;

/** The tasks before one that may not have ended when it starts. One dependency alone is always waited for. */
export type Late<Tasks, After, Joined> = Joined extends 'all'
  ? LateBefore<Tasks, Named<After>>
  : [OnlyNamed<After>] extends [never]
    ? Upstream<Tasks, Named<After>>
    : LateBefore<Tasks, Named<After>>;

type LateBefore<Tasks, Id> = [Info<Tasks, Id>['late']] extends [never]
  ? never
  : Exclude<Info<Tasks, Id>['late'], Id | InTime<Tasks, Id>>;

type InTime<Tasks, Id> = Id extends unknown ? Exclude<Info<Tasks, Id>['up'], Info<Tasks, Id>['late']> : never;

/** What becomes of a list when items of it fail, or do not end: with a `need` or an `until`, there is null in their places, too; so there is in a join of each for what did not complete. */
export type Bears<OnItemFailure, Need, Until, J> = [J] extends ['each']
  ? 'continue'
  : [Need] extends [never]
    ? [Until] extends [never]
      ? OnItemFailure
      : 'continue'
    : 'continue';

/** What a task yields: an array for a forEach, widened by its fallback. */
export type Yield<A, StandIns, Item, F, OnItemFailure> =
  IsAbsent<Item> extends true
    ? OutputOf<A> | FallbackOutput<F, StandIns>
    : (OutputOf<A> | FallbackOutput<F, StandIns> | (OnItemFailure extends 'continue' ? null : never))[];

/** The input of a task without a mapping. */
export type DefaultInput<First, Tasks, After, Item, Joined> = [Joined] extends ['each']
  ? EachItem<Tasks, Named<After>>
  : IsAbsent<Item> extends true
    ? [Named<After>] extends [never]
      ? First
      : [OnlyNamed<After>] extends [never]
        ? { readonly [Id in Named<After>]: Seen<Tasks, Id> | (Joined extends 'all' ? never : null) }
        : Seen<Tasks, OnlyNamed<After>, OnlyNamed<After>>
    : Item;

/** The item of a join of each: a dependency that has completed, and what it gave. */
export type EachItem<Tasks, Id> = Id extends unknown
  ? { readonly task: Id; readonly output: Info<Tasks, Id>['out'] }
  : never;

/** What a join of each is, for what a task yields: a list. */
export type EachKey<J> = [J] extends ['each'] ? 'forEach' : never;

/** The item of a task that is many; absent for one that is not. */
export type ItemOr<Item, J> = [J] extends ['each'] ? unknown : Item;

export type Handed<First, Tasks, After, Item, In, Joined> =
  IsAbsent<In> extends true ? DefaultInput<First, Tasks, After, Item, Joined> : In;

/** What a task gives whose own output is `Out`: a list where it is one of many, widened by its fallback. */
export type Given<Out, StandIns, F, Keys, OnItemFailure> = 'forEach' extends Keys
  ? (Out | FallbackOutput<F, StandIns> | (OnItemFailure extends 'continue' ? null : never))[]
  : Out | FallbackOutput<F, StandIns>;

/** A workflow that is to be a child: itself, its name, or its name and version. */
export type ChildChoice = Workflow | string | { readonly name: string; readonly version?: string };

/** A child workflow, seen as an agent is. */
export type AsAgent<C> = C extends { readonly '~types'?: infer Types }
  ? NonNullable<Types> extends { readonly input: infer Input; readonly output: infer Output }
    ? { readonly '~child': true; handle(task: { readonly input: Input }): Output }
    : never
  : string;

type LeafOf<Tasks, Leaf> =
  IsUnion<Leaf> extends true ? { readonly [Id in Leaf & string]: Seen<Tasks, Id> } : Seen<Tasks, Leaf>;

type IsUnion<T, All = T> = T extends unknown ? ([All] extends [T] ? false : true) : never;

/** The output of the only task that nothing comes after, or those of all such tasks by id. */
export type LeafOutput<Tasks, Used> = LeafOf<Tasks, Exclude<keyof Tasks, Used>>;

/**
 * A task as the builder remembers it. All that is asked for is worked out by then: an alias that mentions the tasks before it would make
 * each task twice as dear as the one before.
 */
export interface Task<Out, Skip, Up, MayBeLate, Cases = never> {
  readonly out: Out;
  readonly skip: Skip;
  readonly up: Up;
  readonly late: MayBeLate;
  readonly cases: Cases;
}

/** What the tasks of a block are known to be once they are built. */
export interface Told {
  readonly tasks: unknown;
  readonly standIns: unknown;
  readonly used: unknown;
  readonly output: unknown;
  /** What the block may give otherwise: by an end in it, or a catch that continues. */
  readonly also: unknown;
  /** What its tasks read as feedback, where that was said. */
  readonly feedback: unknown;
}

type ToldBy<Inner> = Inner extends { readonly '~tasks'?: infer T } ? NonNullable<T> & Told : never;

export type TasksIn<Inner> = ToldBy<Inner>['tasks'];

export type FeedbackIn<Inner> = unknown extends ToldBy<Inner>['feedback'] ? Absent : ToldBy<Inner>['feedback'];

export type StandInsIn<Inner> = ToldBy<Inner>['standIns'];

/** What a block gives: `Out` where it is said beside the block. */
export type BlockOutput<Inner, Out = Absent> =
  | (IsAbsent<Out> extends true
      ? IsAbsent<ToldBy<Inner>['output']> extends true
        ? LeafOutput<TasksIn<Inner>, ToldBy<Inner>['used']>
        : Resolved<ToldBy<Inner>['output']>
      : Resolved<Out>)
  | ToldBy<Inner>['also'];
