import { visibleText } from '@reprise/core';
import type { DescribedError } from '../errors/describe-error.ts';
import type { Terminal } from './terminal.ts';
import { plain } from './text.ts';

/** Says what went wrong and what to do; with `--json`, as one line `{"error":…}`. Always on stderr. */
export async function printError(terminal: Terminal, error: DescribedError, stack: string | undefined): Promise<void> {
  const { err } = terminal;
  if (terminal.json) {
    const { exit, ...said } = error;
    await err.json({ error: { ...said, exitCode: exit } });
  } else {
    const [first = '', ...more] = linesOf(error.message);
    await err.line(`${err.style(['red', 'bold'], `Error ${plain(error.code)}`)}: ${first}`);
    for (const line of more) await err.line(line === '' || line.startsWith(' ') ? line : `  ${line}`);
    if (error.fix !== undefined) await err.line(`  ${err.style('bold', 'Fix')}: ${plain(error.fix)}`);
  }
  if (stack !== undefined) for (const line of linesOf(stack)) await err.line(err.style('dim', line));
}

/** A message may quote what somebody else wrote: an agent, a file, the command line. */
const linesOf = (text: string): readonly string[] => visibleText(text).split('\n');
