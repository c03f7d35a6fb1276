import { folded, hasText, isNothing, matches, operandOf } from './matches.ts';
import type { FieldTerm, Query, QueryTerm, QueryValue } from './query.ts';

/** A condition for SQLite, with what stands for its question marks. */
export interface SqlCondition {
  readonly sql: string;
  readonly parameters: readonly (string | number)[];
}

/**
 * What has to be there as functions of SQL, both of the text of a row and a second text: whether the row has it in it (folded), and whether the term
 * of a query, as JSON, holds. They answer 0 or 1.
 */
export const SQL_FUNCTIONS: Readonly<Record<string, (row: string, other: string) => number>> = {
  reprise_has_text: (row, wanted) => Number(hasText(JSON.parse(row), wanted)),
  reprise_matches: (row, term) => Number(matches({ terms: [JSON.parse(term) as QueryTerm] }, JSON.parse(row))),
};

/** The condition that holds for the rows that a query fits, the text of each being in `column`. SQL_FUNCTIONS have to be there. */
export function queryToSql({ terms }: Query, column: string): SqlCondition {
  const conditions = terms.map((term) => ofTerm(term, column));
  return {
    sql: allOf(conditions.map(({ sql }) => sql)),
    parameters: conditions.flatMap(({ parameters }) => parameters),
  };
}

/** By halves: the depth of an expression has a limit. */
function allOf(conditions: readonly string[]): string {
  if (conditions.length <= 8) return conditions.join(' AND ') || 'TRUE';
  const half = conditions.length >> 1;
  return `(${allOf(conditions.slice(0, half))}) AND (${allOf(conditions.slice(half))})`;
}

/** The text (number) at a path of the row in `column`, NULL when there is none: for indexes and orders, too. */
export function sqlText(column: string, path: readonly string[]): string {
  const place = placeOf(path);
  return `CASE json_type(${column}, ${place}) WHEN 'text' THEN json_extract(${column}, ${place}) END`;
}

/** The expression of SQLite for a number at a path of a JSON column; null where there is none. */
export function sqlNumber(column: string, path: readonly string[]): string {
  const place = placeOf(path);
  // A large whole number is exact in SQLite, and is not in JSON as JavaScript reads it.
  return `CASE WHEN json_type(${column}, ${place}) IN ('integer', 'real') THEN CAST(json_extract(${column}, ${place}) AS REAL) END`;
}

/** Whether a path can be written in SQL. */
export const isSqlPath = (path: readonly string[]): boolean => path.every((key) => /^[\w.-]+$/.test(key));

const placeOf = (path: readonly string[]): string => `'$${path.map((key) => `."${key}"`).join('')}'`;

function ofTerm(term: QueryTerm, column: string): SqlCondition {
  if ('text' in term) return turned(term, { sql: `reprise_has_text(${column}, ?)`, parameters: [folded(term.text)] });
  if (!isSqlPath(term.path) || !term.values.every(isExact))
    return { sql: `reprise_matches(${column}, ?)`, parameters: [JSON.stringify(term)] };
  const value = term.type === 'text' ? sqlText(column, term.path) : sqlNumber(column, term.path);
  const { operator } = term;
  if (operator === ':') {
    const any = term.values.map((one) => ofValue(value, one));
    const sql = `(${any.map((one) => one.sql).join(' OR ')})`;
    return turned(term, { sql, parameters: any.flatMap(({ parameters }) => parameters) });
  }
  const parameters = [operandOf(term)];
  const orNone = term.values.some(isNothing) ? ` OR ${value} IS NULL` : '';
  if (operator !== '!=') return turned(term, { sql: `(${value} ${operator} ?${orNone})`, parameters });
  const not = term.not === true ? {} : ({ not: true } as const);
  return turned(not, { sql: `(${value} = ?${orNone})`, parameters });
}

/** What is NULL does not hold. As it is, a condition can use an index. */
const turned = ({ not }: Pick<FieldTerm, 'not'>, { sql, parameters }: SqlCondition): SqlCondition => ({
  sql: not === true ? `NOT coalesce(${sql}, FALSE)` : sql,
  parameters,
});

function ofValue(value: string, wanted: QueryValue): SqlCondition {
  if ('equals' in wanted)
    return { sql: `${value} = ?${isNothing(wanted) ? ` OR ${value} IS NULL` : ''}`, parameters: [wanted.equals] };
  if ('prefix' in wanted)
    return { sql: `substr(${value}, 1, ${[...wanted.prefix].length}) = ?`, parameters: [wanted.prefix] };
  if ('from' in wanted) return { sql: `${value} >= ? AND ${value} < ?`, parameters: [wanted.from, wanted.until] };
  return { sql: `${value} IS NOT NULL`, parameters: [] };
}

/** SQLite reads whole numbers and texts as JavaScript does; a fraction may differ in its last digit, and a text may end at a NUL. */
const isExact = (value: QueryValue): boolean =>
  Object.values(value).every((one) =>
    typeof one === 'number' ? Number.isSafeInteger(one) : !String(one).includes('\0'),
  );
