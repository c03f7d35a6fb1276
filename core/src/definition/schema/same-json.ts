import type { Json, JsonObject } from '../../shared/json.ts';

/** Whether two values are the same JSON, whatever the order of keys. */
export function isSameJson(one: Json, other: Json): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = Object.keys(one);
  const [left, right] = [one as JsonObject, other as JsonObject];
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(right, key) && isSameJson(left[key] as Json, right[key] as Json))
  );
}
