import { createInterface } from 'node:readline';
import type { Terminal } from '../output/terminal.ts';
import { plain } from '../output/text.ts';

/** Asks the person at the terminal, one question after the other. */
export interface Asker {
  /** The line that is typed; undefined at the end of the input, and when the signal says so. */
  ask(question: string): Promise<string | undefined>;
  close(): void;
}

/** Undefined where nobody can be asked. */
export function createAsker({ err }: Terminal, input: NodeJS.ReadStream, signal: AbortSignal): Asker | undefined {
  if (input.isTTY !== true) return undefined;
  // Not as a terminal: Ctrl-C stays the signal that it is.
  const lines = createInterface({ input, terminal: false });
  const typed = lines[Symbol.asyncIterator]();
  const close = (): void => lines.close();
  signal.addEventListener('abort', close, { once: true });
  return {
    ask: async (question) => {
      if (signal.aborted) return undefined;
      await err.line(plain(question));
      const { value, done } = await typed.next();
      return done === true ? undefined : String(value).trim();
    },
    close,
  };
}
