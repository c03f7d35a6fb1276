import { type Json, RepriseError } from '@reprise/core/plugin';
import { forgetRuns, openToRead } from './kept-file.ts';
import { KEPT_LEVELS, type KeptLevel } from './kept-line.ts';

/** Which lines of a run are read. */
export interface LogQuery {
  readonly runId: string;
  /** A task, with what is in it (`book` has `book/pay` and `book[3]`). */
  readonly taskId?: string | undefined;
  readonly attempt?: number | undefined;
  /** The least level. Default: all. */
  readonly level?: KeptLevel | undefined;
  /** Only what was kept after this line. */
  readonly after?: number | undefined;
  /** Only lines that hold this text, whatever the case. */
  readonly text?: string | undefined;
  /** Lines at most. Default 1,000. */
  readonly limit?: number | undefined;
  /** The last ones, not the first. They are in the order in which they were kept all the same. */
  readonly last?: boolean | undefined;
}

/** A line that an agent logged or emitted. */
export interface KeptLine {
  /** Its place: later lines have higher ones. */
  readonly id: number;
  readonly taskId: string | undefined;
  readonly attempt: number | undefined;
  readonly agent: string | undefined;
  readonly at: number;
  readonly level: KeptLevel;
  readonly message: string;
  readonly fields: Json | undefined;
}

const LIMIT = 1000;
const asText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const asNumber = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

/** Lines of a run, in the order in which they were kept. Undefined: no file is there. Throws REPRISE_LOGS_UNAVAILABLE for one that cannot be read. */
export function readKeptLogs(path: string, query: LogQuery): readonly KeptLine[] | undefined {
  const { runId, taskId, attempt, level, after = 0, text, limit = LIMIT, last = false } = query;
  const terms = ['run = ?', 'id > ?'];
  const values: (string | number)[] = [runId, after];
  const add = (term: string, ...more: (string | number)[]): void => {
    terms.push(term);
    values.push(...more);
  };
  if (taskId !== undefined) {
    const { length } = taskId;
    add(
      `(task = ? OR (substr(task, 1, ${length}) = ? AND substr(task, ${length + 1}, 1) IN ('/', '[')))`,
      taskId,
      taskId,
    );
  }
  if (attempt !== undefined) add('attempt = ?', attempt);
  if (level !== undefined) add('level >= ?', KEPT_LEVELS.indexOf(level));
  if (text !== undefined && text !== '')
    add("(instr(lower(message), lower(?)) > 0 OR instr(lower(coalesce(fields, '')), lower(?)) > 0)", text, text);
  try {
    const db = openToRead(path);
    if (db === undefined) return undefined;
    try {
      const order = last ? 'DESC' : 'ASC';
      const sql = `SELECT * FROM lines WHERE ${terms.join(' AND ')} ORDER BY id ${order} LIMIT ?`;
      const rows = db.prepare(sql).all(...values, limit);
      const lines = rows.map((row): KeptLine => {
        const fields = asText(row['fields']);
        return {
          id: Number(row['id']),
          taskId: asText(row['task']),
          attempt: asNumber(row['attempt']),
          agent: asText(row['agent']),
          at: Number(row['at']),
          level: KEPT_LEVELS[Number(row['level'])] ?? 'info',
          message: String(row['message']),
          fields: fields === undefined ? undefined : (JSON.parse(fields) as Json),
        };
      });
      return last ? lines.toReversed() : lines;
    } finally {
      db.close();
    }
  } catch (error) {
    const message = `The logs in ${path} cannot be read: ${(error as Error).message}.`;
    throw new RepriseError('REPRISE_LOGS_UNAVAILABLE', message, { cause: error, details: { path } });
  }
}

/** Deletes what is kept of runs that are gone. Nothing to do where there is no file. Throws REPRISE_LOGS_UNAVAILABLE. */
export function forgetKeptLogs(path: string, runIds: readonly string[]): void {
  try {
    forgetRuns(path, runIds);
  } catch (error) {
    const message = `What is kept of ${runIds.length} runs in ${path} cannot be deleted: ${(error as Error).message}.`;
    throw new RepriseError('REPRISE_LOGS_UNAVAILABLE', message, { cause: error, details: { path } });
  }
}
