import { Command, Flags } from '@oclif/core';
import { endNow } from './errors/early-end.ts';
import { type Format, type Rows, renderAs } from './output/formats.ts';
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
  /** What the command is about, for `--format`: it has that flag if, and only if, it has these. */
  static rows: Rows | undefined;

  /** oclif takes what is on stdin for an argument that was left out: in `while read`, the rest of the list would be the query. Only `-` reads it here. */
  protected override async init(): Promise<void> {
    for (const arg of Object.values(this.ctor.args)) if (arg.required !== true) arg.ignoreStdin = true;
    await super.init();
  }

  /** Where to write. `brokenPipe` says what happens when the reader of stdout leaves: a command that only reads has nothing left to do. */
  protected terminal(
    asked: boolean | undefined | { readonly json: boolean; readonly format?: string | undefined },
    brokenPipe: 'end' | 'go-on' = 'end',
  ): Terminal {
    if (brokenPipe === 'end') {
      process.stdout.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'EPIPE') endNow(Number(process.exitCode ?? 0));
      });
    }
    const { json = false, format = undefined } = typeof asked === 'object' ? asked : { json: asked };
    const { rows } = this.ctor as typeof RepriseCommand;
    const render = format === undefined || rows === undefined ? json : renderAs(format as Format, rows);
    return createTerminal(process.stdout, process.stderr, process.env, render);
  }

  /** main() prints the error and ends the process. What the parser found is told with what would be right. */
  protected override async catch(error: Error): Promise<void> {
    const { explainUsage } = await import('./errors/explain-usage.ts');
    const { id = '', args, baseFlags: base, flags } = this.ctor;
    const name = id.replaceAll(':', ' ');
    throw explainUsage(error, { name, args, flags: { ...base, ...flags, help: {} } }) ?? error;
  }
}
