import type { RunHandle } from '@reprise/core';
import { EXIT } from '../errors/exit-codes.ts';
import { usageError } from '../errors/usage-error.ts';
import { readData } from '../input/read-input.ts';
import { sayNobodyDrives } from '../output/nobody-drives.ts';
import { statusText } from '../output/status.ts';
import type { Terminal } from '../output/terminal.ts';
import { plain } from '../output/text.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { type BulkFlags, oneRun } from './one-or-many.ts';
import { type SaidFlags, whoOf } from './said.ts';
import { commandRun } from './steer-run.ts';
import { steerMany } from './steer-runs.ts';

export interface SignalFlags extends Whereabouts, SaidFlags, BulkFlags {
  readonly data?: string | undefined;
  readonly 'data-file'?: string | undefined;
}

const OPEN = ['forking', 'running', 'paused', 'parked'] as const;

/**
 * Sends a run a signal, whoever drives it; or those whose ids are on stdin (`-`), or every open run that fits a query. Before the name of the signal
 * stands the run, unless there is a query. Returns the exit code.
 */
export async function sendSignal(args: readonly string[], flags: SignalFlags, terminal: Terminal): Promise<number> {
  const { typed, signal } = named(args, flags);
  const one = oneRun(typed, flags);
  if (typed !== undefined && one === undefined && flags['data-file'] === '-')
    throw usageError('The ids of the runs are on stdin, so the data cannot be: name a file.');
  const data = await readData(flags);
  if (one === undefined) {
    const apply = (handle: RunHandle): Promise<void> => handle.signal(signal, data, whoOf(flags));
    const action = { verb: `send the signal '${plain(signal)}' to`, done: 'signalled', statuses: OPEN, apply };
    return steerMany(flags, action, terminal);
  }
  const { err } = terminal;
  await commandRun(one, flags, terminal, {
    shape: () => ({ signal }),
    give: (handle) => handle.signal(signal, data, whoOf(flags)),
    say: async ({ runId, status, tasks }, driven) => {
      await err.line(`Run ${err.style('bold', runId)} has the signal; it is ${statusText(err, status)}.`);
      const waits = [...tasks.values()].filter((task) => task.status === 'running' && task.signal !== undefined);
      const names = [...new Set(waits.map((task) => task.signal ?? ''))];
      const taken = [...tasks.values()].some((task) => task.signal === signal);
      if (!taken)
        await err.line(
          `No task has waited for '${plain(signal)}' yet: it is kept until one does.${names.length === 0 ? '' : ` Waited for now: ${names.map(plain).join(', ')}.`}`,
        );
      await sayNobodyDrives(driven, flags, err);
    },
  });
  return EXIT.ok;
}

/** Throws REPRISE_USAGE when the run or the name is missing, or both a run and a query are given. */
function named(args: readonly string[], { query }: BulkFlags) {
  const fix = 'Write `reprise run signal <run> <name>`, or `reprise run signal <name> --query QUERY --reason TEXT`.';
  const [first, second] = args;
  if (args.length > 2) throw usageError(`There is one signal, and '${plain(args[2] ?? '')}' is too much.`, { fix });
  if (query !== undefined && second !== undefined) throw usageError('Name a run, or give --query: not both.', { fix });
  if (query !== undefined && first !== undefined) return { typed: undefined, signal: first };
  if (first !== undefined && second !== undefined) return { typed: first, signal: second };
  throw usageError(first === undefined ? 'The name of the signal is missing.' : 'run or name is missing.', { fix });
}
