import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** The nearest package.json from a folder upwards: the one that Node goes by. */
export interface NearestPackage {
  readonly file: string;
  /** As it is written; undefined when it is not. */
  readonly type: string | undefined;
}

export function nearestPackage(from: string): NearestPackage | undefined {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    const text = textOf(file);
    if (text !== undefined) return { file, type: typeIn(text) };
    if (dirname(folder) === folder) return undefined;
  }
}

function typeIn(text: string): string | undefined {
  try {
    const { type } = (JSON.parse(text) ?? {}) as { readonly type?: unknown };
    return typeof type === 'string' ? type : undefined;
  } catch {
    return undefined; // Node says what is wrong with it
  }
}

/** The text of a file; undefined when it cannot be read. */
export function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
