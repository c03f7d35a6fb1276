import {
  MAILBOX_WORKFLOW,
  type OutsideWaits,
  outsideWaits,
  type RunStatus,
  type RunSummary,
  runsWhere,
} from '@reprise/core';
import type { Project } from '../config/load-project.ts';
import type { Opened } from '../drive/open-project.ts';
import { missingFunctions } from '../store/missing-functions.ts';

/** Open runs are counted up to here. */
export const COUNTED = 1000;

/** Runs that one message names at most. */
const NAMED = 20;

type Standing = { readonly held: string } | { readonly waits: OutsideWaits };

/**
 * Whether a process that drives has nothing left to do. A run keeps it at work that moves by itself, now or at some time: an attempt, a
 * retry, a sleep, a time limit. One that is held here does not, nor one that only a signal can move.
 */
export class Idleness {
  readonly #opened: Opened & { readonly project: Project };
  /** Runs that no command and no time will let go on here. */
  readonly #held = new Set<string>();
  /** What was found of a run, at which revision: a history is folded once for each. */
  readonly #seen = new Map<string, { readonly revision: number; readonly waits: OutsideWaits | undefined }>();

  constructor(opened: Opened & { readonly project: Project }) {
    this.#opened = opened;
  }

  /** What is to be said when nothing is left; while something is, which run keeps the process at work (the first that was found). */
  async look(): Promise<{ readonly isIdle: boolean; readonly text: string }> {
    const found = new Map<string, Standing>();
    for (const run of await this.#opened.orchestrator.runs.list({
      where: runsWhere('status', ['running']),
      limit: COUNTED,
    })) {
      const standing = await this.#standingOf(run);
      if (standing === undefined) return atWork(run.runId);
      // A mailbox of no run is open until somebody closes it: that is no news.
      if (run.workflow !== MAILBOX_WORKFLOW) found.set(run.runId, standing);
    }
    for (const standing of found.values()) {
      if (!('waits' in standing)) continue;
      // The end of a child may be known, and not yet to its parent.
      for (const child of standing.waits.children)
        if (!found.has(child) && !(await this.#isStopped(child))) return atWork(child);
    }
    return { isIdle: true, text: sentence(found) };
  }

  /** Why a run does not move by itself; undefined when it may. */
  async #standingOf(run: RunSummary): Promise<Standing | undefined> {
    const { orchestrator, storage, project } = this.#opened;
    const { runId } = run;
    const workflows = project.workflows.map(({ workflow }) => workflow);
    if (!this.#held.has(runId)) {
      const { missing, unreadable } = await missingFunctions(storage.events, runId, workflows);
      if (missing.length > 0 || unreadable !== undefined) this.#held.add(runId);
    }
    // One that no agent takes, or whose strategy gives no answer, may move again: it is asked about each time.
    const hold = orchestrator.holdOf(runId);
    if (hold !== undefined) return { held: ` (${hold.message})` };
    if (this.#held.has(runId)) return { held: '' };
    const waits = await this.#waitsOf(run);
    return waits === undefined ? undefined : { waits };
  }

  async #waitsOf({ runId, revision }: RunSummary): Promise<OutsideWaits | undefined> {
    const seen = this.#seen.get(runId);
    if (seen?.revision === revision) return seen.waits;
    const state = await this.#opened.orchestrator.runs.state(runId);
    const waits = outsideWaits(state);
    this.#seen.set(runId, { revision: state.revision, waits });
    return waits;
  }

  /** Paused or parked runs are not waited for. */
  async #isStopped(runId: string): Promise<boolean> {
    const status: RunStatus = await this.#opened.orchestrator.runs.state(runId).then(
      (state) => state.status,
      () => 'none',
    );
    return status === 'paused' || status === 'parked';
  }
}

const atWork = (runId: string) => ({
  isIdle: false,
  text: `Nothing is under way, but ${runId} moves by itself at some time (what it waits for: \`reprise run explain ${runId}\`). Waiting for that; Ctrl-C ends this, and it goes on at the next start.`,
});

function sentence(found: ReadonlyMap<string, Standing>): string {
  const held: string[] = [];
  const waiting: string[] = [];
  const asking: string[] = [];
  for (const [runId, standing] of found) {
    if ('held' in standing) held.push(`${runId}${standing.held}`);
    // What a parent waits for is said of its child.
    else {
      const { signals, forms } = standing.waits;
      if (signals.length > 0) waiting.push(`${runId} (${signals.join(', ')})`);
      if (forms.length > 0) asking.push(`${runId} (${listed(forms)})`);
    }
  }
  const parts = [
    ...(held.length === 0 ? [] : [`held: ${listed(held)}`]),
    ...(waiting.length === 0 ? [] : [`waiting for a signal: ${listed(waiting)}`]),
    ...(asking.length === 0 ? [] : [`waiting for an answer: ${listed(asking)}`]),
  ];
  return parts.length === 0 ? 'Nothing is left to do.' : `Nothing is left that could move; ${parts.join('; ')}`;
}

const listed = (names: readonly string[]): string =>
  names.length <= NAMED ? names.join(', ') : `${names.slice(0, NAMED).join(', ')} and ${names.length - NAMED} more`;
