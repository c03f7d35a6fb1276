import { type Json, jsonProblem } from '../../shared/json.ts';
import { isLazy } from '../lazy-record.ts';

/** Lists and objects that are looked at before those that come again are remembered: most values are no larger. */
const LOOKED_AT_FREELY = 100_000;

/**
 * One or more conversions. Values share members, and one that is there again and again (`list.map(x, input.big)`) must not
 * be walked through each time: beyond 100,000 lists and objects, each is looked at once.
 */
export class Conversion {
  private looks = 0;
  private readonly known = new Map<object, { readonly json: Json; readonly depth: number }>();

  /** What `value` was found to be, when it was looked at at this depth or further down. */
  recall(value: object, depth: number): Json | undefined {
    this.looks += 1;
    if (this.looks <= LOOKED_AT_FREELY) return undefined;
    const found = this.known.get(value);
    return found !== undefined && found.depth >= depth ? found.json : undefined;
  }

  remember(value: object, json: Json, depth: number): void {
    if (this.looks > LOOKED_AT_FREELY) this.known.set(value, { json, depth });
  }
}

/**
 * A computed value as plain JSON: integers of CEL become numbers, undefined becomes null, undefined members go. What is
 * plain JSON already is returned as it is, neither copied nor turned into text. Throws an Error that says what has no JSON
 * form.
 */
export function toJson(value: unknown, conversion: Conversion = new Conversion(), depth = 0): Json {
  if (value === undefined) return null;
  if (typeof value === 'bigint') return fromInteger(value);
  if (typeof value !== 'object' || value === null) return checked(value);
  const known = conversion.recall(value, depth);
  if (known !== undefined) return known;
  if (depth > 200) throw new Error('it is nested deeper than 200 levels (or a cycle)');
  const json = fromContainer(value, conversion, depth);
  conversion.remember(value, json, depth);
  return json;
}

function fromContainer(value: object, conversion: Conversion, depth: number): Json {
  if (Array.isArray(value)) return fromArray(value, conversion, depth);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null)
    return fromObject(value as Record<string, unknown>, conversion, depth);
  const inner: unknown = value.valueOf();
  return typeof inner === 'bigint' ? fromInteger(inner) : checked(value);
}

function fromArray(value: readonly unknown[], conversion: Conversion, depth: number): Json {
  let copy: Json[] | undefined;
  for (let index = 0; index < value.length; index += 1) {
    const before = value[index];
    const member = toJson(before, conversion, depth + 1);
    if (copy === undefined && member !== before) copy = value.slice(0, index) as Json[];
    copy?.push(member);
  }
  return copy ?? (value as readonly Json[]);
}

function fromObject(value: Readonly<Record<string, unknown>>, conversion: Conversion, depth: number): Json {
  // What a lazy record holds may be another thing later: it is copied as it is now.
  let copy: Record<string, Json> | undefined = isLazy(value) ? {} : undefined;
  const keys = Object.keys(value);
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index] as string;
    if (key === '__proto__') throw new Error('the key "__proto__" is refused');
    const before = value[key];
    const member = before === undefined ? undefined : toJson(before, conversion, depth + 1);
    if (copy === undefined && (member === undefined || member !== before)) {
      copy = {};
      for (const earlier of keys.slice(0, index)) copy[earlier] = value[earlier] as Json;
    }
    if (copy !== undefined && member !== undefined) copy[key] = member;
  }
  return copy ?? (value as Json);
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
