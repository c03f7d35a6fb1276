import type { Json, JsonObject } from '@reprise/core/plugin';

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What says of a value which it is. */
const TYPING = ['type', 'enum', 'const', 'anyOf', '$ref'];

/**
 * Whether a schema is of the kind of which servers promise that every answer fits (`strict`): objects have no members but those that are named, all of
 * which are required, and every member has a type. A server that takes the promise seriously refuses a request with any other schema, so those are sent without it.
 */
export const isStrict = (schema: Json | undefined): boolean => {
  if (!isObject(schema) || !TYPING.some((word) => word in schema)) return false;
  const { properties, required, additionalProperties, items, anyOf, $defs } = schema;
  const { type } = schema;
  const isOf = (name: string): boolean => (Array.isArray(type) ? type.includes(name) : type === name);
  if (isOf('object')) {
    const names = isObject(properties) ? Object.keys(properties) : [];
    const all = Array.isArray(required) ? required : [];
    if (additionalProperties !== false || names.some((name) => !all.includes(name))) return false;
  }
  if (isOf('array') && items === undefined) return false;
  const inner = [properties, $defs].flatMap((one) => (isObject(one) ? Object.values(one) : []));
  const parts = [...inner, ...(items === undefined ? [] : [items]), ...(Array.isArray(anyOf) ? anyOf : [])];
  return parts.every(isStrict);
};
