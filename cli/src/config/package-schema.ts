import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { InstalledPackage } from './installed-package.ts';

export type Options = Readonly<Record<string, unknown>>;

/** The largest schema that is read, in bytes. */
const MAX_SCHEMA = 1024 * 1024;

const isRecord = (value: unknown): value is Options =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The schema of a package's options as data; a text that is none, and a package without one, have undefined. */
export function parseSchema(text: string | undefined): Options | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export async function schemaOf({ folder, says }: InstalledPackage): Promise<Options | undefined> {
  if (says.options === undefined) return undefined;
  const file = join(folder, says.options);
  try {
    return (await stat(file)).size > MAX_SCHEMA ? undefined : parseSchema(await readFile(file, 'utf8'));
  } catch {
    return undefined;
  }
}
