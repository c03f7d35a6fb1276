import { definePlugin, type Plugin } from '@reprise/core/plugin';
import { type AutonomousOptions, resolveAutonomousOptions } from './options.ts';
import { AUTONOMOUS, createAutonomousStrategy } from './strategy.ts';

/** Teams without a manager. Throws REPRISE_CONFIG_INVALID at once when an option is wrong. */
export function autonomousScheduler(options: AutonomousOptions = {}): Plugin<'scheduler'> {
  const resolved = resolveAutonomousOptions(options);
  return definePlugin({ name: AUTONOMOUS, kind: 'scheduler', create: () => createAutonomousStrategy(resolved) });
}
