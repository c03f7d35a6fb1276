import type { StandardSchemaV1 } from '@standard-schema/spec';
import { StepBudget } from '../../definition/cel/budget.ts';
import { matchesPattern } from '../../definition/cel/regular-expression.ts';
import { flawText, schemaFlaws } from '../../definition/schema/json-schema.ts';
import { schemaAt } from '../../definition/schema/schema-at.ts';
import { jsonSchemaOfInput } from '../../definition/values/schema-shape.ts';
import { RepriseError } from '../../shared/errors.ts';
import type { Json, JsonObject } from '../../shared/json.ts';

/** Tries before it is said that none can be made. */
const TRIES = 50;
const MAX_DEPTH = 12;
const MOST_ITEMS = 3;

/**
 * A value that fits a JSON Schema (2020-12), by chance: the same numbers make the same value. It takes `examples`, `enum` and `const` where they are
 * there. Throws REPRISE_INPUT_INVALID when none is found: a `pattern` that is not simple, what only `not` or `if` says.
 */
export function exampleOf(schema: Json, dice: () => number): Json {
  let flaw: string | undefined;
  for (let nth = 0; nth < TRIES; nth += 1) {
    const value = new Maker(schema, dice).make(schema, 0);
    const [first] = schemaFlaws(schema, value);
    if (first === undefined) return value;
    flaw = flawText(first);
  }
  throw noExample('the schema', flaw);
}

/** A value that a schema of a library takes, as its library checks it; `what` names the schema. Rejects as exampleOf() does. */
export async function exampleOfStandard(schema: StandardSchemaV1, what: string, dice: () => number): Promise<Json> {
  const json = jsonSchemaOfInput(schema) as Json | undefined;
  if (json === undefined) throw noExample(what, 'it gives no JSON Schema (zod does from 4.2 on)');
  let flaw: string | undefined;
  for (let nth = 0; nth < TRIES; nth += 1) {
    const value = new Maker(json, dice).make(json, 0);
    const { issues } = await schema['~standard'].validate(value);
    if (issues === undefined) return value;
    flaw = issues[0]?.message;
  }
  throw noExample(what, flaw);
}

const noExample = (what: string, flaw: string | undefined): RepriseError =>
  new RepriseError(
    'REPRISE_INPUT_INVALID',
    `No value could be made that fits ${what}${flaw === undefined ? '' : ` (of the last one tried: ${flaw})`}. Give the value itself, or add \`examples\` to the schema.`,
  );

class Maker {
  readonly #root: Json;
  readonly #dice: () => number;

  constructor(root: Json, dice: () => number) {
    this.#root = root;
    this.#dice = dice;
  }

