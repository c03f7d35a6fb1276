import { didYouMean } from '../../../definition/did-you-mean.ts';
import { describe, isFields } from '../../../definition/form/read.ts';
import type { JsonObject } from '../../../shared/json.ts';
import { isTraceparent } from '../../../shared/trace.ts';

/** What is wrong with a value that came from outside, and where: `data.definition.tasks[2].retry`. */
export interface Flaw {
  readonly field: string;
  readonly problem: string;
}

/** Looks at one value of plain JSON. Returns its first flaw, or nothing. Never throws. */
export interface Shape {
  (value: unknown, field: string): Flaw | undefined;
  /** See schemaOf(). Absent of a check that is written out. */
  readonly schema?: () => JsonObject;
}

/** Gives a check that is nobody else's its schema. */
export const withSchema = (check: Shape, schema: () => JsonObject): Shape => Object.assign(check, { schema });

/** The same with another schema. */
export const described = (shape: Shape, more: (schema: JsonObject) => JsonObject): Shape =>
  withSchema(
    (value, field) => shape(value, field),
    () => more(schemaOf(shape)),
  );

/**
 * What the shape takes, as JSON Schema (2020-12, and draft 7: it has no keyword that one of them reads otherwise). Whatever the shape takes fits the
 * schema. What fits it may be refused all the same where JSON Schema cannot say why: then `description` says it. Throws of a shape without one.
 */
export function schemaOf({ schema }: Shape): JsonObject {
  if (schema === undefined) throw new Error('A shape that is to be published says nothing of itself: withSchema().');
  return schema();
}

/** The last moment that is taken for a time: the end of the year 9999, in ms since the epoch. `Date` can show all up to it. */
export const LATEST_TIME = 253_402_300_799_999;

const must = (what: string, value: unknown, field: string): Flaw => ({
  field,
  problem: `must be ${what}, not ${describe(value)}`,
});

export const anyJson: Shape = withSchema(
  () => undefined,
  () => ({}),
);

/** Characters are UTF-16 code units here, and code points in a schema: no text has fewer of the first. */
export const text = (max: number, min = 0): Shape =>
  withSchema(
    (value, field) => {
      if (typeof value !== 'string') return must('text', value, field);
      if (value.length >= min && value.length <= max) return undefined;
      return { field, problem: `must have ${min} to ${max} characters, not ${value.length}` };
    },
    () => ({ type: 'string', ...(min > 0 && { minLength: Math.ceil(min / 2) }), maxLength: max }),
  );

export const passing = (test: (text: string) => boolean, what: string): Shape =>
  withSchema(
    (value, field) => (typeof value === 'string' && test(value) ? undefined : must(what, value, field)),
    () => ({ type: 'string', description: what }),
  );

export const matching = (pattern: RegExp, what: string): Shape =>
  described(
    passing((text) => pattern.test(text), what),
    (schema) => (pattern.flags === '' ? { ...schema, pattern: pattern.source } : schema),
  );

export const integer = (min: number, max = Number.MAX_SAFE_INTEGER): Shape =>
  withSchema(
    (value, field) => {
      if (Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max) return undefined;
      return must(`a whole number from ${min} to ${max}`, value, field);
    },
    () => ({ type: 'integer', minimum: min, maximum: max }),
  );

/** Finite: JSON has no other, but one like 1e999 is read as Infinity. */
export const number: Shape = withSchema(
  (value, field) => (Number.isFinite(value) ? undefined : must('a finite number', value, field)),
  () => ({ type: 'number' }),
);

export const flag: Shape = withSchema(
  (value, field) => (typeof value === 'boolean' ? undefined : must('true or false', value, field)),
  () => ({ type: 'boolean' }),
);

export const oneOf = (...choices: readonly (string | number | boolean)[]): Shape =>
  withSchema(
    (value, field) =>
      choices.some((choice) => choice === value)
        ? undefined
        : must(choices.map((choice) => JSON.stringify(choice)).join(' or '), value, field),
    () => ({ enum: choices }),
  );

export const time: Shape = withSchema(
  (value, field) => {
    if (Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= LATEST_TIME) return undefined;
    return must('a time (whole ms since the epoch, to the end of the year 9999)', value, field);
  },
  () => ({ type: 'integer', minimum: 0, maximum: LATEST_TIME, description: 'ms since the epoch' }),
);

