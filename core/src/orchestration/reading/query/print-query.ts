import { isLogic } from './parse-query.ts';
import type { FieldTerm, Query, QueryTerm, QueryValue } from './query.ts';
import { printTime } from './times.ts';

/** The text of a query. parseQuery reads it as the same query, for the same fields; times are absolute in it. */
export const printQuery = (query: Query): string => query.terms.map(printTerm).join(' ');

function printTerm(term: QueryTerm): string {
  const sign = term.not === true ? '-' : '';
  if ('text' in term) {
    const bare = /^[\p{L}\p{N}_.]+$/u.test(term.text) && !isLogic(term.text);
    return `${sign}${bare ? term.text : quoted(term.text)}`;
  }
  const values = term.values.map((value) => printValue(term, value));
  return `${sign}${term.field}${term.operator}${values.join(',')}`;
}

function printValue({ type }: FieldTerm, value: QueryValue): string {
  if ('any' in value) return '*';
  if ('prefix' in value) return `${printText(value.prefix)}*`;
  if ('from' in value) return printTime(value);
  if (typeof value.equals === 'string') return printText(value.equals);
  if (type === 'time') return printTime({ from: value.equals });
  return type === 'duration' ? printDuration(value.equals) : String(value.equals);
}

const printText = (text: string): string => (/^[^\s",*]+$/.test(text) ? text : quoted(text));

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/** In the largest unit of which it is a whole number. */
function printDuration(ms: number): string {
  for (const [unit, size] of UNITS) if (ms !== 0 && ms % size === 0) return `${ms / size}${unit}`;
  return `${ms}ms`;
}
