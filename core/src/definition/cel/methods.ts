import type { StepBudget } from './budget.ts';
import { matchesPattern } from './regular-expression.ts';

/** A method of texts in place of the library's. What it throws is an error of the expression. */
export type TextMethod = (text: string, operands: readonly unknown[], budget: StepBudget) => unknown;

/**
 * Methods that are ours: `matches` is linear in the text, and places and lengths are counted in code points, as `size`
 * counts them, where the library counts UTF-16 units.
 */
export const TEXT_METHODS: ReadonlyMap<string, TextMethod> = new Map<string, TextMethod>([
  ['matches', (text, [pattern], budget) => matchesPattern(text, textOf('matches', pattern), budget)],
  ['substring', (text, [start, end]) => substring(text, placeOf('substring', start), end)],
  ['indexOf', (text, [search, from]) => find('indexOf', text, textOf('indexOf', search), from)],
  ['lastIndexOf', (text, [search, from]) => find('lastIndexOf', text, textOf('lastIndexOf', search), from)],
  ['split', (text, [separator, limit]) => split(text, textOf('split', separator), limit)],
]);

function substring(text: string, start: number, until: unknown): string {
  const size = sizeOf(text);
  const end = until === undefined ? size : placeOf('substring', until);
  if (start < 0 || start > end || end > size) {
    throw new RangeOutside(`substring() from ${start} to ${end} of a text of ${size} characters`);
  }
  return text.slice(unitsBefore(text, start), unitsBefore(text, end));
}

function find(method: 'indexOf' | 'lastIndexOf', text: string, search: string, from: unknown): bigint {
  if (from === undefined) return placeIn(text, text[method](search));
  const start = placeOf(method, from);
  if (search === '') return BigInt(start);
  const size = sizeOf(text);
  if (start < 0 || start >= size) throw new RangeOutside(`${method}() from ${start} in a text of ${size} characters`);
  return placeIn(text, text[method](search, unitsBefore(text, start)));
}

/** At most `limit` parts, the last one with what is left; a negative limit is none. */
function split(text: string, separator: string, limit: unknown): readonly string[] {
  const most = limit === undefined ? -1 : placeOf('split', limit);
  const parts = separator === '' ? [...text] : text.split(separator);
  if (most < 0 || parts.length <= most) return parts;
  return most === 0 ? [] : [...parts.slice(0, most - 1), parts.slice(most - 1).join(separator)];
}

class RangeOutside extends Error {}

function textOf(method: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError(`${method}() needs a text`);
}

function placeOf(method: string, value: unknown): number {
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (Number.isSafeInteger(number)) return number as number;
  throw new TypeError(`${method}() needs a whole number`);
}

const hasPairs = (text: string): boolean => /[\ud800-\udbff][\udc00-\udfff]/.test(text);

function sizeOf(text: string): number {
  if (!hasPairs(text)) return text.length;
  let size = 0;
  for (const _char of text) size += 1;
  return size;
}

/** How many UTF-16 units the first `place` characters take. */
function unitsBefore(text: string, place: number): number {
  if (!hasPairs(text)) return place;
  let units = 0;
  for (let left = place; left > 0 && units < text.length; left -= 1)
    units += (text.codePointAt(units) ?? 0) > 0xffff ? 2 : 1;
  return units;
}

const placeIn = (text: string, unit: number): bigint => BigInt(unit < 0 ? -1 : sizeOf(text.slice(0, unit)));
