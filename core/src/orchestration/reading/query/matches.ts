import type { Json, JsonObject } from '../../../shared/json.ts';
import type { FieldTerm, Query, QueryTerm, QueryValue } from './query.ts';

/** Whether a row fits. This is what a query means; whoever translates one (to SQL, say) finds the same rows. */
export const matches = (query: Query, row: JsonObject): boolean => query.terms.every((term) => holds(term, row));

function holds(term: QueryTerm, row: JsonObject): boolean {
  const does = 'text' in term ? hasText(row, folded(term.text)) : compares(term, valueAt(row, term.path));
  return term.not === true ? !does : does;
}

/** How texts are compared when upper and lower case are alike. */
export const folded = (text: string): string => text.toLowerCase();

/** Whether some text in `value` has `wanted` in it, which is folded. Names of members are no text. */
export function hasText(value: Json, wanted: string): boolean {
  if (typeof value === 'string') return folded(value).includes(wanted);
  if (value === null || typeof value !== 'object') return false;
  return Object.values(value).some((member: Json) => hasText(member, wanted));
}

/** What stands at a path of own members; undefined when nothing does. */
export function valueAt(row: Json, path: readonly string[]): Json | undefined {
  let at: Json | undefined = row;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || Array.isArray(at) || !Object.hasOwn(at, key)) return undefined;
    at = (at as JsonObject)[key];
  }
  return at;
}

function compares(term: FieldTerm, value: Json | undefined): boolean {
  const fits =
    (typeof value === 'string' && term.type === 'text') || (typeof value === 'number' && term.type !== 'text');
  if (!fits) return term.values.some(isNothing) !== (term.operator === '!=');
  switch (term.operator) {
    case ':':
      return term.values.some((one) => isOne(value, one));
    case '=':
      return value === operandOf(term);
    case '!=':
      return value !== operandOf(term);
    case '<':
      return value < operandOf(term);
    case '<=':
      return value <= operandOf(term);
    case '>':
      return value > operandOf(term);
    case '>=':
      return value >= operandOf(term);
  }
}

/** The empty text, which stands for none at all, too. */
export const isNothing = (wanted: QueryValue): boolean => 'equals' in wanted && wanted.equals === '';

function isOne(value: string | number, wanted: QueryValue): boolean {
  if ('equals' in wanted) return value === wanted.equals;
  if ('prefix' in wanted) return typeof value === 'string' && value.startsWith(wanted.prefix);
  if ('from' in wanted) return typeof value === 'number' && value >= wanted.from && value < wanted.until;
  return true;
}

/** The value of a term that has one. Throws TypeError for a term that parseQuery does not make. */
export function operandOf({ field, operator, values: [one] }: FieldTerm): string | number {
  if (one !== undefined && 'equals' in one) return one.equals;
  throw new TypeError(`'${operator}' of '${field}' needs one value to compare with.`);
}
