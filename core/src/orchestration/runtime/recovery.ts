import type { Clock } from '../../shared/clock.ts';
import { RepriseError, toErrorData } from '../../shared/errors.ts';
import { OPEN_RUNS } from '../reading/run-list.ts';
import type { RunReader } from '../reading/run-reader.ts';
import { attemptKey } from '../workflow/attempt-key.ts';
import type { Command, Timer } from '../workflow/commands.ts';
import type { Effect } from '../workflow/effects.ts';
import { definitionOf, isInFlight, type RunState } from '../workflow/state.ts';
import type { Heart } from './heart.ts';
import type { Inboxes } from './inbox.ts';
import { timerCommand } from './timer-table.ts';

/** Runs that are being recovered at once. */
const PARALLEL = 128;
/** Runs that are listed at once. */
const PAGE = 1024;

export interface Recovery {
  readonly reader: RunReader;
  readonly inboxes: Inboxes;
  /** Messages outlive the process. */
  readonly transportIsDurable: boolean;
  /** Whether the run is to be taken up: this process drives it, and did not before. */
  takes(runId: string): boolean;
  readonly clock: Clock;
  /** The run sleeps until then: it need not be read before. */
  sleeps(runId: string, until: number | null): void;
  /** Whether this process has dispatched the attempt: it is not lost. */
  dispatched(runId: string, taskId: string, attempt: number): boolean;
}

/**
 * Sets the open runs that fell to this process moving again. With a transport that ended with the last process, the attempts that were open
 * then are lost: each is put on record as such and made again under a new number. Otherwise what is outstanding is just sent again.
 * A child run whose parent has ended may not have been told: the parent is read, too. Runs that sleep are not read, however many there are. Returns how many runs
 * there were.
 */
export async function recoverOpenRuns(recovery: Recovery): Promise<number> {
  const { reader } = recovery;
  const open = new Set<string>();
  const parents = new Set<string>();
  let after: string | undefined;
  for (;;) {
    const page = await reader.list({
      where: OPEN_RUNS,
      limit: PAGE,
      ...(after === undefined ? {} : { after }),
    });
    const taken = page.filter(({ runId }) => recovery.takes(runId));
    const now = recovery.clock.now();
    const awake: string[] = [];
    for (const { runId, parent, sleepsUntil: until } of taken) {
      if (until === undefined || (until !== null && until <= now)) awake.push(runId);
      else {
        if (parent !== undefined) parents.add(parent);
        recovery.sleeps(runId, until);
      }
    }
    for (let from = 0; from < awake.length; from += PARALLEL)
      await Promise.all(awake.slice(from, from + PARALLEL).map((runId) => recover(runId, recovery, parents)));
    for (const { runId } of taken) open.add(runId);
    const last = page.at(-1);
    if (last === undefined) break;
    after = last.cursor;
  }
  for (const parent of parents) if (!open.has(parent)) recovery.inboxes.post(parent, { refresh: true });
  return open.size;
}

/** Adds the parent of the run to `parents`. */
function recover(runId: string, recovery: Recovery, parents: Set<string>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const settled = () => resolve();
  recovery.inboxes.post(runId, {
    // The store may have been driven by another process since the run was cached here.
    refresh: true,
    derive: (state) => {
      if (state.parent !== undefined) parents.add(state.parent.runId);
      return recovery.transportIsDurable ? [] : lostAttempts(state, recovery.dispatched);
    },
    done: settled,
    // The writer has reported it; the run stays as it is, and others go on.
    failed: settled,
  });
  return promise;
}

/** Commands for what was due while nobody drove the run: its time limits, before anything else is decided or begun. In their order. */
export const overdue = (state: RunState, openEffects: Heart['openEffects'], now: number): readonly Command[] =>
  dueOf(state, openEffects, now, ({ kind }) => LIMITS.has(kind));

/** Commands for all timers of a run that are due. In their order. */
export function dueOf(
  state: RunState,
  openEffects: Heart['openEffects'],
  now: number,
  isMeant: (timer: Timer) => boolean = () => true,
): readonly Command[] {
  if (state.status !== 'running' && state.status !== 'paused') return [];
  const due: Extract<Effect, { kind: 'set-timer' }>[] = [];
  for (const effect of openEffects(state)) {
    if (effect.kind === 'set-timer' && effect.at <= now && isMeant(effect.timer)) due.push(effect);
  }
  due.sort((a, b) => a.at - b.at);
  return due.map(({ timer, at }) => timerCommand(state.runId, timer, at));
}

/** Not that of an attempt: one that was open then is lost. */
const LIMITS: ReadonlySet<string> = new Set(['run', 'task', 'all']);

/** Commands that put every open attempt of a run on record as lost, but for those that this process has `dispatched`. */
export function lostAttempts(state: RunState, dispatched: Recovery['dispatched']): readonly Command[] {
  const commands: Command[] = [];
  for (const task of state.tasks.values()) {
    if (!isInFlight(task) || dispatched(state.runId, task.id, task.attempt)) continue;
    commands.push(attemptLost(state, task.id, task.attempt, 'the process that ran it ended'));
  }
  return commands;
}

/** An attempt whose effect cannot be known when it may be made only once; else one that is simply made again. */
export function attemptLost(state: RunState, taskId: string, attempt: number, why: string): Command {
  const task = state.tasks.get(taskId);
  const definition = task === undefined ? undefined : definitionOf(state, task);
  const code = definition?.delivery === 'at-most-once' ? 'REPRISE_OUTCOME_UNKNOWN' : 'REPRISE_WORKER_LOST';
  const error = toErrorData(new RepriseError(code, `Attempt ${attempt} of '${taskId}' was lost: ${why}.`), code);
  const commandId = `${attemptKey(state.runId, taskId, attempt)}/lost`;
  return { type: 'FailTask', commandId, runId: state.runId, taskId, attempt, error, lost: true };
}
