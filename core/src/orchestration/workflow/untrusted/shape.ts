import { didYouMean } from '../../../definition/did-you-mean.ts';
import { describe, isFields } from '../../../definition/form/read.ts';
import { isTraceparent } from '../../../shared/trace.ts';

/** What is wrong with a value that came from outside, and where: `data.definition.tasks[2].retry`. */
export interface Flaw {
  readonly field: string;
  readonly problem: string;
}

/** Looks at one value of plain JSON. Returns its first flaw, or nothing. Never throws. */
export type Shape = (value: unknown, field: string) => Flaw | undefined;

/** The last moment that is taken for a time: the end of the year 9999, in ms since the epoch. `Date` can show all up to it. */
export const LATEST_TIME = 253_402_300_799_999;

const must = (what: string, value: unknown, field: string): Flaw => ({
  field,
  problem: `must be ${what}, not ${describe(value)}`,
});

export const anyJson: Shape = () => undefined;

export const text =
  (max: number, min = 0): Shape =>
  (value, field) => {
    if (typeof value !== 'string') return must('text', value, field);
    if (value.length >= min && value.length <= max) return undefined;
    return { field, problem: `must have ${min} to ${max} characters, not ${value.length}` };
  };

export const passing =
  (test: (text: string) => boolean, what: string): Shape =>
  (value, field) =>
    typeof value === 'string' && test(value) ? undefined : must(what, value, field);

export const matching = (pattern: RegExp, what: string): Shape => passing((text) => pattern.test(text), what);

export const integer =
  (min: number, max = Number.MAX_SAFE_INTEGER): Shape =>
  (value, field) => {
    if (Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max) return undefined;
    return must(`a whole number from ${min} to ${max}`, value, field);
  };

/** Finite: JSON has no other, but one like 1e999 is read as Infinity. */
export const number: Shape = (value, field) =>
  Number.isFinite(value) ? undefined : must('a finite number', value, field);

export const flag: Shape = (value, field) =>
  typeof value === 'boolean' ? undefined : must('true or false', value, field);

export const oneOf =
  (...choices: readonly (string | number | boolean)[]): Shape =>
  (value, field) =>
    choices.some((choice) => choice === value)
      ? undefined
      : must(choices.map((choice) => JSON.stringify(choice)).join(' or '), value, field);

export const time: Shape = (value, field) => {
  if (Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= LATEST_TIME) return undefined;
  return must('a time (whole ms since the epoch, to the end of the year 9999)', value, field);
};

export const digest = matching(/^[0-9a-f]{64}$/, 'a SHA-256 (64 hex digits)');

export const traceparent: Shape = (value, field) =>
  isTraceparent(value) ? undefined : must('a W3C traceparent', value, field);

export const listOf =
  (member: Shape, max = Number.MAX_SAFE_INTEGER): Shape =>
  (value, field) => {
    if (!Array.isArray(value)) return must('a list', value, field);
    if (value.length > max) return { field, problem: `must have at most ${max} members, not ${value.length}` };
    for (let index = 0; index < value.length; index += 1) {
      const flaw = member(value[index], `${field}[${index}]`);
      if (flaw !== undefined) return flaw;
    }
    return undefined;
  };

/** An object with exactly these fields; those in `optional` may be absent. A field that is not named is refused. */
export function fieldsOf(
  required: Readonly<Record<string, Shape>>,
  optional: Readonly<Record<string, Shape>> = {},
): Shape {
  const known = [...Object.keys(required), ...Object.keys(optional)];
  return (value, field) => {
    if (!isFields(value)) return must('an object', value, field);
    const at = (key: string): string => (field === '' ? key : `${field}.${key}`);
    for (const [key, shape] of Object.entries(required)) {
      if (!Object.hasOwn(value, key)) return { field: at(key), problem: 'is missing' };
      const flaw = shape(value[key], at(key));
      if (flaw !== undefined) return flaw;
    }
    for (const key of Object.keys(value)) {
      if (Object.hasOwn(required, key)) continue;
      const shape = Object.hasOwn(optional, key) ? optional[key] : undefined;
      if (shape === undefined) {
        return {
          field: at(key),
          problem: `is not a field that this build knows${didYouMean(key.slice(0, 64), known)}`,
        };
      }
      const flaw = shape(value[key], at(key));
      if (flaw !== undefined) return flaw;
    }
    return undefined;
  };
}

/** An object whose every member has the shape. */
export const recordOf =
  (member: Shape): Shape =>
  (value, field) => {
    if (!isFields(value)) return must('an object', value, field);
    for (const [key, one] of Object.entries(value)) {
      const flaw = member(one, `${field}.${key}`);
      if (flaw !== undefined) return flaw;
    }
    return undefined;
  };

/** An object whose field `key` says which of the shapes it has. */
export const byKind =
  (key: string, kinds: Readonly<Record<string, Shape>>): Shape =>
  (value, field) => {
    if (!isFields(value)) return must('an object', value, field);
    const kind = value[key];
    const shape = typeof kind === 'string' && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
    return shape === undefined ? oneOf(...Object.keys(kinds))(kind, `${field}.${key}`) : shape(value, field);
  };
