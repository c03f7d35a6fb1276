import { enableCompileCache } from 'node:module';
import { stackOf } from '@reprise/core';
import { describeError, wantsStacks } from './errors/describe-error.ts';
import { endWhenUnwritable, tellEarlyEnd } from './errors/early-end.ts';
import { printError } from './output/print-error.ts';
import { createTerminal } from './output/terminal.ts';
import { commandPackages } from './plugins/command-packages.ts';

enableCompileCache();

/** `--json`, and `--format json`, count when they stand before `--`. */
function wantsJson(argv: readonly string[]): boolean {
  const own = argv.slice(0, argv.indexOf('--') >>> 0);
  return own.some(
    (one, at) => one === '--json' || one === '--format=json' || (one === 'json' && own[at - 1] === '--format'),
  );
}

/** Runs one command and ends the process with its exit code. */
export async function main(entry: string, argv: readonly string[]): Promise<void> {
  const out = process.stdout;
  endWhenUnwritable(out, wantsJson(argv));
  const terminal = createTerminal(out, process.stderr, process.env, wantsJson(argv));
  const hasEnded = tellEarlyEnd(wantsJson(argv));
  let exit = 0;
  try {
    const { run, settings } = await import('@oclif/core');
    settings.enableAutoTranspile = false;
    const packages = commandPackages(argv, process.cwd(), process.env);
    const options =
      packages.length === 0
        ? entry
        : await (await import('./plugins/package-commands.ts')).withPackageCommands(entry, packages, argv, terminal);
    await run(argv.length === 0 ? ['--help'] : [...argv], options);
    exit = Number(process.exitCode ?? 0);
  } catch (error) {
    const ended = (error as { readonly oclif?: { readonly exit?: unknown }; readonly code?: unknown } | null) ?? {};
    if (ended.code === 'EEXIT') {
      exit = Number(ended.oclif?.exit ?? 0);
    } else {
      const described = describeError(error);
      const stack = wantsStacks(process.env) ? stackOf(error) : undefined;
      await printError(terminal, described, stack);
      exit = described.exit;
    }
  }
  await Promise.all([terminal.out.flush(), terminal.err.flush()]);
  hasEnded();
  // Agents and plugins may have left something open; the command is over.
  process.exit(exit);
}
