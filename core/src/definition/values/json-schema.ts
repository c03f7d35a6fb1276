import { type Form, NONE, NULL, type ObjectForm, type Shape, STRING, union, unionOf } from './shape.ts';

type Schema = Readonly<Record<string, unknown>>;

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** References in a row that are followed: they may go in a circle. */
const MAX_REFERENCES = 20;

/**
 * What a JSON Schema (2020-12, draft 7, OpenAPI 3.0) lets through. What it says that is not understood here only narrows that: so the shape
 * is never too narrow. A member is known not to be there only where `additionalProperties` is false.
 */
export const shapeOfSchema = (schema: unknown): Shape => shapeIn(schema, schema, 0);

function shapeIn(schema: unknown, root: unknown, references: number): Shape {
  if (!isSchema(schema)) return undefined;
  const { $ref, anyOf, oneOf, enum: values, type } = schema;
  if (typeof $ref === 'string') {
    return references >= MAX_REFERENCES ? undefined : shapeIn(resolve($ref, root), root, references + 1);
  }
  const choices = Array.isArray(anyOf) ? anyOf : oneOf;
  if (Array.isArray(choices)) return unionOf(choices.map((one) => shapeIn(one, root, references + 1)));
  if ('const' in schema) return shapeOfKind(kindOfValue(schema['const']), schema, root);
  if (Array.isArray(values)) return unionOf(values.map((one) => shapeOfKind(kindOfValue(one), schema, root)));
  const kinds = Array.isArray(type) ? type : [type];
  return union(...kinds.map((kind) => shapeOfKind(kind, schema, root)), schema['nullable'] === true ? NULL : []);
}

function resolve(reference: string, root: unknown): unknown {
  if (reference === '#') return root;
  if (!reference.startsWith('#/')) return undefined;
  let found = root;
  for (const part of reference.slice(2).split('/')) {
    const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
    found = isSchema(found) && Object.hasOwn(found, key) ? found[key] : undefined;
  }
  return found;
}

function kindOfValue(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function shapeOfKind(kind: unknown, schema: Schema, root: unknown): Shape {
  switch (kind) {
    case 'null':
    case 'boolean':
    case 'number':
      return [{ kind }];
    case 'integer':
      return [{ kind: 'number' }];
    case 'string':
      return STRING;
    case 'array':
      return [{ kind: 'list', item: () => itemIn(schema, root) }];
    case 'object':
      return [objectIn(schema, root)];
    default:
      return undefined;
  }
}

function itemIn({ items, prefixItems, additionalItems }: Schema, root: unknown): Shape {
  const first = Array.isArray(prefixItems) ? prefixItems : Array.isArray(items) ? items : [];
  const rest = Array.isArray(items) ? additionalItems : items;
  const others: Shape = rest === false ? [] : shapeIn(rest, root, 0);
  const found = union(...first.map((one) => shapeIn(one, root, 0)), others);
  return found?.length === 0 ? undefined : found;
}

function objectIn(schema: Schema, root: unknown): Form {
  const { properties, additionalProperties, patternProperties, required, allOf } = schema;
  const known = isSchema(properties) ? properties : {};
  const closed = additionalProperties === false && !isSchema(patternProperties) && isSchema(properties);
  const form: ObjectForm = {
    kind: 'object',
    names: Object.keys(known),
    member: (name) => {
      if (Object.hasOwn(known, name)) return shapeIn(known[name], root, 0);
      return closed ? NONE : isSchema(patternProperties) ? undefined : shapeIn(additionalProperties, root, 0);
    },
    required: Array.isArray(required) ? required.filter((one) => typeof one === 'string') : [],
    plain: additionalProperties === undefined && patternProperties === undefined && allOf === undefined,
  };
  return form;
}
