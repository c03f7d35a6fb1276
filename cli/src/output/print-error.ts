import type { DescribedError } from '../errors/describe-error.ts';
import type { Terminal } from './terminal.ts';

/** Says what went wrong and what to do; with `--json`, as one line `{"error":…}`. Always on stderr. */
export async function printError(terminal: Terminal, error: DescribedError, stack: string | undefined): Promise<void> {
  const { err } = terminal;
  if (terminal.json) {
    const { exit, ...said } = error;
    await err.line(JSON.stringify({ error: { ...said, exitCode: exit } }));
  } else {
    const [first = '', ...more] = error.message.split('\n');
    await err.line(`${err.style(['red', 'bold'], `Error ${error.code}`)}: ${first}`);
    for (const line of more) await err.line(line === '' || line.startsWith(' ') ? line : `  ${line}`);
    if (error.fix !== undefined) await err.line(`  ${err.style('bold', 'Fix')}: ${error.fix}`);
  }
  if (stack !== undefined) await err.line(err.style('dim', stack));
}
