import type { Json, Orchestrator, RetryRunOptions, RunHandle } from '@reprise/core';
import { openProject } from '../drive/open-project.ts';
import { Relay } from '../drive/relay.ts';
import { usageError } from '../errors/usage-error.ts';
import { parse } from '../input/parse-given.ts';
import { type InputFlags, readOtherInput } from '../input/read-input.ts';
import type { Terminal } from '../output/terminal.ts';
import { resolveRun } from '../store/resolve-run.ts';
import { assertTask } from './assert-task.ts';
import { readRaises } from './budget-flags.ts';
import { carryOut, type WaitFlags } from './carry-out.ts';
import { type SaidFlags, whoOf } from './said.ts';

export interface RetryFlags extends WaitFlags, Pick<SaidFlags, 'by' | 'reason'> {
  readonly id?: string | undefined;
  readonly again?: readonly string[] | undefined;
  /** `TASK=JSON`. */
  readonly outcome?: readonly string[] | undefined;
  /** `[BLOCK=]KIND=+N`. */
  readonly budget?: readonly string[] | undefined;
}

export interface ForkFlags extends RetryFlags, InputFlags {
  readonly at?: number | undefined;
}

/**
 * An ended run: a new one that goes on from it. An open run: its tasks that wait for a retry are tried at once. Returns the
 * exit code.
 */
export const retryRun = (typed: string, flags: RetryFlags, terminal: Terminal): Promise<number> =>
  goOnFrom(typed, flags, terminal, (orchestrator, runId, options) => orchestrator.retryRun(runId, options));

/** A new run that begins with the history of another. Returns the exit code. */
export async function forkRun(typed: string, flags: ForkFlags, terminal: Terminal): Promise<number> {
  const input = await readOtherInput(flags);
  return goOnFrom(typed, flags, terminal, (orchestrator, runId, options) => {
    const { at } = flags;
    return orchestrator.forkRun(runId, {
      ...options,
      ...(at === undefined ? {} : { at }),
      ...(input === undefined ? {} : { input }),
    });
  });
}

export async function goOnFrom(
  typed: string,
  flags: RetryFlags,
  terminal: Terminal,
  start: (orchestrator: Orchestrator, runId: string, options: RetryRunOptions) => Promise<RunHandle>,
): Promise<number> {
  const outcomes = readOutcomes(flags.outcome ?? []);
  const raise = readRaises(flags.budget ?? []);
  const relay = new Relay();
  const opened = await openProject(flags, flags.wait === true || flags.follow === true ? [relay.plugin()] : []);
  const { orchestrator, storage } = opened;
  try {
    const runId = await resolveRun(storage, orchestrator.runs, typed);
    const { id, again } = flags;
    // Of child runs, the task whose child it is.
    for (const one of again ?? []) await assertTask(orchestrator.runs, runId, '--again', one.split('//', 1)[0] ?? one);
    const options = {
      ...(id === undefined ? {} : { id }),
      ...(again === undefined ? {} : { again }),
      ...(outcomes === undefined ? {} : { outcomes }),
      ...(raise === undefined ? {} : { raise }),
      ...whoOf({ by: flags.by, reason: flags.reason }),
    };
    return await carryOut(opened, relay, () => start(orchestrator, runId, options), flags, terminal);
  } finally {
    await orchestrator.stop();
  }
}

/** What each `TASK=JSON` says; undefined when there is none. */
function readOutcomes(texts: readonly string[]): Record<string, Json> | undefined {
  if (texts.length === 0) return undefined;
  const outcomes: Record<string, Json> = {};
  for (const text of texts) {
    const cut = text.indexOf('=');
    if (cut < 1) throw usageError(`--outcome ${text}: write TASK=JSON, such as 'pay={"receipt":"R-7"}'.`);
    outcomes[text.slice(0, cut)] = parse('outcome', text.slice(cut + 1), '--outcome');
  }
  return outcomes;
}
