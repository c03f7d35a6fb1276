import { type Json, lookForDrivers, type RunHandle, type RunView } from '@reprise/core';
import { openToSteer } from '../drive/open-project.ts';
import { sayNobodyDrives } from '../output/nobody-drives.ts';
import { statusText } from '../output/status.ts';
import type { Terminal } from '../output/terminal.ts';
import { whileWaiting } from '../output/while-waiting.ts';
import { locateStore, type Whereabouts } from '../store/locate-store.ts';
import { openRunReader } from '../store/open-run-reader.ts';
import { resolveRun } from '../store/resolve-run.ts';
import { driverLines, driversShape } from '../store/silent-drivers.ts';
import { noRunsYet } from '../store/with-reader.ts';
import { whoOf } from './said.ts';

export type Steering = 'cancel' | 'pause' | 'resume';

export interface SteerFlags extends Whereabouts {
  readonly by?: string | undefined;
  readonly reason?: string | undefined;
  /** Of cancel. */
  readonly force?: boolean;
}

/** Adds one command to a run, whoever drives it. Loads no agent and no workflow. */
export async function steerRun(
  typed: string,
  steering: Steering,
  flags: SteerFlags,
  terminal: Terminal,
): Promise<void> {
  const { err } = terminal;
  await commandRun(typed, flags, terminal, {
    give: (handle) => give(handle, steering, flags),
    say: async ({ runId, status }, driven) => {
      const closes = steering === 'cancel' && status !== 'cancelled';
      await err.line(`Run ${err.style('bold', runId)} is ${closes ? 'being cancelled' : statusText(err, status)}.`);
      if (closes && flags.force !== true)
        await err.line('It ends once its child runs have, and what was done is undone; at once: --force');
      if (closes || steering === 'resume') await sayNobodyDrives(driven, flags, err);
    },
  });
}

export function give(
  handle: RunHandle,
  steering: Steering,
  { by, reason, force }: Omit<SteerFlags, keyof Whereabouts>,
): Promise<void> {
  if (steering === 'resume') return handle.resume(whoOf({ by, reason }));
  if (steering === 'pause') return handle.pause(reason, whoOf({ by }));
  return handle.cancel(reason, { ...whoOf({ by }), force: force === true });
}

export interface RunCommand {
  give(handle: RunHandle): Promise<void>;
  /** What a person is told. `driven`: whether a process drives the store; undefined when the store cannot tell. */
  say(state: RunView, driven: boolean | undefined): Promise<void>;
  /** More members of the JSON, as they are once the command was given. */
  shape?(): Readonly<Record<string, Json>>;
}

/** Gives a command to a run through its store, and says how the run is then. Loads no agent and no workflow. */
export async function commandRun(
  typed: string,
  where: Whereabouts,
  { out, err, json }: Terminal,
  { give, say, shape = () => ({}) }: RunCommand,
): Promise<void> {
  const access = await locateStore(where, process.cwd());
  if (access.exists === false) throw noRunsYet(access);
  const opened = await openToSteer(access);
  const { orchestrator, storage } = opened;
  const { reader, close } = openRunReader(storage, access);
  try {
    const runId = await resolveRun(storage, reader, typed);
    const handle = orchestrator.run(runId);
    await whileWaiting(err, () => give(handle));
    const state = await handle.state();
    const drivers = await lookForDrivers(storage);
    if (!json) {
      await say(state, drivers.driven);
      for (const line of driverLines(err, drivers)) await err.line(line);
      return;
    }
    const { status, revision } = state;
    await out.json({ runId, ...shape(), status, revision, driven: drivers.driven ?? null, ...driversShape(drivers) });
  } finally {
    await close();
    await orchestrator.stop();
  }
}
