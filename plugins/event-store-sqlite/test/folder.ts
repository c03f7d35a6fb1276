import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
