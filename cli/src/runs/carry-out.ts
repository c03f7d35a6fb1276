import { type Drivers, lookForDrivers, type RunHandle } from '@reprise/core';
import { driveRun } from '../drive/drive-run.ts';
import { exitCodeOfSignal } from '../drive/interrupts.ts';
import type { Opened } from '../drive/open-project.ts';
import type { Relay } from '../drive/relay.ts';
import { commandText } from '../output/command-text.ts';
import { createView, jsonView } from '../output/create-view.ts';
import { quietView } from '../output/progress-view.ts';
import type { RunProgress } from '../output/run-progress.ts';
import type { Terminal } from '../output/terminal.ts';
import { whileWaiting } from '../output/while-waiting.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { driverLines, driversShape } from '../store/silent-drivers.ts';
import { reportOutcome, suggestNext } from './report-outcome.ts';

export interface WaitFlags extends Whereabouts {
  readonly wait?: boolean;
  readonly follow?: boolean;
}

/** Begins a run and, when asked to, drives it to its end. Closes what was opened. Returns the exit code. */
export async function carryOut(
  opened: Opened,
  relay: Relay,
  begin: () => Promise<RunHandle>,
  flags: WaitFlags,
  terminal: Terminal,
): Promise<number> {
  if (flags.wait !== true && flags.follow !== true) return beginOnly(opened, begin, flags, terminal);
  const { err, json } = terminal;
  const view = flags.follow !== true ? quietView(err) : json ? jsonView(terminal) : createView(err, relay.failures);
  const report = async ({ state }: RunProgress): Promise<number> => {
    const exit = await reportOutcome(terminal, state, flags, {
      streamed: flags.follow === true,
      failures: relay.failures,
      told: view.tellsEnd === true,
    });
    if (flags.follow === true) await suggestNext(terminal, state.runId, state.status === 'failed', flags);
    return exit;
  };
  const driven = await driveRun(opened, { begin, report, view, relay });
  if ('exit' in driven) return driven.exit;
  const run = driven.runId === undefined ? 'What is open' : `Run ${driven.runId}`;
  await err.note(`${run} goes on at the next start: ${commandText('worker start', flags)}`);
  return exitCodeOfSignal(driven.interruptedBy);
}

async function beginOnly(
  opened: Opened,
  begin: () => Promise<RunHandle>,
  where: Whereabouts,
  { out, err, json }: Terminal,
): Promise<number> {
  try {
    await opened.orchestrator.start({ drive: false });
    const handle = await whileWaiting(err, begin);
    const state = await handle.state();
    const drivers = await lookForDrivers(opened.storage);
    const { driven } = drivers;
    const { name, version } = state.definition;
    if (json) {
      const shape = { runId: handle.id, workflow: name, version, status: state.status, driven: driven ?? null };
      await out.json({ ...shape, ...driversShape(drivers) });
      return 0;
    }
    await out.line(handle.id);
    await err.line(
      `Run ${handle.id} of ${name}@${version} is ${state.status}. ${whoDrives(drivers, handle.id, where)}`,
    );
    for (const line of driverLines(err, drivers)) await err.line(line);
    return 0;
  } finally {
    await opened.orchestrator.stop();
  }
}

function whoDrives({ driven, draining }: Drivers, runId: string, where: Whereabouts): string {
  const start = commandText('worker start', where);
  if (draining) return `To have it carried out: ${start}`;
  if (driven === true) return `Another process drives it; watch it with: ${commandText(`run watch ${runId}`, where)}`;
  if (driven === false) return `No process drives the runs of this store now; to have it carried out: ${start}`;
  // Who drives in a cluster, its store does not know.
  const inCluster = commandText('orchestrator start', where);
  return `If no process drives the runs of this store, start one: ${start} (over Kafka: ${inCluster})`;
}
