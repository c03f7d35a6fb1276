import { RepriseError } from '@reprise/core/plugin';

/** From the most to the least that is said. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;

/** From which level on something is said. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** How a line may look; `auto` is text in a terminal, else JSON. */
export const LOG_FORMATS = ['auto', 'json', 'text'] as const;

/** How a line looks. */
export type LogFormat = (typeof LOG_FORMATS)[number];

export interface LogMonitorOptions {
  /** The least level that is written. Default `info`. */
  readonly level?: LogLevel;
  /** A file (made, with its folders, when absent; appended to) or a file descriptor. Default 2, which is stderr. */
  readonly destination?: string | number;
  /** `json`, or `text` for people. Default `auto`: text on a terminal, JSON elsewhere. */
  readonly format?: LogFormat;
  /** Whether inputs, outputs, items and progress are written too. Default false: they may hold what no log should. */
  readonly payloads?: boolean;
}

/** The options with their defaults. */
export type ResolvedLogMonitorOptions = Required<LogMonitorOptions>;

/** The options, unless others are given. */
export const DEFAULT_LOG_MONITOR_OPTIONS: ResolvedLogMonitorOptions = {
  level: 'info',
  destination: 2,
  format: 'auto',
  payloads: false,
};

const invalid = (message: string): RepriseError =>
  new RepriseError('REPRISE_CONFIG_INVALID', `Options of the plugin monitor-log: ${message}`);

const isLevel = (value: unknown): value is LogLevel => LOG_LEVELS.some((level) => level === value);

const isFormat = (value: unknown): value is LogFormat => LOG_FORMATS.some((format) => format === value);

const isDestination = (value: unknown): value is string | number =>
  typeof value === 'number' ? Number.isInteger(value) && value >= 0 : typeof value === 'string' && value !== '';

/** Fills in defaults. Throws REPRISE_CONFIG_INVALID, which names the option that is wrong. */
export function resolveLogMonitorOptions(options: unknown = {}): ResolvedLogMonitorOptions {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw invalid('they are not an object.');
  const known = Object.keys(DEFAULT_LOG_MONITOR_OPTIONS);
  const unknown = Object.keys(options).filter((key) => !known.includes(key));
  if (unknown.length > 0) throw invalid(`there is no option ${unknown.join(', ')}; there are ${known.join(', ')}.`);
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const { level, destination, format, payloads }: Record<string, unknown> = {
    ...DEFAULT_LOG_MONITOR_OPTIONS,
    ...given,
  };
  if (!isLevel(level)) throw invalid(`level is ${JSON.stringify(level)}, not one of ${LOG_LEVELS.join(', ')}.`);
  if (!isDestination(destination)) {
    throw invalid(`destination is ${JSON.stringify(destination)}, not a path or a file descriptor (0 or more).`);
  }
  if (!isFormat(format)) throw invalid(`format is ${JSON.stringify(format)}, not one of ${LOG_FORMATS.join(', ')}.`);
  if (typeof payloads !== 'boolean') throw invalid(`payloads is ${JSON.stringify(payloads)}, not true or false.`);
  return { level, destination, format, payloads };
}
