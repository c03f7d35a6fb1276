import { didYouMean } from '../../../definition/did-you-mean.ts';
import { parseDuration } from '../../../shared/duration.ts';
import type { FieldTerm, Query, QueryField, QueryFields, QueryOperator, QueryTerm, QueryValue } from './query.ts';
import { type Place, queryError } from './query-error.ts';
import { RUN_FIELDS } from './run-fields.ts';
import { type Piece, Scanner } from './scanner.ts';
import { parseTime } from './times.ts';

export interface ParseQueryOptions {
  /** Of the rows that are asked for. Default: those of runs. */
  readonly fields?: QueryFields;
  /** What relative times (`-2h`) are counted from; ms since the epoch. */
  readonly now: number;
}

/** Characters of a query at most. */
export const MAX_QUERY_CHARS = 10_000;

/**
 * Reads a query: `status:failed,parked label.team:eu started>=-2h -tenant:acme "card declined"` (docs/reference/queries.md). Throws
 * REPRISE_QUERY_INVALID, with the place in `details.at` (from 0) and `details.length`.
 */
export function parseQuery(text: string, { fields = RUN_FIELDS, now }: ParseQueryOptions): Query {
  if (text.length > MAX_QUERY_CHARS) {
    const place = { at: MAX_QUERY_CHARS, length: 1 };
    throw queryError(text, place, `it has ${text.length} characters, and at most ${MAX_QUERY_CHARS} are read`);
  }
  const half = /[\uD800-\uDFFF]/u.exec(text);
  if (half !== null) throw queryError(text, { at: half.index, length: 1 }, 'half a character stands here');
  const scanner = new Scanner(text);
  const terms: QueryTerm[] = [];
  while (scanner.more()) {
    const negated = scanner.skip('-') ? ({ not: true } as const) : {};
    const named = scanner.field();
    if (named === undefined) terms.push({ text: wordOf(scanner), ...negated });
    else terms.push({ ...fieldTerm(scanner, named, fields, now), ...negated });
    scanner.end();
  }
  return { terms };
}

function wordOf(scanner: Scanner): string {
  const word = scanner.word();
  if (word.text === '') throw queryError(scanner.text, word, 'something to look for is missing');
  if (word.quoted || !isLogic(word.text)) return word.text;
  const problem = `'${word.text}' is no part of the language: all terms have to hold, any of several values is field:a,b, and - before a term turns it round`;
  throw queryError(scanner.text, word, `${problem}. To look for the text, put it in quotes`);
}

/** What other languages combine terms with. Looked for as text, it would find other rows than were meant. */
export const isLogic = (word: string): boolean => /^(AND|OR|NOT)$|^\(/.test(word);

type Named = Place & { readonly name: string; readonly operator: QueryOperator };

function fieldTerm(scanner: Scanner, named: Named, fields: QueryFields, now: number): FieldTerm {
  const { name, operator } = named;
  const { field, path } = fieldOf(scanner, named, fields);
  const { type } = field;
  if (type === 'text' && !/^(:|=|!=)$/.test(operator)) {
    const place = { at: named.at + name.length, length: operator.length };
    throw queryError(scanner.text, place, `'${operator}' compares times, durations and numbers; '${name}' is text`);
  }
  const values: QueryValue[] = [];
  do values.push(readValue(scanner, { name, field, operator, now }));
  while (operator === ':' && scanner.skip(','));
  if (operator !== ':' && scanner.text[scanner.at] === ',')
    throw queryError(
      scanner.text,
      { at: scanner.at, length: 1 },
      `only ':' takes several values; '${operator}' takes one`,
    );
  return { field: name, type, path, operator, values };
}

function fieldOf(
  scanner: Scanner,
  { name, at, length }: Named,
  fields: QueryFields,
): { readonly field: QueryField; readonly path: readonly string[] } {
  const dot = name.indexOf('.');
  const stem = dot < 0 ? undefined : name.slice(0, dot);
  const plain = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (plain !== undefined && plain.keys !== true) return { field: plain, path: plain.path };
  const keyed = stem !== undefined && Object.hasOwn(fields, stem) ? fields[stem] : undefined;
  if (stem !== undefined && keyed?.keys === true && dot + 1 < name.length)
    return { field: keyed, path: [...keyed.path, name.slice(dot + 1)] };
  const known = Object.entries(fields).map(([one, { keys }]) => (keys === true ? `${one}.KEY` : one));
  const meant =
    plain?.keys === true || keyed?.keys === true ? '; a key follows its dot' : didYouMean(name, Object.keys(fields));
  const there = known.length === 0 ? 'There are none' : `There are ${known.join(', ')}`;
  const problem = `there is no field '${name}'${sentence(meant)} ${there}. To look for the text, put it in quotes`;
  throw queryError(scanner.text, { at, length }, problem);
}

const sentence = (text: string): string => (text.endsWith('?') ? text : `${text}.`);

interface Wanted {
  readonly name: string;
  readonly field: QueryField;
  readonly operator: QueryOperator;
  readonly now: number;
}

function readValue(scanner: Scanner, wanted: Wanted): QueryValue {
  const { name, field, operator } = wanted;
  // A comma is part of a text. In a number or a time, it tells that several were meant.
  const piece = operator !== ':' && field.type === 'text' ? scanner.word() : scanner.value(operator !== ':');
  const wrong = (problem: string): Error => queryError(scanner.text, piece, problem);
  if (piece.text === '' && !piece.quoted && !piece.open) throw wrong(`the value of '${name}' is missing`);
  if (piece.open && piece.text === '') return { any: true };
  if (field.type !== 'text') {
    if (piece.open) throw wrong(`'*' after the beginning of a value is for text; '${name}' is a ${field.type}`);
    return typedValue(piece, wanted, wrong);
  }
  const { text, open } = piece;
  const known = field.values;
  if (known !== undefined && !known.some((one) => (open ? one.startsWith(text) : one === text)))
    throw wrong(`'${name}' is never '${text}'${sentence(didYouMean(text, known))} It is one of ${known.join(', ')}`);
  return open ? { prefix: text } : { equals: text };
}

/** A time, a duration, a number. A day is all of that day after `:`, and its beginning after any other operator. */
function typedValue(
  { text }: Piece,
  { name, field, operator, now }: Wanted,
  wrong: (problem: string) => Error,
): QueryValue {
  if (field.type === 'time') {
    const moment = parseTime(text, now);
    if (moment === undefined)
      throw wrong(`'${text}' is no time; '${name}' is written 2026-11-01, 2026-11-01T10:30Z, or so long ago: -2h`);
    const { from, until } = moment;
    return operator === ':' && until !== undefined ? { from, until } : { equals: from };
  }
  const value = field.type === 'duration' ? parseDuration(text) : numberOf(text);
  if (value !== undefined) return { equals: value };
  throw wrong(
    field.type === 'duration'
      ? `'${text}' is no duration; '${name}' is written 250ms, 30s, 5m, 2h, 1d or 1h30m`
      : `'${text}' is no number, and '${name}' is one`,
  );
}

function numberOf(text: string): number | undefined {
  const value = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}
