import {
  isSqlPath,
  type JsonObject,
  type QueryTerm,
  sqlNumber,
  sqlText,
  type ViewOrder,
  type ViewQuery,
} from '@reprise/core/plugin';

// What a row is in SQL. `row` is the column with its JSON text.

export const toText = (row: JsonObject): string => JSON.stringify(row);

export const toRow = (text: unknown): JsonObject => JSON.parse(String(text)) as JsonObject;

/** The number that rows are ordered by; NULL where there is none, and for all of them when there is no order. Throws TypeError for a path that SQL cannot name. */
export function rankOf(order: ViewOrder | undefined): string {
  if (order === undefined) return 'NULL';
  if (!isSqlPath(order.path)) throw new TypeError(`Rows cannot be ordered by ${JSON.stringify(order.path)}.`);
  return sqlNumber('row', order.path);
}

/** Where an index saves a look at every row. */
export interface IndexOf {
  readonly name: string;
  readonly columns: string;
}

/**
 * The index that serves a query of a view, if one pays: by the order, and within one status (of which there are few, and of most of them few rows).
 * There are as many as there are orders, twice.
 */
export function indexFor({ where, order }: ViewQuery): IndexOf | undefined {
  if (order === undefined) return undefined;
  const byStatus = where?.terms.some(isAboutStatus) === true;
  const rank = `${rankOf(order)}${order.descending === true ? ' DESC' : ''}`;
  const name = `${byStatus ? 'status_' : ''}${order.path.join('_')}${order.descending === true ? '_desc' : ''}`;
  return {
    name: name.replaceAll(/\W/g, '_'),
    columns: byStatus ? `${sqlText('row', ['status'])}, ${rank}, key` : `${rank}, key`,
  };
}

const isAboutStatus = (term: QueryTerm): boolean =>
  !('text' in term) &&
  term.not === undefined &&
  term.path.join('.') === 'status' &&
  (term.operator === '=' || term.operator === ':') &&
  term.values.every((value) => 'equals' in value);
