import { resolve } from 'node:path';
import type { RepriseConfig } from '@reprise/core';
import type { ReadConfig } from './read-config.ts';

/** `dispatchSecret` as a start takes it: files are relative to the configuration. What is no source is left to the start, which says so. */
export function secretsOf({ config, folder }: ReadConfig): RepriseConfig['dispatchSecret'] {
  const { dispatchSecret: sources } = config;
  const from = <Source>(source: Source): Source => {
    const { file } = (source ?? {}) as { readonly file?: unknown };
    return typeof file === 'string' && file !== '' ? { ...source, file: resolve(folder, file) } : source;
  };
  return Array.isArray(sources) ? sources.map(from) : from(sources);
}
