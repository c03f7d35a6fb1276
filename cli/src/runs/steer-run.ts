import { RunReader } from '@reprise/core';
import { isDriven, openToSteer } from '../drive/open-project.ts';
import { statusText } from '../output/status.ts';
import type { Terminal } from '../output/terminal.ts';
import { locateStore, type Whereabouts } from '../store/locate-store.ts';
import { resolveRun } from '../store/resolve-run.ts';
import { noRunsYet } from '../store/with-reader.ts';

export type Steering = 'cancel' | 'pause' | 'resume';

/** Adds one command to a run, whoever drives it. Loads no agent and no workflow. */
export async function steerRun(
  typed: string,
  steering: Steering,
  reason: string | undefined,
  where: Whereabouts,
  { out, err, json }: Terminal,
): Promise<void> {
  const access = await locateStore(where, process.cwd());
  if (access.exists === false) throw noRunsYet(access);
  const opened = await openToSteer(access);
  const { orchestrator, store } = opened;
  try {
    const runId = await resolveRun(store, new RunReader(store), typed);
    const handle = orchestrator.run(runId);
    if (steering === 'resume') await handle.resume();
    else await handle[steering](reason);
    const state = await handle.state();
    const driven = await isDriven(opened);
    if (json) {
      await out.json({ runId, status: state.status, revision: state.revision, driven: driven ?? null });
      return;
    }
    await err.line(`Run ${err.style('bold', runId)} is ${statusText(err, state.status)}.`);
    if (steering === 'resume' && driven === false) {
      await err.line('No process drives the runs of this store now; to have it go on: reprise worker start');
    }
  } finally {
    await orchestrator.stop();
  }
}
