/** Plain JSON, as RFC 8259 has it: what payloads, definitions and events are made of. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
/** An object of JSON. */
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

/** Whether two values are the same JSON, whatever the order of keys. Members that are undefined do not count. */
export function equalJson(one: Json | undefined, other: Json | undefined): boolean {
  if (one === other) return true;
  if (one === null || other === null || typeof one !== 'object' || typeof other !== 'object') return false;
  if (Array.isArray(one) || Array.isArray(other)) {
    if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false;
    return one.every((member: Json, index) => equalJson(member, other[index] as Json));
  }
  const [a, b] = [one as JsonObject, other as JsonObject];
  const count = (object: JsonObject): number => Object.values(object).filter((member) => member !== undefined).length;
  if (count(a) !== count(b)) return false;
  return Object.keys(a).every((key) => a[key] === undefined || (Object.hasOwn(b, key) && equalJson(a[key], b[key])));
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

/** Characters of a path that are shown: its beginning and its end. */
const PATH_HEAD = 80;
const PATH_TAIL = 40;

/** "at .a[2]"; of a long path, its beginning and its end. */
export function placeOf(path: string): string {
  if (path === '') return 'at the top';
  return path.length <= PATH_HEAD + PATH_TAIL
    ? `at ${path}`
    : `at ${path.slice(0, PATH_HEAD)}…${path.slice(-PATH_TAIL)}`;
}

/** What is wrong with an object that is in itself. `around`: what it is in, from the top. */
export function cycleProblem(value: object, around: readonly object[]): string | undefined {
  const at = around.indexOf(value);
  if (at < 0) return undefined;
  const up = around.length - at;
  return `a cycle: it is the ${at === 0 ? 'whole value' : `object ${up === 1 ? 'that it is in' : `${up} levels above`}`} again`;
}

/**
 * Says why `value` is not plain JSON ("at .a[2]: a function"), or undefined when it is. Cycles, `__proto__` keys,
 * class instances, non-finite numbers and nesting deeper than 200 are refused. `undefined` members of objects are
 * allowed: JSON drops them. `around`: what the value is in, from the top.
 */
export function jsonProblem(value: unknown, path = '', depth = 0, around: object[] = []): string | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined;
  if (typeof value === 'number')
    return Number.isFinite(value) ? undefined : `${placeOf(path)}: ${value} has no JSON form`;
  if (typeof value !== 'object') return `${placeOf(path)}: ${typeof value} has no JSON form`;
  if (depth > 200) return `${placeOf(path)}: nested deeper than 200 levels`;
  const cycle = cycleProblem(value, around);
  if (cycle !== undefined) return `${placeOf(path)}: ${cycle}`;
  around.push(value);
  const problem = Array.isArray(value)
    ? problemOfArray(value, path, depth, around)
    : problemOfObject(value, path, depth, around);
  around.pop();
  return problem;
}

function problemOfArray(value: readonly unknown[], path: string, depth: number, around: object[]): string | undefined {
  for (let index = 0; index < value.length; index += 1) {
    const problem = jsonProblem(value[index], `${path}[${index}]`, depth + 1, around);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function problemOfObject(value: object, path: string, depth: number, around: object[]): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    return `${placeOf(path)}: an instance of ${(value.constructor as { name?: string } | undefined)?.name ?? 'a class'}, not a plain object`;
  }
  for (const key of Object.keys(value)) {
    if (key === '__proto__') return `${placeOf(path)}: the key "__proto__" is refused`;
    const member = (value as Record<string, unknown>)[key];
    if (member === undefined) continue;
    const problem = jsonProblem(member, `${path}.${key}`, depth + 1, around);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
