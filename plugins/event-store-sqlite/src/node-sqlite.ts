import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';

export type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync };

/** One row, columns by name. */
export type Row = Record<string, SQLOutputValue>;

/**
 * Opens a database. Node 22 prints an ExperimentalWarning when node:sqlite is loaded first, in each thread; that one
 * warning is kept back, every other goes through. `immutable`: nothing changes the file, so nothing is locked or made.
 */
export function openDatabase(
  path: string,
  options: { readonly readOnly?: boolean; readonly immutable?: boolean } = {},
): DatabaseSync {
  const { emitWarning } = process;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
    if (!String(warning).startsWith('SQLite is an experimental feature')) {
      Reflect.apply(emitWarning, process, [warning, ...rest]);
    }
  };
  try {
    const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
    const name = options.immutable === true ? `${pathToFileURL(path).href}?immutable=1` : path;
    return new DatabaseSync(name, { readOnly: options.readOnly === true });
  } finally {
    process.emitWarning = emitWarning;
  }
}