  make(schema: Json | undefined, depth: number): Json {
    if (!isObject(schema)) return null;
    const at = (key: string): Json | undefined => schema[key];
    const { $ref } = schema;
    if (typeof $ref === 'string') return depth > MAX_DEPTH ? null : this.make(schemaAt(this.#root, $ref), depth + 1);
    const examples = at('examples');
    if (Array.isArray(examples) && examples.length > 0) return this.#one(examples as readonly Json[]);
    if ('const' in schema) return at('const') ?? null;
    const values = at('enum');
    if (Array.isArray(values)) return this.#one(values as readonly Json[]);
    const choices = at('oneOf') ?? at('anyOf');
    if (Array.isArray(choices)) {
      const { oneOf: _one, anyOf: _any, ...rest } = schema;
      return this.make(merged(rest, this.#one(choices as readonly Json[])), depth + 1);
    }
    const all = at('allOf');
    if (Array.isArray(all)) {
      const { allOf: _all, ...rest } = schema;
      return this.make((all as readonly Json[]).map((one) => this.#resolved(one)).reduce(merged, rest), depth + 1);
    }
    return this.#ofType(schema, depth);
  }

  #ofType(schema: JsonObject, depth: number): Json {
    const said = schema['type'];
    const type = Array.isArray(said) ? this.#one(said as readonly Json[]) : (said ?? guessed(schema));
    switch (type) {
      case 'boolean':
        return this.#dice() < 0.5;
      case 'integer':
        return Math.floor(this.#number(schema, 1));
      case 'number':
        return this.#number(schema, 0.01);
      case 'string':
        return this.#text(schema);
      case 'array':
        return this.#list(schema, depth);
      case 'object':
        return this.#object(schema, depth);
      default:
        return null;
    }
  }

  #number(schema: JsonObject, step: number): number {
    const limit = (name: string): number | undefined => {
      const value = schema[name];
      return typeof value === 'number' ? value : undefined;
    };
    const unit = limit('multipleOf') ?? step;
    const above = limit('exclusiveMinimum');
    const below = limit('exclusiveMaximum');
    const least = limit('minimum') ?? (above === undefined ? undefined : above + unit);
    const most = limit('maximum') ?? (below === undefined ? undefined : below - unit);
    // Zod says so of every integer: what is meant is any.
    const from = Math.max(least ?? Math.min(0, most ?? 0), -SAFE) === -SAFE ? 0 : (least ?? Math.min(0, most ?? 0));
    const to = most === undefined || most >= SAFE ? from + 100 : most;
    const first = Math.ceil(from / unit);
    const steps = Math.max(0, Math.floor(to / unit) - first);
    const value = (first + Math.floor(this.#dice() * (steps + 1))) * unit;
    return Number(value.toPrecision(12));
  }

  #text(schema: JsonObject): string {
    const { format, pattern, minLength, maxLength } = schema;
    const number = Math.floor(this.#dice() * 1000);
    if (typeof format === 'string') return FORMATS[format]?.(number) ?? `text ${number}`;
    if (typeof pattern === 'string') return this.#one(matching(guesses(number), pattern));
    const least = typeof minLength === 'number' ? minLength : 0;
    const most = typeof maxLength === 'number' ? maxLength : Math.max(least, 40);
    return `text ${number}`.padEnd(Math.min(least, 100_000), 'x').slice(0, most);
  }

  #list(schema: JsonObject, depth: number): Json {
    const { minItems, maxItems, items, prefixItems } = schema;
    const least =
      typeof minItems === 'number' ? minItems : depth > MAX_DEPTH ? 0 : Math.floor(this.#dice() * MOST_ITEMS);
    const count = Math.min(least, typeof maxItems === 'number' ? maxItems : least, 1000);
    const places = Array.isArray(prefixItems) ? (prefixItems as readonly Json[]) : [];
    return Array.from({ length: Math.max(count, places.length) }, (_, place) =>
      this.make(places[place] ?? items, depth + 1),
    );
  }

  #object(schema: JsonObject, depth: number): Json {
    const { properties, required, additionalProperties } = schema;
    const needed = new Set(Array.isArray(required) ? required.map(String) : []);
    const made: Record<string, Json> = {};
    for (const [key, one] of Object.entries(isObject(properties) ? properties : {}))
      if (needed.has(key) || (depth < MAX_DEPTH && this.#dice() < 0.8)) made[key] = this.make(one, depth + 1);
    for (const key of needed) if (!Object.hasOwn(made, key)) made[key] = this.make(additionalProperties, depth + 1);
    return made;
  }

  #resolved(schema: Json): Json {
    const reference = isObject(schema) ? schema['$ref'] : undefined;
    return typeof reference === 'string' ? (schemaAt(this.#root, reference) ?? schema) : schema;
  }

  #one<T>(list: readonly T[]): T {
    return list[Math.floor(this.#dice() * list.length)] as T;
  }
}

const SAFE = Number.MAX_SAFE_INTEGER;

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function guessed(schema: JsonObject): string {
  if ('properties' in schema || 'required' in schema) return 'object';
  if ('items' in schema || 'prefixItems' in schema) return 'array';
  if ('pattern' in schema || 'format' in schema || 'minLength' in schema) return 'string';
  return 'minimum' in schema || 'maximum' in schema ? 'number' : 'null';
}

/** Two schemas that both hold: members of objects together, for the rest the second. */
function merged(one: Json, other: Json): Json {
  if (!isObject(one) || !isObject(other)) return other;
  const both = (key: string): Json | undefined => {
    const [first, second] = [one[key], other[key]];
    if (isObject(first) && isObject(second)) return { ...first, ...second };
    if (Array.isArray(first) && Array.isArray(second)) return [...new Set([...first, ...second])];
    return second ?? first;
  };
  const [properties, required] = [both('properties'), both('required')];
  return {
    ...one,
    ...other,
    ...(properties === undefined ? {} : { properties }),
    ...(required === undefined ? {} : { required }),
  };
}

const two = (number: number, most: number): string => String(1 + (number % most)).padStart(2, '0');
const date = (number: number): string => `2026-${two(number, 12)}-${two(number, 28)}`;
const time = (number: number): string => `${two(number, 22)}:${two(number, 58)}:00Z`;

const FORMATS: Readonly<Record<string, (number: number) => string>> = {
  date,
  time,
  'date-time': (number) => `${date(number)}T${time(number)}`,
  duration: (number) => `PT${1 + number}M`,
  email: (number) => `person${number}@example.org`,
  hostname: (number) => `host${number}.example.org`,
  ipv4: (number) => `192.0.2.${number % 255}`,
  ipv6: (number) => `2001:db8::${(1 + number).toString(16)}`,
  uri: (number) => `https://example.org/${number}`,
  url: (number) => `https://example.org/${number}`,
  'uri-reference': (number) => `/${number}`,
  uuid: (number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
};

/** Those that fit; all of them when none does, or when nobody can say. */
function matching(texts: readonly string[], pattern: string): readonly string[] {
  try {
    const fitting = texts.filter((text) => matchesPattern(text, pattern, new StepBudget()));
    return fitting.length > 0 ? fitting : texts;
  } catch {
    return texts;
  }
}

/** What patterns of ids and codes often are. */
const guesses = (number: number): readonly string[] => {
  const digits = String(number).padStart(3, '0');
  const more = digits.repeat(4);
  return [
    digits,
    `a${digits}`,
    `A${digits}`,
    `A-${digits}`,
    `ABC-${digits}`,
    'abc',
    'ABC',
    'AB',
    'a',
    'abc-def',
    more.slice(0, 4),
    more.slice(0, 5),
    more.slice(0, 8),
    more,
    date(number),
    `person${number}@example.org`,
    `https://example.org/${number}`,
    FORMATS['uuid']?.(number) ?? '',
  ];
};
