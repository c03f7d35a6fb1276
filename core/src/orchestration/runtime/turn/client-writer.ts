import type { EventStore, StreamSummary } from '../../../event-store/event-store.ts';
import type { Clock, Random } from '../../../shared/clock.ts';
import { isRepriseError } from '../../../shared/errors.ts';
import { runStream } from '../../../shared/ids.ts';
import { summaryOf } from '../../reading/run-summary.ts';
import type { Command } from '../../workflow/commands.ts';
import type { DecisionContext } from '../../workflow/decisions/decision-context.ts';
import type { RunEvent } from '../../workflow/events.ts';
import { isRefused } from '../../workflow/handle.ts';
import { isPausedBy, isTerminal, type RunState, type RunStatus } from '../../workflow/state.ts';
import type { Heart } from '../heart.ts';
import type { CachedRun, RunRepository } from '../run-repository.ts';
import { Batch } from './batch.ts';

export interface ClientWriterParts {
  /** Names this writer; part of every event id. */
  readonly id: string;
  readonly store: EventStore;
  readonly repository: RunRepository;
  readonly heart: Heart;
  readonly clock: Clock;
  readonly random: Random;
  stopping(): boolean;
  /** Reads a run, or what was added to it since; rejects as a turn does. */
  load(runId: string, run?: CachedRun): Promise<CachedRun>;
  /** Repeats an append until its outcome is known. */
  appended(runId: string, append: () => Promise<unknown>): Promise<unknown>;
}

/** What a command has added. */
export interface Added {
  readonly run: CachedRun;
  /** The revision before. */
  readonly expected: number;
  readonly batch: Batch;
  readonly events: readonly RunEvent[];
}

/** Conflicts in a row from which on there is a pause before the next try, of so many ms at most. */
const AT_ONCE = 4;
const PAUSE_MS = 10;

/**
 * Adds the events of a command to a run that another process drives, and nothing that follows from them.
 *
 * The driver may append every few milliseconds, and the first to append wins. So what a command gives is folded only once it is
 * appended: when the driver was first, only what it added is read, and the command is decided again. A try is a matter of a moment that
 * way, however long the history is.
 */
export class ClientWriter {
  readonly #parts: ClientWriterParts;

  constructor(parts: ClientWriterParts) {
    this.#parts = parts;
  }

  async add(command: Command, context: () => DecisionContext): Promise<Added> {
    const { repository, heart, clock, random } = this.#parts;
    const { runId } = command;
    const known = repository.cached(runId);
    let run = known ?? (await this.#parts.load(runId));
    // The driver has gone on since: only what is appended is known to be decided by how things are.
    let isOld = known !== undefined;
    for (let conflicts = 0; ; conflicts += 1) {
      const { state } = run;
      const expected = state.revision;
      const events = heart.decide(state, command, context());
      const batch = new Batch(state, this.#parts.id);
      if (events.length === 0 || isRefused(command, events, state.status) || isTerminal(state.status)) {
        if (!isOld || isTerminal(state.status)) return { run, expected, batch, events };
        repository.drop(runId);
        run = await this.#parts.load(runId, run);
        isOld = false;
        if (run.state.revision > expected) continue;
        repository.keep(run, () => false);
        return { run, expected, batch, events };
      }
      batch.add(command, events);
      try {
        await this.#append(state, batch, expected);
      } catch (error) {
        repository.drop(runId);
        if (!isRepriseError(error, 'REPRISE_STORE_CONFLICT') || this.#parts.stopping()) throw error;
        if (conflicts >= AT_ONCE) await new Promise<void>((resolve) => clock.schedule(random() * PAUSE_MS, resolve));
        run = await this.#parts.load(runId, run);
        isOld = false;
        continue;
      }
      for (const event of events) heart.evolve(state, event);
      repository.keep(run, () => false);
      return { run, expected, batch, events };
    }
  }

  #append(state: RunState, batch: Batch, expected: number): Promise<unknown> {
    const { store, appended } = this.#parts;
    const summary = summaryAfter(state, batch.events);
    const options = summary === undefined ? {} : { summary };
    return appended(state.runId, () => store.append(runStream(state.runId), batch.encoded, expected, options));
  }
}

/** The status that an event of a person's command gives a run; undefined when it does not change it. */
function statusAfter(state: RunState, event: RunEvent): RunStatus | undefined {
  switch (event.type) {
    case 'RunPaused':
      return 'paused';
    case 'RunResumed':
      return isPausedBy(state, 'parent') ? 'paused' : 'running';
    case 'RunParked':
      return 'parked';
    case 'RunCancelled':
      return 'cancelled';
    case 'TaskClosing':
      // A pause does not hold up what has to be done before a cancelled run ends.
      return event.taskId === '' ? 'running' : undefined;
    default:
      return undefined;
  }
}

/** What the catalog says of the run once it has the events; undefined when they do not change its status. */
function summaryAfter(state: RunState, events: readonly RunEvent[]): StreamSummary | undefined {
  const last = events.findLast((event) => statusAfter(state, event) !== undefined);
  const status = last === undefined ? undefined : statusAfter(state, last);
  if (last === undefined || status === undefined) return undefined;
  const ended = last.type === 'RunCancelled' ? { endedAt: last.at, cancelReason: last.reason } : {};
  const parked = status !== 'parked' ? undefined : last.type === 'RunParked' ? last.error : state.parked;
  return summaryOf({ ...state, ...ended, parked, status, updatedAt: last.at });
}
