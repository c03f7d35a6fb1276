import type { Json } from './json.ts';

/** Levels of a type that are looked into: types that refer to themselves have no last one. */
type Levels = readonly [0, 0, 0, 0, 0, 0];

type IsAny<T> = 0 extends 1 & T ? true : false;

/** What has no form in JSON, and what to do about it. `never` for what may be plain JSON. */
type NotJson<T> = T extends bigint
  ? readonly ['a bigint', 'give a number or a text']
  : T extends symbol
    ? readonly ['a symbol', 'give a text']
    : T extends (...args: never) => unknown
      ? readonly ['a function', 'give data']
      : T extends Date
        ? readonly ['a Date', 'give its toISOString()']
        : T extends ReadonlyMap<unknown, unknown>
          ? readonly ['a Map', 'give Object.fromEntries() of it']
          : T extends ReadonlySet<unknown>
            ? readonly ['a Set', 'give a list']
            : T extends PromiseLike<unknown>
              ? readonly ['a promise', 'await it']
              : T extends readonly unknown[]
                ? never
                : T extends RegExp | { readonly [Symbol.toStringTag]: string }
                  ? Instance
                  : T extends object
                    ? // What of a class is not public, or is a method, is no member that data could have.
                      { [Key in keyof T]: T[Key] } extends T
                      ? never
                      : Instance
                    : never;

type Instance = readonly ['an instance of a class', 'give a plain object'];

type Said<Reason, Path extends string> = Reason extends readonly [
  infer What extends string,
  infer Remedy extends string,
]
  ? `${What}${Path extends '' ? '' : ` at ${Path}`}, which is not JSON: ${Remedy}`
  : never;

/** Why a type is not plain JSON: `a Date at .when, which is not JSON: …`, once for each place. `never` when it is, or may be. */
export type JsonFault<T, Path extends string = '', Left extends readonly unknown[] = Levels> =
  IsAny<T> extends true
    ? never
    : T extends Json | undefined
      ? never
      : [NotJson<T>] extends [never]
        ? Left extends readonly [unknown, ...infer Rest]
          ? T extends readonly (infer Item)[]
            ? JsonFault<Item, `${Path}[]`, Rest>
            : T extends object
              ? { [Key in keyof T & string]-?: JsonFault<T[Key], `${Path}.${Key}`, Rest> }[keyof T & string]
              : never
          : never
        : Said<NotJson<T>, Path>;

/** One of a union. */
export type OneOf<T> = (T extends unknown ? (one: () => T) => void : never) extends (one: infer All) => void
  ? All extends () => infer One
    ? One
    : never
  : never;

/** The same with any text in the place of a certain one, and any number. */
export type Loose<T, Left extends readonly unknown[] = Levels> =
  IsAny<T> extends true
    ? T
    : T extends string
      ? string
      : T extends number
        ? number
        : T extends object
          ? Left extends readonly [unknown, ...infer Rest]
            ? { [Key in keyof T]: Loose<T[Key], Rest> }
            : T
          : T;
