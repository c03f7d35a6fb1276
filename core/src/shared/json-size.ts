import type { Json } from './json.ts';
import { textSize } from './take-json.ts';

/**
 * Characters of the JSON text of a plain value, counted without making it; stops beyond `limit`, and then gives some number beyond
 * it. So a value that is built of many references to a large one costs no more than `limit` does.
 */
export function jsonSize(value: Json, limit: number = Number.POSITIVE_INFINITY): number {
  if (typeof value === 'string') return textSize(value, limit);
  if (typeof value === 'number') return String(value).length;
  if (typeof value === 'boolean') return value ? 4 : 5;
  if (value === null) return 4;
  let size = 1;
  if (Array.isArray(value)) {
    for (const member of value as readonly Json[]) {
      size += 1 + jsonSize(member, limit - size);
      if (size > limit) return size;
    }
    return Math.max(2, size);
  }
  for (const key of Object.keys(value)) {
    size += textSize(key, limit) + 2;
    if (size > limit) return size;
    size += jsonSize((value as { readonly [key: string]: Json })[key] as Json, limit - size);
    if (size > limit) return size;
  }
  return Math.max(2, size);
}

/** About how much memory, in characters, a plain value takes: what jsonSize says but for escapes, and cheaper. */
export function roughSize(value: Json | undefined): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 4;
  let size = 2;
  if (Array.isArray(value)) {
    for (const member of value as readonly Json[]) size += 1 + roughSize(member);
    return size;
  }
  for (const key in value) size += key.length + 4 + roughSize((value as { readonly [key: string]: Json })[key]);
  return size;
}

/** What is smaller is looked at again sooner than remembered. */
const REMEMBERED = 128;

/** roughSize, with what each larger container has remembered in `seen`: one that is referred to often is looked at once. */
export function sharedSize(value: Json | undefined, seen: WeakMap<object, number>): number {
  if (typeof value !== 'object' || value === null) return roughSize(value);
  const known = seen.get(value);
  if (known !== undefined) return known;
  let size = 2;
  if (Array.isArray(value)) for (const member of value as readonly Json[]) size += 1 + sharedSize(member, seen);
  else {
    for (const key in value)
      size += key.length + 4 + sharedSize((value as { readonly [key: string]: Json })[key], seen);
  }
  if (size > REMEMBERED) seen.set(value, size);
  return size;
}

/** Whether roughSize would say more than `limit`; costs no more than `limit` does. */
export const isLargerThan = (value: Json | undefined, limit: number): boolean => sizeLeft(value, limit) < 0;

/** What is left of `limit` after the value; below 0 as soon as that is known. */
function sizeLeft(value: Json | undefined, limit: number): number {
  if (typeof value === 'string') return limit - value.length - 2;
  if (typeof value !== 'object' || value === null) return limit - 4;
  let left = limit - 2;
  if (Array.isArray(value)) {
    for (const member of value as readonly Json[]) {
      left = sizeLeft(member, left - 1);
      if (left < 0) return left;
    }
    return left;
  }
  for (const key in value) {
    left = sizeLeft((value as { readonly [key: string]: Json })[key], left - key.length - 4);
    if (left < 0) return left;
  }
  return left;
}
