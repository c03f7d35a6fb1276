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
