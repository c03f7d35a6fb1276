import { openProject } from '../drive/open-project.ts';
import { usageError } from '../errors/usage-error.ts';
import type { Terminal } from '../output/terminal.ts';
import { openRunReader } from '../store/open-run-reader.ts';
import { readRaises } from './budget-flags.ts';
import { actOnMany, type BulkFlags, oneRun } from './one-or-many.ts';
import { type RetryFlags, retryRun } from './retry-run.ts';
import { whoOf } from './said.ts';

/** Goes on with a run, or with every run that fits a query; the new ones are carried out by whoever drives the store. Returns the exit code. */
export async function retryRuns(
  typed: string | undefined,
  flags: RetryFlags & BulkFlags,
  terminal: Terminal,
): Promise<number> {
  const one = oneRun(typed, flags);
  if (one !== undefined) return retryRun(one, flags, terminal);
  for (const flag of ['id', 'again', 'outcome', 'wait', 'follow'] as const)
    if (flags[flag] !== undefined && flags[flag] !== false) throw usageError(`--${flag} is for one run, not for many.`);
  const raise = readRaises(flags.budget ?? []);
  const { by, reason } = flags;
  const options = { ...whoOf({ by, reason }), ...(raise === undefined ? {} : { raise }) };
  const { orchestrator, storage, access } = await openProject(flags);
  const { reader, close } = openRunReader(storage, access);
  try {
    if (flags['dry-run'] !== true) await orchestrator.start({ drive: false });
    const action = {
      verb: 'retry',
      done: 'retried',
      statuses: ['failed', 'cancelled'],
      apply: async (runId: string) => ({
        newRunId: (await orchestrator.retryRun(runId, options)).id,
      }),
    };
    return await actOnMany(reader, flags, action, terminal);
  } finally {
    await close();
    await orchestrator.stop();
  }
}
