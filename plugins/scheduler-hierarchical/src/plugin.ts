import { definePlugin, type Plugin } from '@reprise/core/plugin';
import { type HierarchicalOptions, resolveHierarchicalOptions } from './options.ts';
import { createHierarchicalStrategy, HIERARCHICAL } from './strategy.ts';

/** Teams that a manager leads. Throws REPRISE_CONFIG_INVALID at once when an option is wrong. */
export function hierarchicalScheduler(options: HierarchicalOptions = {}): Plugin<'scheduler'> {
  const resolved = resolveHierarchicalOptions(options);
  return definePlugin({ name: HIERARCHICAL, kind: 'scheduler', create: () => createHierarchicalStrategy(resolved) });
}
