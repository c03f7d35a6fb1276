import { RE2JS } from '@bufbuild/re2';
import type { Json, JsonObject } from '../../shared/json.ts';
import { MAX_PATTERN_CHARS } from '../cel/regular-expression.ts';
import { didYouMean } from '../did-you-mean.ts';
import type { Path, Report } from '../problem.ts';
import { schemaAt } from './schema-at.ts';
import { shown } from './shown.ts';

/** Characters of a schema's JSON, and schemas within one another. */
export const MAX_SCHEMA_CHARS = 64 * 1024;
const MAX_LEVELS = 32;

type Kind =
  | 'schema'
  | 'schemas'
  | 'schemasByName'
  | 'text'
  | 'count'
  | 'number'
  | 'texts'
  | 'flag'
  | 'any'
  | 'types'
  | 'pattern'
  | 'list'
  | 'textsByName';

/** The keywords of JSON Schema 2020-12 that a form may use. Any other would be passed over in silence, and is refused. */
const KEYWORDS: Readonly<Record<string, Kind>> = {
  ...{ $schema: 'text', $comment: 'text', $defs: 'schemasByName', definitions: 'schemasByName', $ref: 'text' },
  ...{ title: 'text', description: 'text', default: 'any', examples: 'list', format: 'text' },
  ...{ deprecated: 'flag', readOnly: 'flag', writeOnly: 'flag', contentMediaType: 'text', contentEncoding: 'text' },
  ...{ type: 'types', enum: 'list', const: 'any' },
  ...{ minLength: 'count', maxLength: 'count', pattern: 'pattern' },
  ...{ minimum: 'number', maximum: 'number', exclusiveMinimum: 'number', exclusiveMaximum: 'number' },
  ...{ multipleOf: 'number', minItems: 'count', maxItems: 'count', uniqueItems: 'flag', prefixItems: 'schemas' },
  ...{ items: 'schema', contains: 'schema', minContains: 'count', maxContains: 'count' },
  ...{ minProperties: 'count', maxProperties: 'count', required: 'texts', properties: 'schemasByName' },
  ...{ patternProperties: 'schemasByName', additionalProperties: 'schema', propertyNames: 'schema' },
  ...{ dependentRequired: 'textsByName', dependentSchemas: 'schemasByName' },
  ...{ allOf: 'schemas', anyOf: 'schemas', oneOf: 'schemas', not: 'schema' },
  ...({ if: 'schema', then: 'schema', else: 'schema' } as const),
} as const;

/** Keywords whose schemas are about the same value: a circle of them has no end. */
const IN_PLACE = ['$ref', 'allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else', 'dependentSchemas'] as const;

const TYPES = ['null', 'boolean', 'object', 'array', 'number', 'integer', 'string'];

/** Reports why a schema cannot be that of a form: its keywords, their values, references that are not local, patterns, circles, its size. */
export function checkSchema(schema: Json, path: Path, report: Report): void {
  const size = JSON.stringify(schema).length;
  if (size > MAX_SCHEMA_CHARS)
    return report(path, `has ${size} characters of JSON; a schema may have ${MAX_SCHEMA_CHARS}`);
  let sound = true;
  const tell: Report = (at, problem) => {
    sound = false;
    report(at, problem);
  };
  new Walk(schema, tell).schema(schema, path, 0);
  if (sound) checkCircles(schema, path, report);
}

class Walk {
  readonly #root: Json;
  readonly #report: Report;

  constructor(root: Json, report: Report) {
    this.#root = root;
    this.#report = report;
  }

