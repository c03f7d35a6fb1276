import { dirname } from 'node:path';
import { findConfig } from '../config/find-config.ts';
import { type PluginFile, readPluginFile } from '../config/plugin-file.ts';

/** A project whose installed plugins are looked at or changed. Its configuration is not run. */
export interface PluginProject {
  readonly config: string;
  readonly folder: string;
  readonly pluginFile: PluginFile;
}

/** Throws REPRISE_CONFIG_NOT_FOUND, and REPRISE_CONFIG_INVALID of reprise.plugins.json. */
export async function readPluginProject(named: string | undefined, from: string): Promise<PluginProject> {
  const config = findConfig(named, from);
  const folder = dirname(config);
  return { config, folder, pluginFile: await readPluginFile(folder) };
}
