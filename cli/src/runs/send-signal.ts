import type { RunHandle } from '@reprise/core';
import { EXIT } from '../errors/exit-codes.ts';
import { usageError } from '../errors/usage-error.ts';
import { readData } from '../input/read-input.ts';
import { sayNobodyDrives } from '../output/nobody-drives.ts';
import { statusText } from '../output/status.ts';
import type { Terminal } from '../output/terminal.ts';
import { plain } from '../output/text.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { oneRun } from './one-or-many.ts';
import { type SaidFlags, whoOf } from './said.ts';
import { commandRun } from './steer-run.ts';
import { steerMany } from './steer-runs.ts';

export interface SignalFlags extends Whereabouts, SaidFlags {
  readonly data?: string | undefined;
  readonly 'data-file'?: string | undefined;
}

/** Sends a run a signal, whoever drives it; or those whose ids are on stdin (`-`). Returns the exit code. */
export async function sendSignal(
  typed: string,
  signal: string,
  flags: SignalFlags,
  terminal: Terminal,
): Promise<number> {
  const many = oneRun(typed, {}) === undefined;
  if (many && flags['data-file'] === '-')
    throw usageError('The ids of the runs are on stdin, so the data cannot be: name a file.');
  const data = await readData(flags);
  if (many) {
    const apply = (handle: RunHandle): Promise<void> => handle.signal(signal, data, whoOf(flags));
    return steerMany(flags, { verb: `signal '${signal}' to`, done: 'signalled', statuses: [], apply }, terminal);
  }
  const { err } = terminal;
  await commandRun(typed, flags, terminal, {
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
