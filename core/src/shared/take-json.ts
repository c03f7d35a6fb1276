import { cycleProblem, type Json, placeOf } from './json.ts';

/** Nesting that plain JSON may have. */
const MAX_DEPTH = 200;

/** A copy of a value as plain JSON, or why there is none. `size`: characters of its JSON text. */
export type TakenJson =
  | { readonly ok: true; readonly value: Json; readonly size: number }
  /** In words, with the place: "at .a[2]: a function has no JSON form". */
  | { readonly ok: false; readonly reason: 'not-json'; readonly problem: string }
  /** The text would have more than `limit` characters; how many was not found out. */
  | { readonly ok: false; readonly reason: 'too-large' };

class Refusal extends Error {
  readonly outcome: TakenJson & { readonly ok: false };

  constructor(outcome: TakenJson & { readonly ok: false }) {
    super(outcome.reason);
    this.outcome = outcome;
  }
}

/**
 * Copies `value` as plain JSON in one walk that reads every member once and stops as soon as the text would be longer than `limit`:
 * however large the value is, or refers to itself, this costs no more than `limit` does. Cycles, `__proto__` keys, class
 * instances, numbers without a JSON form, and nesting deeper than 200 are refused; members of objects that are undefined are
 * dropped, as JSON does. Getters and proxies that throw make it throw what they threw.
 */
export function takeJson(value: unknown, limit: number): TakenJson {
  const walk = new Walk(limit);
  try {
    const copy = walk.take(value, '', 0);
    return { ok: true, value: copy, size: walk.size };
  } catch (error) {
    if (error instanceof Refusal) return error.outcome;
    throw error;
  }
}

class Walk {
  size = 0;
  readonly #limit: number;
  /** What the value at hand is in, from the top. */
  readonly #around: object[] = [];
  #dropped = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  take(value: unknown, path: string, depth: number): Json {
    switch (typeof value) {
      case 'string':
        this.#spend(textSize(value, this.#limit - this.size));
        return value;
      case 'boolean':
        this.#spend(value ? 4 : 5);
        return value;
      case 'number':
        if (!Number.isFinite(value)) throw refuse(path, `${value} has no JSON form`);
        this.#spend(String(value).length);
        return value === 0 ? 0 : value;
      case 'object':
        if (value === null) {
          this.#spend(4);
          return null;
        }
        if (depth > MAX_DEPTH) throw refuse(path, `nested deeper than ${MAX_DEPTH} levels`);
        return this.#takeInner(value, path, depth);
      default:
        throw refuse(path, `${typeof value} has no JSON form`);
    }
  }

  #takeInner(value: object, path: string, depth: number): Json {
    const cycle = cycleProblem(value, this.#around);
    if (cycle !== undefined) throw refuse(path, cycle);
    this.#around.push(value);
    const copy = Array.isArray(value) ? this.#takeArray(value, path, depth) : this.#takeObject(value, path, depth);
    this.#around.pop();
    return copy;
  }

  #takeArray(value: readonly unknown[], path: string, depth: number): Json {
    const { length } = value;
    // Brackets and commas; before anything is looked at, because a sparse array can be longer than memory.
    this.#spend(length === 0 ? 2 : length + 1);
    const copy: Json[] = [];
    for (let index = 0; index < length; index += 1) copy.push(this.take(value[index], `${path}[${index}]`, depth + 1));
    return copy;
  }

  #takeObject(value: object, path: string, depth: number): Json {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      const name = (value.constructor as { name?: unknown } | undefined)?.name;
      throw refuse(path, `an instance of ${typeof name === 'string' ? name : 'a class'}, not a plain object`);
    }
    const copy: Record<string, Json> = {};
    this.#spend(2);
    let first = true;
    for (const key of Object.keys(value)) {
      if (key === '__proto__') throw refuse(path, 'the key "__proto__" is refused');
      const member = (value as Record<string, unknown>)[key];
      if (member === undefined) {
        // Not part of the text, but looked at: so many of them that they alone pass the limit are too much, too.
        this.#dropped += 1;
        if (this.#dropped > this.#limit) throw new Refusal({ ok: false, reason: 'too-large' });
        continue;
      }
      this.#spend(textSize(key, this.#limit - this.size) + (first ? 1 : 2));
      first = false;
      copy[key] = this.take(member, `${path}.${key}`, depth + 1);
    }
    return copy;
  }

  #spend(chars: number): void {
    this.size += chars;
    if (this.size > this.#limit) throw new Refusal({ ok: false, reason: 'too-large' });
  }
}

const refuse = (path: string, problem: string): Refusal =>
  new Refusal({ ok: false, reason: 'not-json', problem: `${placeOf(path)}: ${problem}` });

// Control characters, quotes, backslashes and (lone) surrogates are what JSON.stringify may write longer than they are.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that JSON escapes.
const ESCAPED = /["\\\u0000-\u001f\ud800-\udfff]/;

/** Characters of the JSON text of a string; beyond `limit`, some number beyond it. */
export const textSize = (text: string, limit: number): number =>
  text.length > limit || !ESCAPED.test(text) ? text.length + 2 : JSON.stringify(text).length;
