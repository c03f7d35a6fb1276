import type { Whereabouts } from '../store/locate-store.ts';

/**
 * A command to try next, spelled so that it works from here: with the configuration and the store that were named, and by npx where that is
 * how this one was started. `command` is what follows `reprise`.
 */
export function commandText(command: string, { config, store }: Whereabouts): string {
  const reprise = process.env['npm_command'] === undefined ? 'reprise' : 'npx reprise';
  return `${reprise} ${command}${flagText('--config', config)}${flagText('--store', store)}`;
}

const flagText = (flag: string, value: string | undefined): string =>
  value === undefined ? '' : ` ${flag} ${/^[\w@%+=:,./-]+$/.test(value) ? value : JSON.stringify(value)}`;
