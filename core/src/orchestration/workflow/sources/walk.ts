import type { Json } from '../../../shared/json.ts';

/** What is at a place in a value: own members and items only. Undefined: nothing. */
export function walk(from: Json | undefined, path: readonly (string | number)[] = []): Json | undefined {
  let at = from;
  for (const key of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    if (Array.isArray(at)) at = typeof key === 'number' ? (at as readonly Json[])[key] : undefined;
    else at = Object.hasOwn(at, key) ? (at as { readonly [key: string]: Json })[key] : undefined;
  }
  return at;
}
