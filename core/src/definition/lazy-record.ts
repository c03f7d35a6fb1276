import { freezeJson, type Json } from '../shared/json.ts';

const lazy = new WeakSet<object>();

/** Whether a value is a lazy record: plain data is to hold a copy of it. */
export const isLazy = (value: object): boolean => lazy.has(value);

/**
 * A record that looks like a plain object and costs what is read of it: `get` is asked for the member of a name (undefined: there is
 * none), `names` for all that there may be, when somebody wants to see them all. It cannot be changed.
 */
export function lazyRecord(
  get: (name: string) => Json | undefined,
  names: () => Iterable<string>,
): Readonly<Record<string, Json>> {
  const record = new Proxy<Record<string, Json>>(
    {},
    {
      get: (target, name) => {
        const value = typeof name === 'string' ? get(name) : undefined;
        return value === undefined ? Reflect.get(target, name) : value;
      },
      has: (target, name) => (typeof name === 'string' && get(name) !== undefined) || Reflect.has(target, name),
      ownKeys: () => [...names()].filter((name) => get(name) !== undefined),
      getOwnPropertyDescriptor: (_target, name) => {
        const value = typeof name === 'string' ? get(name) : undefined;
        // Configurable, because a proxy may not claim anything else of what its target does not have.
        return value === undefined ? undefined : { value, enumerable: true, configurable: true, writable: false };
      },
      set: () => false,
      defineProperty: () => false,
      deleteProperty: () => false,
      preventExtensions: () => false,
      setPrototypeOf: () => false,
    },
  );
  lazy.add(record);
  return record;
}

/** The record with members that are frozen, each when it is read. */
export function frozenRecord(record: Readonly<Record<string, Json>>): Readonly<Record<string, Json>> {
  return lazyRecord(
    (name) => {
      if (!Object.hasOwn(record, name)) return undefined;
      const value = record[name] as Json;
      freezeJson(value);
      return value;
    },
    () => Object.keys(record),
  );
}
