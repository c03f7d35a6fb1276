import type { Json, JsonObject } from '../../shared/json.ts';
import { StepBudget } from '../cel/budget.ts';
import { matchesPattern } from '../cel/regular-expression.ts';
import { fitsFormat } from './formats.ts';
import { isSameJson } from './same-json.ts';
import { schemaAt } from './schema-at.ts';
import { shown } from './shown.ts';

// JSON Schema 2020-12, interpreted. Linear regular expressions, a budget of steps and a limit of depth, so that neither a schema nor a value can
// keep the process busy. Which keywords there are, and which are refused, is said in keywords.ts.

/** What is wrong with a value, and where: `.items[2].price`; '' is the whole. */
export interface SchemaFlaw {
  readonly path: string;
  readonly problem: string;
}

/** A flaw in words. */
export const flawText = ({ path, problem }: SchemaFlaw): string => `${path === '' ? 'it' : path} ${problem}`;

/** Flaws that are told. */
const MAX_FLAWS = 20;
/** Schemas within one another, those that `$ref` leads to included. */
const MAX_DEPTH = 200;
const STEPS = 200_000;

/** What of `value` does not fit; empty when all does. Pure; never throws: a value that is too much work to check has that flaw. */
export function schemaFlaws(schema: Json, value: Json): readonly SchemaFlaw[] {
  const check = new Check(schema);
  try {
    check.value(schema, value, '', 0);
    return check.flaws;
  } catch {
    return [{ path: '', problem: 'is too much work to check against its schema' }];
  }
}

class Check {
  readonly #root: Json;
  readonly #budget: StepBudget;
  flaws: SchemaFlaw[] = [];

  constructor(root: Json, budget = new StepBudget(STEPS)) {
    this.#root = root;
    this.#budget = budget;
  }

  /** Notes what does not fit, and says whether all does. */
  value(schema: Json | undefined, value: Json, path: string, depth: number): boolean {
    if (schema === undefined || schema === true) return true;
    this.#budget.spend(1);
    if (depth > MAX_DEPTH) throw new RangeError('too deep');
    if (schema === false) return this.#flaw(path, 'is not allowed here');
    if (!isObject(schema)) return true;
    const before = this.flaws.length;
    this.#basics(schema, value, path);
    if (typeof value === 'string') this.#text(schema, value, path);
    if (typeof value === 'number') this.#number(schema, value, path);
    if (Array.isArray(value)) this.#list(schema, value as readonly Json[], path, depth + 1);
    else if (isObject(value)) this.#object(schema, value, path, depth + 1);
    this.#others(schema, value, path, depth + 1);
    return this.flaws.length === before;
  }

