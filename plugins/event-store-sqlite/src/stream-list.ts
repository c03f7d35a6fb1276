import {
  compareListed,
  DEFAULT_LIST_LIMIT,
  decodeCursor,
  encodeCursor,
  type JsonObject,
  type ListedStream,
  type StreamQuery,
} from '@reprise/core/plugin';
import type { Row } from './node-sqlite.ts';
import { attributesColumn } from './schema.ts';

interface Statement {
  readonly sql: string;
  readonly parameters: readonly (string | number)[];
}

/**
 * The statements whose rows, merged, are the answer to `query`: one per status, so that each walks one index from the
 * newest stream on and stops at the limit.
 */
export function listStatements(query: StreamQuery, version: number): readonly Statement[] {
  if (query.statuses === undefined) return [statement(query, undefined, version)];
  return [...new Set(query.statuses)].map((status) => statement(query, status, version));
}

function statement(query: StreamQuery, status: string | undefined, version: number): Statement {
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
  const last = 'FROM events WHERE stream_id = s.id ORDER BY revision DESC LIMIT 1';
  const sql = `SELECT s.id, s.stream, s.kind, s.name, s.status, s.created_at, s.updated_at, ${attributesColumn(version)},
      (SELECT revision ${last}) AS revision, (SELECT time ${last}) AS last_event_at
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
      ...(row.attributes === null ? {} : { attributes: JSON.parse(String(row.attributes)) as JsonObject }),
      stream: String(row.stream),
      revision: Number(row.revision),
      lastEventAt: Number(row.last_event_at),
      cursor: encodeCursor(place),
    }));
}
