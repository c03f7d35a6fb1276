import { openProject } from '../drive/open-project.ts';
import { Relay } from '../drive/relay.ts';
import type { Terminal } from '../output/terminal.ts';
import { resolveRun } from '../store/resolve-run.ts';
import { carryOut, type WaitFlags } from './carry-out.ts';

export interface RetryFlags extends WaitFlags {
  readonly id?: string | undefined;
  readonly again?: readonly string[] | undefined;
}

/**
 * An ended run: a new one from its results. An open run: its tasks that wait for a retry are tried at once. Returns the
 * exit code.
 */
export async function retryRun(typed: string, flags: RetryFlags, terminal: Terminal): Promise<number> {
  const relay = new Relay();
  const opened = await openProject(flags, flags.wait === true || flags.follow === true ? [relay.plugin()] : []);
  const { orchestrator, store } = opened;
  try {
    const runId = await resolveRun(store, orchestrator.runs, typed);
    const { id, again } = flags;
    const options = { ...(id === undefined ? {} : { id }), ...(again === undefined ? {} : { again }) };
    return await carryOut(opened, relay, () => orchestrator.retryRun(runId, options), flags, terminal);
  } finally {
    await orchestrator.stop();
  }
}
