import { RepriseError } from '@reprise/core/plugin';

export interface SqliteViewStoreOptions {
  /** The database file; its folder is created. `-wal` and `-shm` files stand beside it. Default `.reprise/reprise.db-views`. */
  readonly path?: string;
  /** How long a commit waits for those of other processes, in ms. Default 10,000. */
  readonly busyMs?: number;
  /**
   * Where there is no file at `path` yet: that of another process on this machine (or a copy of one), of which a copy is begun with. It is read, and not
   * changed. One that cannot be used is passed over: views are folded from the history, as without it. Default: none.
   */
  readonly seedFrom?: string;
}

export interface ResolvedOptions {
  readonly path: string;
  readonly busyMs: number;
  readonly seedFrom: string | undefined;
}

const KNOWN = ['path', 'busyMs', 'seedFrom'];

/** Checks options from a configuration and fills in the defaults. Throws REPRISE_CONFIG_INVALID that names each mistake. */
export function resolveOptions(input: unknown = {}): ResolvedOptions {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) throw invalid(['they are not an object']);
  const {
    path = '.reprise/reprise.db-views',
    busyMs = 10_000,
    seedFrom,
  } = input as {
    readonly [key in keyof SqliteViewStoreOptions]?: unknown;
  };
  const problems = Object.keys(input)
    .filter((key) => !KNOWN.includes(key))
    .map((key) => `there is no option ${JSON.stringify(key)} (there are ${KNOWN.join(', ')})`);
  if (typeof path !== 'string' || path === '' || path.includes('\0')) problems.push('path must be the name of a file');
  if (path === ':memory:') problems.push('path ":memory:" is no file: without this plugin, views are in memory');
  if (!Number.isSafeInteger(busyMs) || Number(busyMs) < 0)
    problems.push('busyMs must be a whole number of milliseconds from 0');
  if (seedFrom !== undefined && (typeof seedFrom !== 'string' || seedFrom === '' || seedFrom.includes('\0')))
    problems.push('seedFrom must be the name of a file');
  if (problems.length > 0) throw invalid(problems);
  return { path: path as string, busyMs: busyMs as number, seedFrom: seedFrom as string | undefined };
}

const invalid = (problems: readonly string[]): RepriseError =>
  new RepriseError(
    'REPRISE_CONFIG_INVALID',
    `The options of @reprise/view-store-sqlite are not usable: ${problems.join('; ')}.`,
    { details: { problems: [...problems] } },
  );
