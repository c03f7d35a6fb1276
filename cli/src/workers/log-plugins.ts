import type { AnyPlugin } from '@reprise/core';
import type { LogFormat, LogLevel } from '@reprise/monitor-log';

export interface LogFlags {
  readonly log: LogLevel;
  readonly 'log-format'?: LogFormat;
}

/** The monitor that logs as the flags say; none for `silent`. */
export async function logPlugins({ log, 'log-format': format = 'auto' }: LogFlags): Promise<readonly AnyPlugin[]> {
  if (log === 'silent') return [];
  const { logMonitor } = await import('@reprise/monitor-log');
  return [logMonitor({ level: log, format })];
}
