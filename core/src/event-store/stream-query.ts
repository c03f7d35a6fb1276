import { RepriseError } from '../shared/errors.ts';
import type { StreamSummary } from './event-store.ts';
import type { StreamQuery } from './storage.ts';

/** Streams on one page of a list that names no limit. */
export const DEFAULT_LIST_LIMIT = 100;

/** Where a stream stands in a list: newest first, and of two created in the same millisecond the later one first. */
export interface ListPlace {
  readonly createdAt: number;
  /** Grows with every stream of the store. */
  readonly ordinal: number;
}

/** The cursor of a place in a list of streams: opaque to those who pass it on. */
export const encodeCursor = (place: ListPlace): string => `${place.createdAt}-${place.ordinal}`;

/** The place that a cursor stands for. Throws REPRISE_INVALID_ID for text that no list handed out. */
export function decodeCursor(cursor: string): ListPlace {
  const [, createdAt, ordinal] = /^(-?\d{1,16})-(\d{1,16})$/.exec(cursor) ?? [];
  if (createdAt === undefined || ordinal === undefined) {
    throw new RepriseError('REPRISE_INVALID_ID', `${JSON.stringify(cursor)} is not a cursor of a list of streams.`, {
      fix: 'Give the cursor that the page before ended with, or none for the first page.',
    });
  }
  return { createdAt: Number(createdAt), ordinal: Number(ordinal) };
}

/** Negative when `a` comes before `b` in a list. */
export const compareListed = (a: ListPlace, b: ListPlace): number => b.createdAt - a.createdAt || b.ordinal - a.ordinal;

/** Whether a stream is in the result of `query`, `after` and `limit` left aside. */
export function matchesQuery(query: StreamQuery, stream: string, summary: StreamSummary): boolean {
  return (
    summary.kind === query.kind &&
    (query.statuses === undefined || query.statuses.includes(summary.status)) &&
    (query.name === undefined || summary.name === query.name) &&
    (query.since === undefined || summary.createdAt >= query.since) &&
    (query.prefix === undefined || stream.startsWith(query.prefix))
  );
}
