import { didYouMean, type QueryField, type QueryFields, type ViewOrder } from '@reprise/core';
import { usageError } from '../errors/usage-error.ts';

const SORTABLE: ReadonlySet<QueryField['type']> = new Set(['number', 'time', 'duration']);

/** Fields that rows can be in the order of: numbers, times and durations. */
export const sortableFields = (fields: QueryFields): readonly string[] =>
  Object.entries(fields).flatMap(([field, { type }]) => (SORTABLE.has(type) ? [field] : []));

/** The order that `FIELD`, `FIELD:asc` or `FIELD:desc` says. Throws REPRISE_USAGE for a field that is none; `what` is sorted. */
export function sortOrder(what: string, fields: QueryFields, sort: string): ViewOrder {
  const [, wanted = sort, direction] = /^(.*?)(?::(asc|desc))?$/.exec(sort) ?? [];
  const sortable = sortableFields(fields);
  const field = sortable.includes(wanted) ? fields[wanted] : undefined;
  if (field !== undefined) return { path: field.path, ...(direction === 'desc' ? { descending: true } : {}) };
  const there = sortable.length === 0 ? 'it has none' : `there are ${sortable.join(', ')}`;
  throw usageError(
    `${what} cannot be sorted by '${wanted}'${didYouMean(wanted, sortable)}: only by a field that is a number, a time or a duration (${there}).`,
  );
}
