/** Plain JSON, as RFC 8259 has it: what payloads, definitions and events are made of. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** JSON with object keys sorted: equal values give equal text. Throws nothing for plain JSON. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return inner;
    const source = inner as Record<string, unknown>;
    const sorted: Record<string, unknown> = {};
    for (const key of Object.keys(source).sort()) sorted[key] = source[key];
    return sorted;
  });
}

/** A copy of plain JSON that shares nothing with it. */
export function copyJson(value: Json): Json {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((member: Json) => copyJson(member));
  const copy: Record<string, Json> = {};
  for (const key of Object.keys(value)) copy[key] = copyJson((value as JsonObject)[key] as Json);
  return copy;
}

/** Freezes plain JSON all through. What is frozen at the top counts as done, so that freezing again costs nothing. */
export function freezeJson(value: Json): void {
  if (value === null || typeof value !== 'object' || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const member of Array.isArray(value) ? (value as readonly Json[]) : Object.values(value)) freezeJson(member);
}

/**
 * Says why `value` is not plain JSON ("at .a[2]: a function"), or undefined when it is. Cycles, `__proto__` keys,
 * class instances, non-finite numbers and nesting deeper than 200 are refused. `undefined` members of objects are
 * allowed: JSON drops them.
 */
export function jsonProblem(value: unknown, path = '', depth = 0): string | undefined {
  const at = path === '' ? 'at the top' : `at ${path}`;
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `${at}: ${value} has no JSON form`;
  if (typeof value !== 'object') return `${at}: ${typeof value} has no JSON form`;
  if (depth > 200) return `${at}: nested deeper than 200 levels (or a cycle)`;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const problem = jsonProblem(value[index], `${path}[${index}]`, depth + 1);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    return `${at}: an instance of ${(value.constructor as { name?: string } | undefined)?.name ?? 'a class'}, not a plain object`;
  }
  for (const key of Object.keys(value)) {
    if (key === '__proto__') return `${at}: the key "__proto__" is refused`;
    const member = (value as Record<string, unknown>)[key];
    if (member === undefined) continue;
    const problem = jsonProblem(member, `${path}.${key}`, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
