import { join } from 'node:path';
import { recogniseLicence } from '../licences/recognise.ts';
import { readText } from './read-files.ts';

const LICENCE_FILE = /^(licen[cs]e|copying|unlicense|copyright)([-_.].*)?$/i;
const CODE_FILE = /\.([cm]?[jt]sx?|json|map|css|html?)$/i;
const MAX_LICENCE_BYTES = 128 * 1024;

/** Names of the files in a package that may hold its licence, the plainest name first. */
export function licenceFiles(names: readonly string[]): readonly string[] {
  return names
    .filter((name) => LICENCE_FILE.test(name) && !CODE_FILE.test(name))
    .sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
}

/** SPDX expression of the first licence file that is recognised, `preferred` before all others. */
export async function licenceFromFiles(
  folder: string,
  names: readonly string[],
  preferred?: string,
): Promise<string | undefined> {
  const first = preferred !== undefined && names.includes(preferred) ? [preferred] : [];
  for (const name of new Set([...first, ...licenceFiles(names)])) {
    const text = await readText(join(folder, name), MAX_LICENCE_BYTES);
    const licence = text === undefined ? undefined : recogniseLicence(text);
    if (licence !== undefined) return licence;
  }
  return undefined;
}
