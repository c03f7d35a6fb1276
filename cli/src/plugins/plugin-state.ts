import type { PluginStanding } from '../config/load-plugins.ts';
import { describeError } from '../errors/describe-error.ts';
import { installedIntegrity } from './installed-integrity.ts';

/** How an entry stands, for those who look: `list`, `inspect`, `doctor`. */
export interface PluginState {
  readonly state: 'used' | 'shadowed' | 'missing' | 'failed';
  /** Why, when it is not used. */
  readonly reason?: string;
  /** How what is installed differs from what was pinned. */
  readonly differs?: string;
}

export async function stateOf(standing: PluginStanding): Promise<PluginState> {
  const { shadowedBy, error, installed, pinned, use } = standing;
  const differs = await differenceOf(standing);
  const more = differs === undefined ? {} : { differs };
  if (shadowedBy !== undefined) return { state: 'shadowed', reason: shadowedBy, ...more };
  if (error === undefined) return { state: 'used', ...more };
  const isMissing = pinned !== undefined && installed === undefined && use !== undefined && !/^[./]/.test(use);
  return { state: isMissing ? 'missing' : 'failed', reason: describeError(error).message, ...more };
}

async function differenceOf({ pinned, installed }: PluginStanding): Promise<string | undefined> {
  if (pinned === undefined || installed === undefined) return undefined;
  const { version } = installed.says;
  if (pinned.version !== undefined && pinned.version !== version)
    return `pinned is ${pinned.version}, installed is ${version}`;
  if (pinned.integrity === undefined) return undefined;
  const integrity = await installedIntegrity(installed);
  if (integrity === pinned.integrity) return undefined;
  return integrity === undefined
    ? 'its integrity is pinned, and npm has none on record: it is linked, or was not installed by npm'
    : 'its integrity is not the one that was pinned';
}
