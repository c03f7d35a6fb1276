import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { RepriseError } from '@reprise/core/plugin';

/** The text of both files. Throws REPRISE_CONFIG_INVALID when one cannot be read, or they are not of each other. */
export function readTls({ cert, key }: { readonly cert: string; readonly key: string }): { cert: string; key: string } {
  const read = (flag: string, path: string): string => {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      throw invalid(`--${flag} ${path} cannot be read: ${(error as Error).message}`, error);
    }
  };
  const texts = { cert: read('tls-cert', cert), key: read('tls-key', key) };
  try {
    createSecureContext(texts);
  } catch (error) {
    const message = `${cert} and ${key} are no certificate and its key, as PEM without a passphrase: ${(error as Error).message}`;
    throw invalid(message, error);
  }
  return texts;
}

/** Changes when a file does: certificates are renewed while the server runs. */
export const stampOf = (paths: readonly string[]): string =>
  paths.map((path) => String(statSync(path, { throwIfNoEntry: false })?.mtimeMs)).join(' ');

const invalid = (message: string, cause: unknown): RepriseError =>
  new RepriseError('REPRISE_CONFIG_INVALID', message, { cause });
