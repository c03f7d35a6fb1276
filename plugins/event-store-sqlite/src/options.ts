import { RepriseError } from '@reprise/core/plugin';

export interface SqliteEventStoreOptions {
  /** The database file; its folder is created. `-wal`, `-shm`, `-owner`, `-mark` and `-driver` files stand beside it. Default `.reprise/reprise.db`. */
  readonly path?: string;
  /** Only read, beside whoever writes. The file must exist. Default false. */
  readonly readOnly?: boolean;
  /** Largest JSON text of one event's data, in bytes of UTF-8. Default 16 MiB. */
  readonly maxEventBytes?: number;
  /** Appends beyond this size of the file fail as on a full disk. Default: no limit. */
  readonly maxFileBytes?: number;
  /** How often to look for appends of other processes while someone listens or subscribes, in ms. Default 50. */
  readonly pollIntervalMs?: number;
}

export interface ResolvedOptions {
  readonly path: string;
  readonly readOnly: boolean;
  readonly maxEventBytes: number;
  readonly maxFileBytes: number | undefined;
  readonly pollIntervalMs: number;
}

const KNOWN = ['path', 'readOnly', 'maxEventBytes', 'maxFileBytes', 'pollIntervalMs'];

/** Checks options from a configuration and fills in the defaults. Throws REPRISE_CONFIG_INVALID that names each mistake. */
export function resolveOptions(input: unknown = {}): ResolvedOptions {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) throw invalid(['they are not an object']);
  const {
    path = '.reprise/reprise.db',
    readOnly = false,
    maxEventBytes,
    maxFileBytes,
    pollIntervalMs,
  } = input as {
    readonly [key in keyof SqliteEventStoreOptions]?: unknown;
  };
  const problems = Object.keys(input)
    .filter((key) => !KNOWN.includes(key))
    .map((key) => `there is no option ${JSON.stringify(key)} (there are ${KNOWN.join(', ')})`);
  const check = (holds: boolean, problem: string): void => {
    if (!holds) problems.push(problem);
  };
  const isCount = (value: unknown): boolean =>
    value === undefined || (Number.isSafeInteger(value) && Number(value) > 0);
  check(typeof path === 'string' && path !== '' && !path.includes('\0'), 'path must be the name of a file');
  check(path !== ':memory:', 'path ":memory:" would lose every event: use the in-memory event store for that');
  check(typeof readOnly === 'boolean', 'readOnly must be true or false');
  check(isCount(maxEventBytes), 'maxEventBytes must be a whole number of bytes above 0');
  check(isCount(maxFileBytes), 'maxFileBytes must be a whole number of bytes above 0');
  check(isCount(pollIntervalMs), 'pollIntervalMs must be a whole number of milliseconds above 0');
  if (problems.length > 0) throw invalid(problems);
  return {
    path: path as string,
    readOnly: readOnly as boolean,
    maxEventBytes: (maxEventBytes as number | undefined) ?? 16 * 1024 * 1024,
    maxFileBytes: maxFileBytes as number | undefined,
    pollIntervalMs: (pollIntervalMs as number | undefined) ?? 50,
  };
}

const invalid = (problems: readonly string[]): RepriseError =>
  new RepriseError(
    'REPRISE_CONFIG_INVALID',
    `The options of @reprise/event-store-sqlite are not usable: ${problems.join('; ')}.`,
    { details: { problems: [...problems] } },
  );
