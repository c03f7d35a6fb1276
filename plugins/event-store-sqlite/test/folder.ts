import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRepriseError, type RepriseError, sleep } from '@reprise/core/plugin';
import { after } from 'mocha';

/** Makes paths for stores in a folder that is gone after the suite. */
export function temporaryPaths(): (name?: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-sqlite-'));
  let made = 0;
  after(() => rmSync(folder, { recursive: true, force: true }));
  return (name = 'events.db') => {
    made += 1;
    return join(folder, String(made), name);
  };
}

/** The error that `work` rejects with. */
export async function rejection(work: Promise<unknown> | undefined): Promise<RepriseError> {
  const outcome = await work?.catch((error: unknown) => error);
  if (isRepriseError(outcome)) return outcome;
  throw new Error(`No RepriseError but ${String(outcome)}.`);
}

/** Resolves when `holds` does; looks again and again. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(5);
}
