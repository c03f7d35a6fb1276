import { definePlugin, type Plugin } from '@reprise/core/plugin';
import { openLogDestination } from './log-destination.ts';
import { LogMonitor } from './log-monitor.ts';
import { type LogMonitorOptions, resolveLogMonitorOptions } from './options.ts';

/** Structured logs of every run. Throws REPRISE_CONFIG_INVALID at once when an option is wrong. */
export function logMonitor(options: LogMonitorOptions = {}): Plugin<'monitor'> {
  const resolved = resolveLogMonitorOptions(options);
  return definePlugin({
    name: 'log',
    kind: 'monitor',
    create: () => new LogMonitor(resolved, openLogDestination(resolved.destination)),
  });
}
