import { loadingNow } from '../config/loading.ts';
import { lastWords } from '../output/last-words.ts';
import { EXIT } from './exit-codes.ts';

/** What Node ends with when nothing is left to do, and somebody still waits. */
const UNSETTLED = 13;

let isMeant = false;

/** Ends the process at once, by intent. */
export function endNow(code: number): never {
  isMeant = true;
  process.exit(code);
}

/**
 * Says so, and ends with a failure, when the process ends before the command has: code that was loaded has called process.exit(), or waits for what
 * never comes. Returns the function that is called when the command has ended.
 */
export function tellEarlyEnd(json: boolean): () => void {
  const listener = (code: number): void => {
    if (isMeant) return;
    if (code === 0 || code === UNSETTLED) process.exitCode = EXIT.failed;
    const message = messageFor(code);
    lastWords(
      json
        ? JSON.stringify({ error: { code: 'REPRISE_UNEXPECTED', message, exitCode: Number(process.exitCode) } })
        : `Error REPRISE_UNEXPECTED: ${message}`,
    );
  };
  process.once('exit', listener);
  return () => {
    process.off('exit', listener);
  };
}

function messageFor(code: number): string {
  const loading = loadingNow();
  const who = loading.length === 0 ? 'something that was loaded' : loading.join(' or ');
  const did = code === UNSETTLED ? 'waits for something that never comes' : `ended the process (exit code ${code})`;
  return `The command has not come to its end: ${who} ${did}.`;
}