  schema(schema: Json, path: Path, level: number): void {
    if (typeof schema === 'boolean') return;
    if (!isObject(schema)) return this.#report(path, `must be a JSON Schema (an object), not ${shown(schema)}`);
    if (level > MAX_LEVELS) return this.#report(path, `is nested deeper than ${MAX_LEVELS} levels`);
    for (const [key, value] of Object.entries(schema)) {
      const at = [...path, key];
      if (key.startsWith('x-')) continue;
      const kind = Object.hasOwn(KEYWORDS, key) ? KEYWORDS[key] : undefined;
      if (kind === undefined)
        this.#report(
          at,
          `is no keyword that forms know${didYouMean(key, Object.keys(KEYWORDS))}; what is for programs alone begins with x-`,
        );
      else this.#value(kind, value, at, level + 1);
    }
    const { $ref } = schema;
    if (typeof $ref !== 'string') return;
    if (!$ref.startsWith('#'))
      this.#report(
        [...path, '$ref'],
        `${shown($ref)} leads out of the schema; inside one, references are local: "#/$defs/…"`,
      );
    else if (schemaAt(this.#root, $ref) === undefined) this.#report([...path, '$ref'], `${shown($ref)} leads nowhere`);
  }

  #value(kind: Kind, value: Json, path: Path, level: number): void {
    const must = (what: string): void => this.#report(path, `must be ${what}, not ${shown(value)}`);
    const list = Array.isArray(value) ? (value as readonly Json[]) : undefined;
    const isText = (one: Json): boolean => typeof one === 'string';
    switch (kind) {
      case 'any':
        return;
      case 'schema':
        return this.schema(value, path, level);
      case 'schemas':
        if (list === undefined || list.length === 0) return must('a list of schemas');
        for (const [index, one] of list.entries()) this.schema(one, [...path, index], level);
        return;
      case 'schemasByName':
        if (!isObject(value)) return must('an object of schemas');
        for (const [name, one] of Object.entries(value)) {
          if (path.at(-1) === 'patternProperties') this.#pattern(name, [...path, name]);
          this.schema(one, [...path, name], level);
        }
        return;
      case 'textsByName':
        if (!isObject(value) || !Object.values(value).every((one) => Array.isArray(one) && one.every(isText)))
          must('an object of lists of texts');
        return;
      case 'text':
        return isText(value) ? undefined : must('text');
      case 'pattern':
        return typeof value === 'string' ? this.#pattern(value, path) : must('text');
      case 'flag':
        return typeof value === 'boolean' ? undefined : must('true or false');
      case 'number':
        if (typeof value !== 'number') return must('a number');
        return path.at(-1) === 'multipleOf' && value <= 0 ? must('above 0') : undefined;
      case 'count':
        return Number.isSafeInteger(value) && Number(value) >= 0 ? undefined : must('a whole number from 0');
      case 'list':
        return list === undefined ? must('a list') : undefined;
      case 'texts':
        return list?.every(isText) === true ? undefined : must('a list of texts');
      case 'types': {
        const types = list ?? [value];
        const known = types.length > 0 && types.every((one) => TYPES.includes(String(one)));
        return known ? undefined : must(`one of ${TYPES.join(', ')}, or a list of them`);
      }
      default:
        return kind satisfies never;
    }
  }

  #pattern(pattern: string, path: Path): void {
    if (pattern.length > MAX_PATTERN_CHARS)
      return this.#report(path, `is a pattern of more than ${MAX_PATTERN_CHARS} characters`);
    try {
      RE2JS.compile(pattern);
    } catch {
      this.#report(path, `${shown(pattern)} is no pattern of RE2, which has neither look-around nor back-references`);
    }
  }
}

/** A schema that comes to itself again without having gone into the value would be asked for ever. */
function checkCircles(root: Json, path: Path, report: Report): void {
  const done = new Set<Json>();
  const around = new Set<Json>();
  const visit = (schema: Json | undefined): boolean => {
    if (!isObject(schema) || done.has(schema)) return false;
    if (around.has(schema)) return true;
    around.add(schema);
    const isCircle = inPlace(root, schema).some(visit);
    around.delete(schema);
    done.add(schema);
    return isCircle;
  };
  const all = [root];
  for (const schema of all) {
    if (!isObject(schema)) continue;
    if (visit(schema))
      return report(path, 'goes round in circles: a `$ref` leads back to where it is, with the same value');
    for (const value of Object.values(schema)) {
      if (typeof value === 'object' && value !== null) all.push(value as Json);
    }
  }
}

const inPlace = (root: Json, schema: JsonObject): readonly (Json | undefined)[] =>
  IN_PLACE.flatMap((key): readonly (Json | undefined)[] => {
    const value = schema[key];
    if (typeof value === 'string') return [schemaAt(root, value)];
    if (Array.isArray(value)) return value as readonly Json[];
    return key === 'dependentSchemas' && isObject(value) ? Object.values(value) : [value];
  });

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