export const digest = matching(/^[0-9a-f]{64}$/, 'a SHA-256 (64 hex digits)');

export const traceparent = passing(isTraceparent, 'a W3C traceparent');

export const listOf = (member: Shape, max = Number.MAX_SAFE_INTEGER): Shape =>
  withSchema(
    (value, field) => {
      if (!Array.isArray(value)) return must('a list', value, field);
      if (value.length > max) return { field, problem: `must have at most ${max} members, not ${value.length}` };
      for (let index = 0; index < value.length; index += 1) {
        const flaw = member(value[index], `${field}[${index}]`);
        if (flaw !== undefined) return flaw;
      }
      return undefined;
    },
    () => ({ type: 'array', items: schemaOf(member), ...(max < Number.MAX_SAFE_INTEGER && { maxItems: max }) }),
  );

type Fields = Readonly<Record<string, Shape>>;

/** An object with exactly these fields; those in `optional` may be absent. A field that is not named is refused. */
export function fieldsOf(required: Fields, optional: Fields = {}): Shape {
  const known = new Set([...Object.keys(required), ...Object.keys(optional)]);
  return withSchema(
    (value, field) => fieldsFlaw(value, field, required, optional) ?? unknownFlaw(value as object, field, known),
    () => ({ ...objectSchema(required, optional), additionalProperties: false }),
  );
}

/** The same, but fields that are not named are passed over: whoever sends may be newer. */
export const openFieldsOf = (required: Fields, optional: Fields = {}): Shape =>
  withSchema(
    (value, field) => fieldsFlaw(value, field, required, optional),
    () => objectSchema(required, optional),
  );

const within = (field: string, key: string): string => (field === '' ? key : `${field}.${key}`);

function fieldsFlaw(value: unknown, field: string, required: Fields, optional: Fields): Flaw | undefined {
  if (!isFields(value)) return must('an object', value, field);
  for (const [key, shape] of Object.entries(required)) {
    if (!Object.hasOwn(value, key)) return { field: within(field, key), problem: 'is missing' };
    const flaw = shape(value[key], within(field, key));
    if (flaw !== undefined) return flaw;
  }
  for (const key of Object.keys(value)) {
    const flaw = Object.hasOwn(optional, key) ? optional[key]?.(value[key], within(field, key)) : undefined;
    if (flaw !== undefined) return flaw;
  }
  return undefined;
}

function unknownFlaw(value: object, field: string, known: ReadonlySet<string>): Flaw | undefined {
  const key = Object.keys(value).find((one) => !known.has(one));
  if (key === undefined) return undefined;
  const problem = `is not a field that this build knows${didYouMean(key.slice(0, 64), [...known])}`;
  return { field: within(field, key), problem };
}

function objectSchema(required: Fields, optional: Fields): JsonObject {
  const names = Object.keys(required);
  const properties = Object.fromEntries(
    Object.entries({ ...required, ...optional }).map(([name, shape]) => [name, schemaOf(shape)]),
  );
  return { type: 'object', properties, ...(names.length > 0 && { required: names }) };
}

/** An object whose every member has the shape. */
export const recordOf = (member: Shape): Shape =>
  withSchema(
    (value, field) => {
      if (!isFields(value)) return must('an object', value, field);
      for (const [key, one] of Object.entries(value)) {
        const flaw = member(one, `${field}.${key}`);
        if (flaw !== undefined) return flaw;
      }
      return undefined;
    },
    () => ({ type: 'object', additionalProperties: schemaOf(member) }),
  );

/** An object whose field `key` says which of the shapes it has. */
export const byKind = (key: string, kinds: Readonly<Record<string, Shape>>): Shape =>
  withSchema(
    (value, field) => {
      if (!isFields(value)) return must('an object', value, field);
      const kind = value[key];
      const shape = typeof kind === 'string' && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
      return shape === undefined ? oneOf(...Object.keys(kinds))(kind, `${field}.${key}`) : shape(value, field);
    },
    () => ({ oneOf: Object.values(kinds).map(schemaOf) }),
  );
