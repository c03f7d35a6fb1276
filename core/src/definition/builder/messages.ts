import type { Json } from '../../shared/json.ts';
import type { JsonFault, OneOf } from '../../shared/json-types.ts';
import type { Computed } from '../expression.ts';
import type { FailedTask, InputOf, IsAbsent, OutputOf, StandInInfo } from './task-types.ts';

// What a compile error of the builder says. The sentences are types that nothing is assignable to.

/** `Id` itself, when no other task has it, and nothing is wrong about the task as a whole. */
export type FreshId<Id extends string, Known, Fault = never> = Id extends Known
  ? `Reprise: there is already a task '${Id}'`
  : [Fault] extends [never]
    ? Id
    : Fault;

/** `After` itself, when it names tasks that are there, and what they hand on is taken. */
export type KnownIds<Id extends string, After, Known extends string, Fault = never> = [Unknown<After, Known>] extends [
  never,
]
  ? [Fault] extends [never]
    ? After
    : Fault
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

/** What an agent gives is plain JSON, or this says what is not. */
export type OutputFault<A> = [JsonFault<OutputOf<A>>] extends [never]
  ? never
  : `Reprise: ${NameOf<A>} gives ${OneOf<JsonFault<OutputOf<A>>>}`;

/** What a task takes that computes its input. */
export type Taken<A> = [Json] extends [InputOf<A>] ? unknown : Frozen<InputOf<A>>;

/** What a task is handed that comes after nothing and computes nothing. */
export type FirstFault<Id extends string, A, After, Keys, Handed> = [After] extends [never]
  ? DefaultFault<Id, A, Keys, Handed>
  : never;

/** What a task is handed by those that it comes after. */
export type AfterFault<Id extends string, A, After, Keys, Handed> = [After] extends [never]
  ? never
  : DefaultFault<Id, A, Keys, Handed>;

type DefaultFault<Id extends string, A, Keys, Handed> = [Keys & ('input' | 'forEach')] extends [never]
  ? HandedFault<Id, A, Handed>
  : never;

/** An item that is handed as it is. It is not known before the compiler has looked into the function. */
export type ItemFault<Id extends string, A, Keys, Item> = 'input' extends Keys
  ? never
  : IsAbsent<Item> extends true
    ? never
    : HandedFault<Id, A, Item>;

/** What stands in is handed what the task was. `Known`: whether that is known by now. */
export type FallbackFault<Id extends string, F, StandIns, Keys, Item, In, Handed> = [F] extends [never]
  ? never
  : 'input' extends Keys
    ? IsAbsent<In> extends true
      ? never
      : StandInFault<Id, F, StandIns, Handed>
    : 'forEach' extends Keys
      ? IsAbsent<Item> extends true
        ? never
        : StandInFault<Id, F, StandIns, Handed>
      : StandInFault<Id, F, StandIns, Handed>;

type StandInFault<Id extends string, F, StandIns, Handed> = F extends { readonly agent: infer B }
  ? HandedFault<Id, B, Handed, 'fallback'>
  : F extends { readonly task: infer T extends keyof StandIns & string }
    ? Takes<(StandIns[T] & StandInInfo)['input'], FailedTask<Handed>> extends true
      ? never
      : `Reprise: fallback task '${T}' is handed { input, error } of '${Id}': ${OneOf<Misfit<FailedTask<Handed>, (StandIns[T] & StandInInfo)['input']>>}`
    : never;

type Named<A, As extends string> = As extends ''
  ? NameOf<A>
  : NameOf<A> extends 'its agent'
    ? `its ${As} agent`
    : `${As} ${NameOf<A>}`;

type HandedFault<Id extends string, A, Handed, As extends string = ''> =
  Takes<InputOf<A>, Handed> extends true
    ? never
    : `Reprise: task '${Id}' hands ${Named<A, As>} ${OneOf<Misfit<Handed, InputOf<A>>>}`;

/** Where and how what is handed differs from what is taken, in words, once for each place. */
type Misfit<Handed, Expected> = [Places<Handed, Expected, '', Levels>] extends [never]
  ? 'what it does not take'
  : Places<Handed, Expected, '', Levels>;

type Levels = readonly [0, 0, 0, 0, 0, 0];

type Places<Handed, Expected, Path extends string, Left extends readonly unknown[]> =
  Takes<Expected, Handed> extends true
    ? never
    : Left extends readonly [unknown, ...infer Rest]
      ? null extends Handed
        ? null extends Expected
          ? PlacesInside<Exclude<Handed, null>, Exclude<Expected, null>, Path, Rest>
          : `what may be null${At<Path>}`
        : PlacesInside<Handed, Expected, Path, Rest>
      : never;

type PlacesInside<Handed, Expected, Path extends string, Left extends readonly unknown[]> = [
  KindOf<Handed>,
  KindOf<Expected>,
] extends ['an object', 'an object']
  ? {
      [Key in keyof Expected & string]-?: Key extends keyof Handed
        ? undefined extends Handed[Key]
          ? undefined extends Expected[Key]
            ? Places<Handed[Key], Expected[Key], `${Path}.${Key}`, Left>
            : `what may have no ${Path}.${Key}`
          : Places<Handed[Key], Expected[Key], `${Path}.${Key}`, Left>
        : undefined extends Expected[Key]
          ? never
          : `no ${Path}.${Key}`;
    }[keyof Expected & string]
  : [Handed, Expected] extends [readonly (infer H)[], readonly (infer E)[]]
    ? Places<H, E, `${Path}[]`, Left>
    : KindOf<Handed> extends KindOf<Expected>
      ? `${KindOf<Handed>}${At<Path>} that is none of those it takes`
      : `${KindOf<Handed>}${At<Path>}, not ${KindOf<Expected>}`;

type At<Path extends string> = Path extends '' ? '' : ` at ${Path}`;

type KindOf<T> = [T] extends [never]
  ? 'nothing'
  : [T] extends [string]
    ? 'a string'
    : [T] extends [number]
      ? 'a number'
      : [T] extends [boolean]
        ? 'a boolean'
        : [T] extends [null | undefined]
          ? 'null'
          : [T] extends [readonly unknown[]]
            ? 'a list'
            : [T] extends [object]
              ? 'an object'
              : 'something else';

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
