import { rm } from 'node:fs/promises';
import type { PinnedPlugin, PluginFile } from '../config/plugin-file.ts';
import { writeWhole } from './project-files.ts';

/** Writes the entries; without any, there is no file. */
export async function writePluginFile({ file }: PluginFile, plugins: readonly PinnedPlugin[]): Promise<void> {
  if (plugins.length === 0) return rm(file, { force: true });
  const entries = plugins.map(({ use, export: named, version, integrity, options }) => ({
    use,
    ...(named === undefined ? {} : { export: named }),
    ...(version === undefined ? {} : { version }),
    ...(integrity === undefined ? {} : { integrity }),
    ...(options === undefined ? {} : { options }),
  }));
  await writeWhole(file, `${JSON.stringify({ plugins: entries }, null, 2)}\n`);
}
