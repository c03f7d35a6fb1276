import type { AnyPlugin } from '@reprise/core';
import type { StoreAccess } from '../store/store-access.ts';

const NAME = 'kept-logs';

const ownOf = (plugins: readonly AnyPlugin[]): AnyPlugin | undefined => plugins.find(({ name }) => name === NAME);

/** Keeps what agents log beside the store, unless a plugin of the project does so elsewhere, or the store is one that nothing is known of. */
export async function keepLogs({ logs }: StoreAccess, plugins: readonly AnyPlugin[]): Promise<readonly AnyPlugin[]> {
  if (logs === undefined || ownOf(plugins) !== undefined) return [];
  const { keptLogs } = await import('@reprise/monitor-log');
  return [keptLogs({ path: logs })];
}

/** Where they are kept, as a plugin of the project says, or else beside the store. */
export function logsOf({ logs }: StoreAccess, plugins: readonly AnyPlugin[]): string | undefined {
  const own = ownOf(plugins) as { readonly path?: unknown } | undefined;
  return typeof own?.path === 'string' ? own.path : logs;
}
