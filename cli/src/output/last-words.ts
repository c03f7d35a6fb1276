import { writeSync } from 'node:fs';
import { visibleText } from '@reprise/core';

/** Writes a line to stderr at once, while the process ends and nothing can be waited for. Does not throw: nobody may be there to read it. */
export function lastWords(line: string): void {
  try {
    writeSync(process.stderr.fd, `${visibleText(line)}\n`);
  } catch {
    // Nobody reads it.
  }
}
