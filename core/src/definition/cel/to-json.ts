import { type Json, jsonProblem } from '../../shared/json.ts';

/**
 * A computed value as plain JSON: integers of CEL become numbers, undefined becomes null, undefined members go. What is
 * plain JSON already is returned as it is. Throws an Error that says what has no JSON form.
 */
export function toJson(value: unknown, depth = 0): Json {
  if (value === undefined) return null;
  if (typeof value === 'bigint') return fromInteger(value);
  if (typeof value !== 'object' || value === null) return checked(value);
  if (depth > 200) throw new Error('it is nested deeper than 200 levels (or a cycle)');
  if (Array.isArray(value)) return fromArray(value, depth);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return fromObject(value as Record<string, unknown>, depth);
  const inner: unknown = value.valueOf();
  return typeof inner === 'bigint' ? fromInteger(inner) : checked(value);
}

function fromArray(value: readonly unknown[], depth: number): Json {
  let changed = false;
  const copy: Json[] = [];
  for (let index = 0; index < value.length; index += 1) {
    const member = toJson(value[index], depth + 1);
    changed ||= member !== value[index];
    copy.push(member);
  }
  return changed ? copy : (value as readonly Json[]);
}

function fromObject(value: Readonly<Record<string, unknown>>, depth: number): Json {
  let changed = false;
  const copy: Record<string, Json> = {};
  for (const key of Object.keys(value)) {
    if (key === '__proto__') throw new Error('the key "__proto__" is refused');
    const before = value[key];
    if (before === undefined) {
      changed = true;
      continue;
    }
    const member = toJson(before, depth + 1);
    changed ||= member !== before;
    copy[key] = member;
  }
  return changed ? copy : (value as Json);
}

function fromInteger(value: bigint): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new Error(`the integer ${value} is larger than JSON numbers can hold exactly`);
}

function checked(value: unknown): Json {
  const problem = jsonProblem(value);
  if (problem !== undefined) throw new Error(problem.replace(/^at the top: /, ''));
  return value as Json;
}
