import type { ErrorData } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import type { Computed } from '../expression.ts';
import type { AgentReference } from '../workflow.ts';

// Type-level bookkeeping of the builder. One entry per task holds everything that later tasks need, so that no type is
// computed by walking the graph.

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

/** What an agent takes; unknown (anything) for agents by name or capability. */
export type InputOf<A> = A extends { handle(task: infer Task, ...rest: never): unknown }
  ? Task extends { readonly input: infer Input }
    ? [Input] extends [never]
      ? unknown
      : Input
    : unknown
  : unknown;

/** What an agent gives, as later tasks see it: promises unwrapped, undefined as null. */
export type OutputOf<A> = A extends { handle(...args: never): infer Output } ? Recorded<Awaited<Output>> : Json;

type Nothing = undefined | ReturnType<() => void>;

type Recorded<T> = undefined extends T ? Exclude<T, Nothing> | null : T;

export type FallbackChoice<StandIns> =
  | { readonly value: unknown }
  | { readonly agent: AgentReference | string }
  | { readonly task: keyof StandIns & string };

export type FallbackOutput<F, StandIns> = F extends { readonly value: infer Value }
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

/** The named tasks and everything that they depend on. */
export type Upstream<Tasks, Id> = Id | Info<Tasks, Id>['up'];

/** What later tasks see of a task. A task whose only dependency is `Only` knows that that one was not skipped. */
export type Seen<Tasks, Id, Only = never> = Id extends Only
  ? Info<Tasks, Id>['out']
  : Info<Tasks, Id>['skip'] extends false
    ? Info<Tasks, Id>['out']
    : Info<Tasks, Id>['out'] | null;

/** Skipped when its condition says so, or when everything that it depends on was skipped. */
export type MaySkip<Tasks, After, When> = [When] extends [never]
  ? [Named<After>] extends [never]
    ? false
    : false extends Info<Tasks, Named<After>>['skip']
      ? false
      : true
  : true;

/** What a task yields: an array for a forEach, widened by its fallback. */
export type Yield<A, StandIns, Item, F, OnItemFailure> =
  IsAbsent<Item> extends true
    ? OutputOf<A> | FallbackOutput<F, StandIns>
    : (OutputOf<A> | FallbackOutput<F, StandIns> | (OnItemFailure extends 'continue' ? null : never))[];

/** The input of a task without a mapping. */
export type DefaultInput<Run, Tasks, After, Item> =
  IsAbsent<Item> extends true
    ? [Named<After>] extends [never]
      ? Run
      : [OnlyNamed<After>] extends [never]
        ? { readonly [Id in Named<After>]: Seen<Tasks, Id> }
        : Seen<Tasks, OnlyNamed<After>, OnlyNamed<After>>
    : Item;

export type Handed<Run, Tasks, After, Item, In> =
  IsAbsent<In> extends true ? DefaultInput<Run, Tasks, After, Item> : In;
