import { findConfig, findProject } from '../config/find-config.ts';
import { pluginStandings } from '../config/load-plugins.ts';
import { readConfig } from '../config/read-config.ts';
import type { Whereabouts } from '../store/locate-store.ts';

type Options = Readonly<Record<string, unknown>>;

/** Of the monitor's options, those on which it depends what its spans are and where they go. */
const TAKEN = ['endpoint', 'serviceName', 'resource', 'eventsPerTrace', 'texts', 'redact'];

const NONE: Options = {};

/**
 * The options with which the project sends telemetry, so that what is made again is the same; none without a project, or when it has no such monitor.
 * Throws what loading the configuration, or this plugin of it, throws.
 */
export async function telemetryOptions({ config }: Whereabouts, from: string): Promise<Options> {
  const file = config === undefined ? findProject(from, () => false)?.config : findConfig(config, from);
  if (file === undefined) return NONE;
  const standings = await pluginStandings(await readConfig(file), { only: 'monitor' });
  for (const { plugin, shadowedBy, use, error } of standings) {
    if (shadowedBy !== undefined) continue;
    // Which options it would have had cannot be known. What is wrong with other plugins does not matter here.
    if (error !== undefined && /opentelemetry/i.test(use ?? '')) throw error;
    if (plugin?.kind !== 'monitor' || plugin.name !== 'opentelemetry') continue;
    const { options } = plugin as { readonly options?: unknown };
    if (typeof options !== 'object' || options === null) continue;
    return Object.fromEntries(Object.entries(options).filter(([key]) => TAKEN.includes(key)));
  }
  return NONE;
}
