import type { Json } from '../../shared/json.ts';
import type { Computed } from '../expression.ts';
import type { FailedTask, InputOf, IsAbsent, StandInInfo } from './task-types.ts';

// What a compile error of the builder says. The sentences are types that nothing is assignable to.

/** Stands where an agent does not take what its task is handed. */
export interface Mismatch<Sentence extends string, Handed, Expected> {
  readonly '~problem': Sentence;
  readonly handed: Handed;
  readonly expected: Expected;
}

export type FreshId<Id extends string, Known> = Id extends Known ? `Reprise: there is already a task '${Id}'` : Id;

/** `After` itself, when it names tasks that are there. */
export type KnownIds<Id extends string, After, Known extends string> = [Unknown<After, Known>] extends [never]
  ? After
  : `Reprise: task '${Id}' comes after '${Unknown<After, Known>}', but no task of that name was added before it`;

/** `Case` itself, when the switches among `after` have it. */
export type KnownCase<Id extends string, Case, Cases extends string> = [Exclude<NamedIn<Case>, Cases>] extends [never]
  ? Case
  : `Reprise: task '${Id}' is for the case '${Exclude<NamedIn<Case>, Cases> & string}', which no switch in its after has`;

type NamedIn<Case> = Case extends string ? Case : Case[keyof Case];

type Unknown<After, Known> = Exclude<After extends readonly string[] ? After[number] : After, Known> & string;

type NameOf<A> = A extends { readonly '~child': true }
  ? 'the child workflow'
  : A extends { readonly name: infer Name extends string }
    ? string extends Name
      ? 'its agent'
      : `agent '${Name}'`
    : 'its agent';

/**
 * `unknown` when the agent of a task, and whatever stands in for it, take what they are handed. The compiler checks arguments
 * once before it has looked into functions: while a mapping is given (`Keys`) but not inferred yet, nothing is said.
 */
export type Fits<Id extends string, A, Fallback, StandIns, Keys, Item, In, Handed> = 'input' extends Keys
  ? IsAbsent<In> extends true
    ? unknown
    : FitsKnown<Id, A, Fallback, StandIns, Handed>
  : 'forEach' extends Keys
    ? IsAbsent<Item> extends true
      ? unknown
      : FitsKnown<Id, A, Fallback, StandIns, Handed>
    : FitsKnown<Id, A, Fallback, StandIns, Handed>;

type FitsKnown<Id extends string, A, Fallback, StandIns, Handed> =
  Takes<InputOf<A>, Handed> extends true
    ? [Fallback] extends [never]
      ? unknown
      : Fallback extends { readonly agent: infer B }
        ? Takes<InputOf<B>, Handed> extends true
          ? unknown
          : Mismatch<
              `Reprise: task '${Id}' is handed what does not fit the input of its fallback agent`,
              Handed,
              InputOf<B>
            >
        : Fallback extends { readonly task: infer T extends keyof StandIns & string }
          ? Takes<(StandIns[T] & StandInInfo)['input'], FailedTask<Handed>> extends true
            ? unknown
            : Mismatch<
                `Reprise: fallback task '${T}' is handed the input and error of '${Id}', which do not fit the input of its agent`,
                FailedTask<Handed>,
                (StandIns[T] & StandInInfo)['input']
              >
          : unknown
    : Mismatch<`Reprise: task '${Id}' is handed what does not fit the input of ${NameOf<A>}`, Handed, InputOf<A>>;

// What is handed over is JSON whatever its type says: an agent that takes any JSON takes it.
type Takes<Expected, Handed> = [Handed] extends [Computed]
  ? true
  : [Json] extends [Expected]
    ? true
    : [Handed] extends [Expected]
      ? true
      : [Handed] extends [Frozen<Expected>]
        ? true
        : false;

/**
 * What is handed over is a copy made from history, so whether it was read-only does not matter. Types that refer to themselves
 * (Json, trees) end the compiler's patience unless the depth is bounded: what lies deeper is compared as it is.
 */
type Frozen<T, Depth extends readonly unknown[] = []> = [Json] extends [T]
  ? T
  : T extends object
    ? Depth['length'] extends 8
      ? T
      : { readonly [Key in keyof T]: Frozen<T[Key], readonly [...Depth, unknown]> }
    : T;
