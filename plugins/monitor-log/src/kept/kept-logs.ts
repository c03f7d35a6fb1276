import { definePlugin, type Plugin } from '@reprise/core/plugin';
import { LogKeeper } from './log-keeper.ts';
import { type KeptLogsOptions, resolveKeptLogsOptions } from './options.ts';

/** Keeps what agents log and emit, for `reprise run logs` and the dashboard. Throws REPRISE_CONFIG_INVALID at once when an option is wrong. */
export function keptLogs(options: KeptLogsOptions): Plugin<'monitor'> & { readonly path: string } {
  const resolved = resolveKeptLogsOptions(options);
  const plugin = definePlugin({
    name: 'kept-logs',
    kind: 'monitor',
    create: ({ clock }) => new LogKeeper({ ...resolved, clock }),
  });
  return { ...plugin, path: resolved.path };
}
