import { RepriseError } from '@reprise/core/plugin';
import { KEPT_LEVELS, type KeptLevel } from './kept-line.ts';

/** What is kept of what agents log and emit, where, and for how long. */
export interface KeptLogsOptions {
  /** The file, made by the first line. */
  readonly path: string;
  /** The least level that is kept; what is emitted stands between debug and info. Default `debug`: all. */
  readonly level?: KeptLevel;
  /** How long a line is kept, ms. Default 7 days. */
  readonly maxAgeMs?: number;
  /** Of the file, about: the oldest lines give way. Default 256 MiB. */
  readonly maxBytes?: number;
  /** Of one attempt, of what it logs and of what it emits each. Default 10,000 lines, 1 MiB. */
  readonly maxAttemptLines?: number;
  readonly maxAttemptBytes?: number;
}

export type ResolvedKeptLogsOptions = Required<KeptLogsOptions>;

const NUMBERS = {
  maxAgeMs: 7 * 86_400_000,
  maxBytes: 256 * 1024 * 1024,
  maxAttemptLines: 10_000,
  maxAttemptBytes: 1024 * 1024,
} as const;

const invalid = (message: string): RepriseError =>
  new RepriseError('REPRISE_CONFIG_INVALID', `Options of keptLogs: ${message}`);

/** Fills in defaults. Throws REPRISE_CONFIG_INVALID, which names the option that is wrong. */
export function resolveKeptLogsOptions(options: KeptLogsOptions): ResolvedKeptLogsOptions {
  if (typeof options !== 'object' || options === null) throw invalid('they are not an object.');
  const known = ['path', 'level', ...Object.keys(NUMBERS)];
  const unknown = Object.keys(options).filter((key) => !known.includes(key));
  if (unknown.length > 0) throw invalid(`there is no option ${unknown.join(', ')}; there are ${known.join(', ')}.`);
  const { path, level = 'debug' } = options;
  if (typeof path !== 'string' || path === '') throw invalid(`path is ${JSON.stringify(path)}, not that of a file.`);
  if (!KEPT_LEVELS.includes(level))
    throw invalid(`level is ${JSON.stringify(level)}, not one of ${KEPT_LEVELS.join(', ')}.`);
  const numbers = { ...NUMBERS } as Record<keyof typeof NUMBERS, number>;
  for (const name of Object.keys(NUMBERS) as (keyof typeof NUMBERS)[]) {
    const value = options[name] ?? NUMBERS[name];
    if (!Number.isSafeInteger(value) || value < 1)
      throw invalid(`${name} is ${JSON.stringify(value)}, not a number from 1.`);
    numbers[name] = value;
  }
  return { path, level, ...numbers };
}
