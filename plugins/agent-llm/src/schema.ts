import { Validator } from '@cfworker/json-schema';
import type { Agent, Json, JsonObject } from '@reprise/core/plugin';

/** JSON Schema (draft 2020-12) as plain JSON, or a Standard Schema that gives one (zod, arktype, valibot with its own package …). */
export type GivenSchema = object;

/** A schema, as a model is told it, and as what a model says is held against it. */
export interface Schema {
  readonly json: JsonObject;
  /** Of what comes of it, for whoever checks a workflow: a Standard Schema that lets everything pass, since it was held against it here. */
  readonly told: StandardSchema;
  /** What the schema makes of a value, or what is wrong with it, in words for the model. */
  check(value: Json): Promise<{ readonly value: Json } | { readonly problems: readonly string[] }>;
}

type StandardSchema = NonNullable<Agent<never, Json>['outputSchema']>;

interface Standard {
  readonly validate: (value: unknown) => StandardResult | Promise<StandardResult>;
  readonly jsonSchema?: { readonly [side: string]: (options: { readonly target: string }) => unknown };
}

type StandardResult =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path?: readonly unknown[] }[] };

const TARGET = { target: 'draft-2020-12' };
/** Problems that a model is told. */
const MOST_PROBLEMS = 20;

const standardOf = (value: object): Standard | undefined => (value as { readonly '~standard'?: Standard })['~standard'];

export function isGivenSchema(value: unknown): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || Array.isArray(value))
    return false;
  const standard = standardOf(value);
  return standard === undefined || typeof standard.jsonSchema?.['input'] === 'function';
}

export function schemaOf(given: GivenSchema): Schema {
  const standard = standardOf(given);
  return standard === undefined ? plainSchema(given as JsonObject) : standardSchema(standard);
}

function plainSchema(json: JsonObject): Schema {
  const validator = new Validator(json as never, '2020-12', false);
  return {
    json,
    told: toldOf(json),
    async check(value) {
      const { valid, errors } = validator.validate(value);
      if (valid) return { value };
      // Of a schema in a schema, the innermost says what is wrong.
      const inner = errors.filter(({ keyword }) => !OUTER.has(keyword));
      const told = (inner.length > 0 ? inner : errors).map(
        ({ instanceLocation, error }) => `${instanceLocation}: ${error}`,
      );
      return { problems: told.slice(0, MOST_PROBLEMS) };
    },
  };
}

const OUTER: ReadonlySet<string> = new Set([
  'properties',
  'items',
  'prefixItems',
  '$ref',
  'allOf',
  'additionalProperties',
]);

function standardSchema({ validate, jsonSchema = {} }: Standard): Schema {
  return {
    // What a model is to say is what goes into the schema.
    json: (jsonSchema['input']?.(TARGET) ?? {}) as JsonObject,
    told: toldOf(jsonSchema['output']),
    async check(value) {
      const result = await validate(value);
      if (result.issues === undefined) return { value: result.value as Json };
      const told = result.issues.map(({ path = [], message }) => `#/${path.map(stepOf).join('/')}: ${message}`);
      return { problems: told.slice(0, MOST_PROBLEMS) };
    },
  };
}

/** A schema that cannot say what it makes (a transform) says nothing. */
function toldOf(json: JsonObject | NonNullable<Standard['jsonSchema']>[string] | undefined): StandardSchema {
  const output = typeof json === 'function' ? json : () => json;
  const standard = { version: 1, vendor: 'reprise', validate: (value: unknown) => ({ value }), jsonSchema: { output } };
  return { '~standard': standard } as unknown as StandardSchema;
}

const stepOf = (step: unknown): string =>
  String(typeof step === 'object' && step !== null ? (step as { readonly key?: unknown }).key : step);
