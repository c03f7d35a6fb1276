import type { DatabaseSync, StatementSync } from 'node:sqlite';

export type { DatabaseSync, StatementSync };

/**
 * Opens a database. Node 22 prints an ExperimentalWarning when node:sqlite is loaded first, in each thread; that one
 * warning is kept back, every other goes through.
 */
export function openDatabase(path: string, { readOnly = false } = {}): DatabaseSync {
  const { emitWarning } = process;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
    if (!String(warning).startsWith('SQLite is an experimental feature')) {
      Reflect.apply(emitWarning, process, [warning, ...rest]);
    }
  };
  try {
    const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
    return new DatabaseSync(path, { readOnly });
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** Primary result codes (https://www.sqlite.org/rescode.html). */
const BUSY = 5;
const LOCKED = 6;
const CORRUPT = 11;
const NOTADB = 26;

function sqliteCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}

export const isBusy = (error: unknown): boolean => [BUSY, LOCKED].includes(sqliteCode(error) ?? 0);

/** A table that is missing is damage, too: somebody has had his hands in the file. */
export const isDamaged = (error: unknown): boolean =>
  [CORRUPT, NOTADB].includes(sqliteCode(error) ?? 0) || /^no such (table|column)/.test((error as Error).message);
