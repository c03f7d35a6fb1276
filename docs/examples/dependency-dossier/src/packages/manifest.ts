import { join } from 'node:path';
import { readText } from './read-files.ts';

/** A package.json as found: any member may be missing or of any shape. */
export type Manifest = Readonly<Record<string, unknown>>;

const MAX_MANIFEST_BYTES = 1 << 20;

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Text on one line, trimmed, at most `max` characters; undefined for anything but a string with something in it. */
export function shortText(value: unknown, max: number): string | undefined {
  if (typeof value !== 'string') return undefined;
  const line = value.replace(/[\p{Cc}\p{Z}]+/gu, ' ').trim();
  return line === '' ? undefined : [...line.slice(0, max * 2)].slice(0, max).join('').trimEnd();
}

/** The manifest in `folder`: `missing` when there is none to read, `corrupt` when it is not a JSON object. */
export async function readManifest(folder: string): Promise<Manifest | 'missing' | 'corrupt'> {
  const text = await readText(join(folder, 'package.json'), MAX_MANIFEST_BYTES);
  if (text === undefined) return 'missing';
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : 'corrupt';
  } catch (error) {
    if (error instanceof SyntaxError) return 'corrupt';
    throw error;
  }
}
