import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'mocha';

/** Makes paths for view stores in a folder that is gone after the suite. */
export function temporaryPaths(): () => string {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-views-'));
  let made = 0;
  after(() => rmSync(folder, { recursive: true, force: true }));
  return () => {
    made += 1;
    return join(folder, String(made), 'store-views');
  };
}