  #flaw(path: string, problem: string): false {
    // The count has to go on, so that whoever compares it sees that there was one.
    this.flaws.push({ path, problem });
    if (this.flaws.length > MAX_FLAWS) this.flaws.length = MAX_FLAWS;
    return false;
  }

  /** Whether it fits, with nothing noted. */
  #fits(schema: Json | undefined, value: Json, path: string, depth: number): boolean {
    const { flaws } = this;
    this.flaws = [];
    try {
      return this.value(schema, value, path, depth);
    } finally {
      this.flaws = flaws;
    }
  }

  #basics(schema: JsonObject, value: Json, path: string): void {
    const { type, enum: choices, const: only } = schema;
    const types = (Array.isArray(type) ? type : type === undefined ? [] : [type]) as readonly Json[];
    if (types.length > 0 && !types.some((one) => isOfType(value, one)))
      this.#flaw(path, `must be ${types.map(nameOf).join(' or ')}, not ${shown(value)}`);
    if (Array.isArray(choices)) {
      this.#budget.spendOnValue(choices);
      if (!choices.some((one: Json) => this.#same(one, value)))
        this.#flaw(path, `must be ${choices.slice(0, 20).map(shown).join(' or ')}, not ${shown(value)}`);
    }
    if (only !== undefined && !this.#same(only, value)) this.#flaw(path, `must be ${shown(only)}, not ${shown(value)}`);
  }

  #same(one: Json, other: Json): boolean {
    this.#budget.spendOnComparison(one, other);
    return isSameJson(one, other);
  }

  #text(schema: JsonObject, value: string, path: string): void {
    const { minLength, maxLength, pattern, format } = schema;
    if (minLength !== undefined || maxLength !== undefined) {
      this.#budget.spendOnValue(value);
      const size = [...value].length;
      if (isBelow(size, minLength)) this.#flaw(path, `must have ${minLength} characters at least, not ${size}`);
      if (isAbove(size, maxLength)) this.#flaw(path, `must have ${maxLength} characters at most, not ${size}`);
    }
    if (typeof pattern === 'string' && !matchesPattern(value, pattern, this.#budget))
      this.#flaw(path, `does not match ${pattern}: ${shown(value)}`);
    if (typeof format === 'string' && !fitsFormat(format, value))
      this.#flaw(path, `must be text of the format ${format}, not ${shown(value)}`);
  }

  #number(schema: JsonObject, value: number, path: string): void {
    const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
    if (isBelow(value, minimum)) this.#flaw(path, `must be ${minimum} at least, not ${value}`);
    if (isAbove(value, maximum)) this.#flaw(path, `must be ${maximum} at most, not ${value}`);
    if (typeof exclusiveMinimum === 'number' && value <= exclusiveMinimum)
      this.#flaw(path, `must be above ${exclusiveMinimum}, not ${value}`);
    if (typeof exclusiveMaximum === 'number' && value >= exclusiveMaximum)
      this.#flaw(path, `must be below ${exclusiveMaximum}, not ${value}`);
    if (typeof multipleOf === 'number' && multipleOf > 0 && !isMultiple(value, multipleOf))
      this.#flaw(path, `must be a multiple of ${multipleOf}, not ${value}`);
  }

  #list(schema: JsonObject, value: readonly Json[], path: string, depth: number): void {
    const { minItems, maxItems, uniqueItems, prefixItems, items, contains, minContains = 1, maxContains } = schema;
    const size = value.length;
    if (isBelow(size, minItems)) this.#flaw(path, `must have ${minItems} members at least, not ${size}`);
    if (isAbove(size, maxItems)) this.#flaw(path, `must have ${maxItems} members at most, not ${size}`);
    const first = Array.isArray(prefixItems) ? (prefixItems as readonly Json[]) : [];
    for (const [index, member] of value.entries())
      this.value(index < first.length ? first[index] : items, member, `${path}[${index}]`, depth);
    if (contains !== undefined) {
      const found = value.filter((member, index) => this.#fits(contains, member, `${path}[${index}]`, depth)).length;
      if (isBelow(found, minContains) || isAbove(found, maxContains))
        this.#flaw(
          path,
          `must have ${minContains}${maxContains === undefined ? '' : ` to ${shown(maxContains)}`} members that fit \`contains\`, not ${found}`,
        );
    }
    if (uniqueItems === true) {
      const twice = value.findIndex((member, index) => value.slice(0, index).some((one) => this.#same(one, member)));
      if (twice >= 0) this.#flaw(`${path}[${twice}]`, 'is there twice');
    }
  }

  #object(schema: JsonObject, value: JsonObject, path: string, depth: number): void {
    const { minProperties, maxProperties, required, properties, patternProperties, additionalProperties } = schema;
    const keys = Object.keys(value);
    this.#budget.spendOnValue(keys);
    if (isBelow(keys.length, minProperties)) this.#flaw(path, `must have ${minProperties} members at least`);
    if (isAbove(keys.length, maxProperties)) this.#flaw(path, `must have ${maxProperties} members at most`);
    this.#required(required, value, path);
    const known = isObject(properties) ? properties : {};
    const patterns = isObject(patternProperties) ? Object.entries(patternProperties) : [];
    for (const key of keys) {
      const member = value[key] as Json;
      const at = `${path}.${key}`;
      let isKnown = false;
      if (Object.hasOwn(known, key)) {
        isKnown = true;
        this.value(known[key], member, at, depth);
      }
      for (const [pattern, one] of patterns) {
        if (!matchesPattern(key, pattern, this.#budget)) continue;
        isKnown = true;
        this.value(one, member, at, depth);
      }
      if (!isKnown) this.value(additionalProperties, member, at, depth);
      if (schema['propertyNames'] !== undefined && !this.#fits(schema['propertyNames'], key, at, depth))
        this.#flaw(at, 'has a name that is not allowed');
    }
    const { dependentRequired, dependentSchemas } = schema;
    for (const [key, names] of Object.entries(isObject(dependentRequired) ? dependentRequired : {}))
      if (Object.hasOwn(value, key)) this.#required(names, value, path);
    for (const [key, one] of Object.entries(isObject(dependentSchemas) ? dependentSchemas : {}))
      if (Object.hasOwn(value, key)) this.value(one, value, path, depth);
  }

  #required(names: Json | undefined, value: JsonObject, path: string): void {
    for (const name of Array.isArray(names) ? (names as readonly string[]) : [])
      if (!Object.hasOwn(value, name)) this.#flaw(`${path}.${name}`, 'is missing');
  }

  #others(schema: JsonObject, value: Json, path: string, depth: number): void {
    const { $ref, allOf, anyOf, oneOf, not, if: condition } = schema;
    if (typeof $ref === 'string') this.value(schemaAt(this.#root, $ref), value, path, depth);
    for (const one of listOf(allOf)) this.value(one, value, path, depth);
    if (anyOf !== undefined && !listOf(anyOf).some((one) => this.#fits(one, value, path, depth)))
      this.#flaw(path, `fits none of the ${listOf(anyOf).length} schemas of \`anyOf\``);
    if (oneOf !== undefined) {
      const found = listOf(oneOf).filter((one) => this.#fits(one, value, path, depth)).length;
      if (found !== 1)
        this.#flaw(path, `must fit one of the ${listOf(oneOf).length} schemas of \`oneOf\`, and fits ${found}`);
    }
    if (not !== undefined && this.#fits(not, value, path, depth)) this.#flaw(path, 'fits what it must `not`');
    if (condition !== undefined)
      this.value(this.#fits(condition, value, path, depth) ? schema['then'] : schema['else'], value, path, depth);
  }
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : []);

const isBelow = (value: number, limit: Json | undefined): boolean => typeof limit === 'number' && value < limit;
const isAbove = (value: number, limit: Json | undefined): boolean => typeof limit === 'number' && value > limit;

/** As near as doubles come: 0.3 is a multiple of 0.1. */
function isMultiple(value: number, of: number): boolean {
  const times = value / of;
  return Math.abs(times - Math.round(times)) <= Number.EPSILON * Math.max(1, Math.abs(times));
}

function isOfType(value: Json, type: Json): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

const NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  array: 'a list',
  object: 'an object',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
};

const nameOf = (type: Json): string => NAMES[String(type)] ?? String(type);
