import { Command, Flags } from '@oclif/core';
import { endNow } from './errors/early-end.ts';
import { createTerminal, type Terminal } from './output/terminal.ts';

/** Flags that every command takes. */
const baseFlags = {
  json: Flags.boolean({
    description: 'Print JSON: one object, or one per line where the output is a stream. Progress stays on stderr.',
    helpGroup: 'GLOBAL',
  }),
};

/** What all commands share. A command parses its flags and calls the one function that does the work. */
export abstract class RepriseCommand extends Command {
  static override baseFlags = baseFlags;

  /** Where to write. `brokenPipe` says what happens when the reader of stdout leaves: a command that only reads has nothing left to do. */
  protected terminal(json: boolean | undefined, brokenPipe: 'end' | 'go-on' = 'end'): Terminal {
    if (brokenPipe === 'end') {
      process.stdout.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'EPIPE') endNow(Number(process.exitCode ?? 0));
      });
    }
    return createTerminal(process.stdout, process.stderr, process.env, json === true);
  }

  /** main() prints the error and ends the process. What the parser found is told with what would be right. */
  protected override async catch(error: Error): Promise<void> {
    const { explainUsage } = await import('./errors/explain-usage.ts');
    const { id = '', args, baseFlags: base, flags } = this.ctor;
    const name = id.replaceAll(':', ' ');
    throw explainUsage(error, { name, args, flags: { ...base, ...flags, help: {} } }) ?? error;
  }
}
