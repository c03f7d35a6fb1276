import type { Json, Orchestrator } from '@reprise/core';
import { readEdits } from '../input/edit-input.ts';
import type { Terminal } from '../output/terminal.ts';
import type { RetryFlags } from './retry-run.ts';
import { goOnFrom } from './retry-run.ts';

export interface RerunFlags extends RetryFlags {
  readonly 'edit-input'?: readonly string[] | undefined;
}

/** A new run with the input of another, or an edited one, in which everything is done anew. Returns the exit code. */
export async function rerunRun(typed: string, flags: RerunFlags, terminal: Terminal): Promise<number> {
  const edit = await readEdits(flags['edit-input'] ?? []);
  return goOnFrom(typed, flags, terminal, async (orchestrator, runId, options) => {
    const input = edit(await inputOf(orchestrator, runId));
    return orchestrator.forkRun(runId, { ...options, input });
  });
}

/** What it was started with. */
const inputOf = async ({ runs }: Orchestrator, runId: string): Promise<Json> => (await runs.state(runId, 0)).input;
