import type { RunHandle } from '@reprise/core';
import { openToSteer } from '../drive/open-project.ts';
import { EXIT } from '../errors/exit-codes.ts';
import type { Terminal } from '../output/terminal.ts';
import { locateStore, type Whereabouts } from '../store/locate-store.ts';
import { openRunReader } from '../store/open-run-reader.ts';
import { noRunsYet } from '../store/with-reader.ts';
import { actOnMany, type BulkAction, type BulkFlags, oneRun } from './one-or-many.ts';
import { give, type SteerFlags, type Steering, steerRun } from './steer-run.ts';

/** What each is done to, and how it is told. */
const ACTIONS = {
  cancel: { done: 'cancelled', statuses: ['forking', 'running', 'paused', 'parked'] },
  pause: { done: 'paused', statuses: ['running'] },
  resume: { done: 'resumed', statuses: ['paused', 'parked'] },
} as const;

/** Steers a run, or every run that fits a query. Returns the exit code. */
export async function steerRuns(
  typed: string | undefined,
  steering: Steering,
  flags: SteerFlags & BulkFlags,
  terminal: Terminal,
): Promise<number> {
  const one = oneRun(typed, flags);
  if (one !== undefined) {
    await steerRun(one, steering, flags, terminal);
    return EXIT.ok;
  }
  return steerMany(
    flags,
    { verb: steering, ...ACTIONS[steering], apply: (handle) => give(handle, steering, flags) },
    terminal,
  );
}

/** Says something to every run that fits, or whose id is on stdin. Loads no agent and no workflow. Returns the exit code. */
export async function steerMany(
  flags: Whereabouts & BulkFlags,
  { apply, ...action }: Omit<BulkAction, 'apply'> & { apply(handle: RunHandle): Promise<void> },
  terminal: Terminal,
): Promise<number> {
  const access = await locateStore(flags, process.cwd());
  if (access.exists === false) throw noRunsYet(access);
  const { orchestrator, storage } = await openToSteer(access);
  const { reader, close } = openRunReader(storage, access);
  try {
    const applied = async (runId: string): Promise<Readonly<Record<string, string>>> => {
      await apply(orchestrator.run(runId));
      return {};
    };
    return await actOnMany(reader, flags, { ...action, apply: applied }, terminal);
  } finally {
    await close();
    await orchestrator.stop();
  }
}
