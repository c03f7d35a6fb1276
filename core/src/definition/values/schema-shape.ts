import type { StandardSchemaV1 } from '@standard-schema/spec';
import { shapeOfSchema } from './json-schema.ts';
import type { Shape } from './shape.ts';

/** `input`: what a schema takes. `output`: what it gives. */
export type Side = 'input' | 'output';

const known: Readonly<Record<Side, WeakMap<object, { readonly shape: Shape }>>> = {
  input: new WeakMap(),
  output: new WeakMap(),
};

/** What is known of the values that a schema takes or gives. Undefined when its library does not tell. Never throws. */
export function shapeOfStandard(schema: StandardSchemaV1 | undefined, side: Side): Shape {
  if (schema === undefined) return undefined;
  const found = known[side].get(schema);
  if (found !== undefined) return found.shape;
  const shape = shapeOfSchema(jsonSchemaOf(schema, side));
  known[side].set(schema, { shape });
  return shape;
}

type Export = (options: Readonly<Record<string, unknown>>) => unknown;

/** The JSON Schema of what a schema takes; undefined when its library does not tell. Never throws. */
export const jsonSchemaOfInput = (schema: StandardSchemaV1): unknown => jsonSchemaOf(schema, 'input');

/** By Standard JSON Schema, else by the export of the library itself: zod's, and that of whoever does as it does. */
function jsonSchemaOf(schema: StandardSchemaV1, side: Side): unknown {
  // What has no form in JSON Schema is anything, instead of an error about the whole.
  const libraryOptions = { unrepresentable: 'any' };
  const standard = schema['~standard'] as { readonly jsonSchema?: Partial<Record<Side, Export>> };
  const own = schema as { readonly toJSONSchema?: Export };
  for (const target of ['draft-2020-12', 'draft-07']) {
    const found =
      told(standard.jsonSchema, side, { target, libraryOptions }) ??
      told(standard.jsonSchema, side, { target }) ??
      told(own, 'toJSONSchema', { target: target.replace('draft-0', 'draft-'), io: side, ...libraryOptions });
    if (found !== undefined) return found;
  }
  return undefined;
}

function told<Key extends string>(
  of: Partial<Record<Key, Export>> | undefined,
  key: Key,
  options: Readonly<Record<string, unknown>>,
): unknown {
  try {
    return of?.[key]?.(options);
  } catch {
    // The library cannot say it in JSON Schema: nothing is known then.
    return undefined;
  }
}
