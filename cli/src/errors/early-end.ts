import { loadingNow } from '../config/loading.ts';
import { fileReason } from '../config/read-text-file.ts';
import { lastWords } from '../output/last-words.ts';
import { describeError } from './describe-error.ts';
import { EXIT } from './exit-codes.ts';

/** What Node ends with when nothing is left to do, and somebody still waits. */
const UNSETTLED = 13;

let isMeant = false;

/** Ends the process at once, by intent. */
export function endNow(code: number): never {
  isMeant = true;
  process.exit(code);
}

/** Ends the process with a failure, and says that stdout takes no more: the disk is full, say. That its reader has left is no failure of it. */
export function endWhenUnwritable(out: NodeJS.WriteStream, json: boolean): void {
  out.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    say(json, 'REPRISE_NOT_WRITABLE', `What the command prints could not be written to stdout: ${fileReason(error)}.`, {
      fix: 'Make room, or send stdout elsewhere. A command that changes something may have done so: look before it is run again.',
      exit: EXIT.failed,
    });
    endNow(EXIT.failed);
  });
}

/**
 * Says so, and ends with a failure, when the process ends before the command has: code that was loaded has called process.exit(), or waits for what
 * never comes. Returns the function that is called when the command has ended.
 */
export function tellEarlyEnd(json: boolean): () => void {
  let uncaught: { readonly error: unknown } | undefined;
  const watch = (error: unknown): void => {
    uncaught = { error };
  };
  const listener = (code: number): void => {
    if (isMeant) return;
    if (code === 0 || code === UNSETTLED) process.exitCode = EXIT.failed;
    const message = uncaught === undefined ? messageFor(code) : messageOf(uncaught.error);
    say(json, 'REPRISE_UNEXPECTED', message, { exit: Number(process.exitCode ?? code) });
  };
  process.once('exit', listener);
  process.on('uncaughtExceptionMonitor', watch);
  return () => {
    process.off('exit', listener);
    process.off('uncaughtExceptionMonitor', watch);
  };
}

function say(json: boolean, code: string, message: string, { fix, exit }: { fix?: string; exit: number }): void {
  if (json) return lastWords(JSON.stringify({ error: { code, message, fix, exitCode: exit } }));
  lastWords(`Error ${code}: ${message}`);
  if (fix !== undefined) lastWords(`  Fix: ${fix}`);
}

const messageOf = (error: unknown): string =>
  `The command has not come to its end: an error was thrown where nobody could catch it. ${describeError(error).message}`;

function messageFor(code: number): string {
  const loading = loadingNow();
  const who = loading.length === 0 ? 'something that was loaded' : loading.join(' or ');
  const did = code === UNSETTLED ? 'waits for something that never comes' : `ended the process (exit code ${code})`;
  return `The command has not come to its end: ${who} ${did}.`;
}
