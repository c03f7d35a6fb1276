import type { Json, JsonObject } from '@reprise/core';

// Changes of JSON that leave what they are given as it is. Members are defined, never assigned: `__proto__` is a name like any other.

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const withMember = (object: JsonObject, key: string, value: Json): JsonObject =>
  Object.fromEntries([...Object.entries(object).filter(([name]) => name !== key), [key, value]]);

export const withoutMember = (object: JsonObject, key: string): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([name]) => name !== key));

export const memberOf = (object: JsonObject, key: string): Json | undefined =>
  Object.hasOwn(object, key) ? object[key] : undefined;

/** As RFC 7396 has it: members of an object are put over those that are there, null takes one away, anything else takes the place of the whole. */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  let result: JsonObject = isObject(target) ? target : {};
  for (const [key, value] of Object.entries(patch))
    result =
      value === null ? withoutMember(result, key) : withMember(result, key, mergePatch(memberOf(result, key), value));
  return result;
}
