export { KEPT_LEVELS, type KeptLevel } from './kept/kept-line.ts';
export { keptLogs } from './kept/kept-logs.ts';
export type { KeptLogsOptions } from './kept/options.ts';
export { forgetKeptLogs, type KeptLine, type LogQuery, readKeptLogs } from './kept/read-logs.ts';
export { type LogDestination, openLogDestination, streamDestination } from './log-destination.ts';
export { LogMonitor } from './log-monitor.ts';
export {
  DEFAULT_LOG_MONITOR_OPTIONS,
  LOG_FORMATS,
  LOG_LEVELS,
  type LogFormat,
  type LogLevel,
  type LogMonitorOptions,
  type ResolvedLogMonitorOptions,
  resolveLogMonitorOptions,
} from './options.ts';
export { logMonitor } from './plugin.ts';
