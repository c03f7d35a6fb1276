import { openToSteer } from '../drive/open-project.ts';
import { EXIT } from '../errors/exit-codes.ts';
import type { Terminal } from '../output/terminal.ts';
import { locateStore } from '../store/locate-store.ts';
import { openRunReader } from '../store/open-run-reader.ts';
import { noRunsYet } from '../store/with-reader.ts';
import { actOnMany, type BulkFlags, oneRun } from './one-or-many.ts';
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
  const access = await locateStore(flags, process.cwd());
  if (access.exists === false) throw noRunsYet(access);
  const { orchestrator, storage } = await openToSteer(access);
  const { reader, close } = openRunReader(storage, access);
  try {
    const apply = async (runId: string): Promise<Readonly<Record<string, string>>> => {
      const handle = orchestrator.run(runId);
      await give(handle, steering, flags);
      return {};
    };
    const action = { verb: steering, ...ACTIONS[steering], apply };
    return await actOnMany(reader, flags, action, terminal);
  } finally {
    await close();
    await orchestrator.stop();
  }
}
