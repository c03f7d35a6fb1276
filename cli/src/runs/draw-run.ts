import { runToMermaid, systemClock } from '@reprise/core';
import type { Terminal } from '../output/terminal.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { resolveRun } from '../store/resolve-run.ts';
import { withReader } from '../store/with-reader.ts';
import { assertRevision } from './show-state.ts';

export interface DrawRunFlags extends Whereabouts {
  readonly at?: number | undefined;
  readonly limit: number;
}

/** Prints a run as a Mermaid flowchart, as it is or was after revision `at`. */
export async function drawRun(typed: string, flags: DrawRunFlags, { out, json }: Terminal): Promise<void> {
  const { at, limit } = flags;
  await withReader(flags, async ({ reader, storage }) => {
    const runId = await resolveRun(storage, reader, typed);
    const state = await reader.state(runId, at);
    assertRevision(state, at);
    const { definition, revision } = state;
    // What it waited for then is told as of then.
    const mermaid = runToMermaid(state, { limit, ...(at === undefined && { now: systemClock.now() }) });
    if (json) await out.json({ runId, workflow: definition.name, version: definition.version, revision, mermaid });
    else for (const line of mermaid.trimEnd().split('\n')) await out.line(line);
  });
}
