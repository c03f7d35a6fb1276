import {
  compareListed,
  DEFAULT_LIST_LIMIT,
  decodeCursor,
  encodeCursor,
  type ListedStream,
  type StreamQuery,
} from '@reprise/core/plugin';
import type { Row } from './node-sqlite.ts';

interface Statement {
  readonly sql: string;
  readonly parameters: readonly (string | number)[];
}

/**
 * The statements whose rows, merged, are the answer to `query`: one per status, so that each walks one index from the
 * newest stream on and stops at the limit.
 */
export function listStatements(query: StreamQuery): readonly Statement[] {
  if (query.statuses === undefined) return [statement(query, undefined)];
  return [...new Set(query.statuses)].map((status) => statement(query, status));
}

function statement(query: StreamQuery, status: string | undefined): Statement {
  const parameters: (string | number)[] = [];
  const conditions: string[] = [];
  const where = (condition: string, ...values: readonly (string | number)[]): void => {
    conditions.push(condition);
    parameters.push(...values);
  };
  // The + keeps SQLite on the index of stream names, which a prefix narrows down most.
  where(query.prefix === undefined ? 's.kind = ?' : '+s.kind = ?', query.kind);
  if (status !== undefined) where('s.status = ?', status);
  if (query.name !== undefined) where('s.name = ?', query.name);
  if (query.since !== undefined) where('s.created_at >= ?', query.since);
  if (query.prefix !== undefined) where('s.stream >= ? AND s.stream < ?', query.prefix, `${query.prefix}\u{10FFFF}`);
  if (query.after !== undefined) {
    const { createdAt, ordinal } = decodeCursor(query.after);
    where('(s.created_at, s.id) < (?, ?)', createdAt, ordinal);
  }
  parameters.push(Math.max(0, query.limit ?? DEFAULT_LIST_LIMIT));
  const sql = `SELECT s.id, s.stream, s.kind, s.name, s.status, s.created_at, s.updated_at,
      (SELECT max(revision) FROM events WHERE stream_id = s.id) AS revision
    FROM streams s WHERE ${conditions.join(' AND ')} ORDER BY s.created_at DESC, s.id DESC LIMIT ?`;
  return { sql, parameters };
}

/** The page of the list that the statements' rows make. */
export function mergeListed(rows: readonly Row[], query: StreamQuery): readonly ListedStream[] {
  return rows
    .map((row) => ({ row, createdAt: Number(row.created_at), ordinal: Number(row.id) }))
    .sort(compareListed)
    .slice(0, Math.max(0, query.limit ?? DEFAULT_LIST_LIMIT))
    .map(({ row, ...place }) => ({
      kind: String(row.kind),
      name: String(row.name),
      status: String(row.status),
      createdAt: place.createdAt,
      updatedAt: Number(row.updated_at),
      stream: String(row.stream),
      revision: Number(row.revision),
      cursor: encodeCursor(place),
    }));
}
