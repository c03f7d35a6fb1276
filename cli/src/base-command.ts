import { Command, Flags } from '@oclif/core';
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
        if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
      });
    }
    return createTerminal(process.stdout, process.stderr, process.env, json === true);
  }

  /** main() prints the error and ends the process. A flag that does not exist gets a suggestion, a query without quotes a hint. */
  protected override async catch(error: Error): Promise<void> {
    const { flags, args } = error as { readonly flags?: unknown; readonly args?: unknown };
    if (Array.isArray(args) && args.length > 0 && 'query' in this.ctor.args)
      error.message += ". A query with spaces is one argument, in quotes: 'status:failed workflow:order'.";
    const [wrong] = Array.isArray(flags) ? (flags as readonly unknown[]) : [];
    if (typeof wrong === 'string') {
      const { didYouMean } = await import('@reprise/core');
      const known = Object.keys({ ...this.ctor.baseFlags, ...this.ctor.flags, help: true }).map((name) => `--${name}`);
      error.message = `There is no flag ${wrong}${didYouMean(wrong, known)}`;
    }
    throw error;
  }
}
